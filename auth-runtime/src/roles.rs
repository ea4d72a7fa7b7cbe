//! Which roles imply which.

use std::collections::{BTreeMap, BTreeSet};

use crate::texts::Texts;

/// A role hierarchy. `admin` implies `editor`, `editor` implies `reader`: whoever has `admin` has all three.
///
/// Applied once, where an identity is made, so that it holds everywhere: attributes, `has_role`, logs.
#[derive(Clone, Debug, Default)]
pub(crate) struct RoleHierarchy {
    /// Direct implications. Cycles are harmless: roles that imply each other are the same.
    implies: BTreeMap<Box<str>, BTreeSet<Box<str>>>,
}

impl RoleHierarchy {
    pub(crate) fn add(&mut self, role: &str, implied: &str) {
        self.implies.entry(role.into()).or_default().insert(implied.into());
    }

    /// Adds to the roles everything they imply, each once, behind the given ones.
    pub(crate) fn add_implied(&self, texts: &mut Texts) {
        if self.implies.is_empty() {
            return;
        }
        for next in 0.. {
            let Some(role) = texts.roles().nth(next) else { return };
            for role in self.implies.get(role).into_iter().flatten() {
                if !texts.roles().any(|known| known == &**role) {
                    texts.add_role(role);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn implied(hierarchy: &RoleHierarchy, role: &str) -> Vec<String> {
        let mut texts = Texts::new("ann".to_owned());
        texts.add_role(role);
        hierarchy.add_implied(&mut texts);
        texts.roles().map(String::from).collect()
    }

    #[test]
    fn implications_are_transitive_and_one_way() {
        let mut hierarchy = RoleHierarchy::default();
        hierarchy.add("admin", "editor");
        hierarchy.add("editor", "reader");
        assert_eq!(implied(&hierarchy, "admin"), ["admin", "editor", "reader"]);
        assert_eq!(implied(&hierarchy, "reader"), ["reader"]);
        assert_eq!(implied(&hierarchy, "Admin"), ["Admin"]);
    }

    #[test]
    fn a_cycle_ends() {
        let mut hierarchy = RoleHierarchy::default();
        hierarchy.add("a", "b");
        hierarchy.add("b", "a");
        assert_eq!(implied(&hierarchy, "b"), ["b", "a"]);
    }
}
