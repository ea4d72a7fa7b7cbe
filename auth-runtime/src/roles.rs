//! Which roles imply which.

use std::collections::{BTreeMap, BTreeSet};

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

    /// `roles` and everything they imply, each once, the given ones first.
    pub(crate) fn with_implied(&self, mut roles: Vec<Box<str>>) -> Vec<Box<str>> {
        if self.implies.is_empty() {
            return roles;
        }
        let mut next = 0;
        while let Some(implied) = roles.get(next).map(|role| self.implies.get(role)) {
            for role in implied.into_iter().flatten() {
                if !roles.contains(role) {
                    roles.push(role.clone());
                }
            }
            next += 1;
        }
        roles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn implied(hierarchy: &RoleHierarchy, role: &str) -> Vec<String> {
        hierarchy.with_implied(vec![role.into()]).into_iter().map(String::from).collect()
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
