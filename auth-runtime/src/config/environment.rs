//! Environment variables, put over what a file says.
//!
//! `AUTH_ISSUERS__0__LEEWAY` is `issuers[0].leeway`: the prefix, then the path in capitals with `__` between its parts.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    error::ConfigError,
    tree::{Node, Origin, Value},
};

/// What every variable of ours begins with.
pub(super) const PREFIX: &str = "AUTH_";
/// What begins with this never counts: it belongs to this project's own tests. No key begins with `test`.
pub(super) const NOT_OURS: &str = "AUTH_TEST_";
const SEPARATOR: &str = "__";

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Index(usize),
    Key(String),
}

/// Puts variables over a configuration, outer ones first and lists from their beginning.
pub(super) fn apply(
    root: &mut Node,
    prefix: &str,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<(), ConfigError> {
    let mut ours = Vec::new();
    for (name, text) in variables {
        if name.starts_with(NOT_OURS) {
            continue;
        }
        if let Some(path) = name.strip_prefix(prefix) {
            ours.push((parts(path, &name)?, Arc::<str>::from(name.as_str()), text));
        }
    }
    ours.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    for (path, name, text) in ours {
        set(root, &path, &name, text)?;
    }
    Ok(())
}

fn parts(path: &str, name: &str) -> Result<Vec<Part>, ConfigError> {
    path.split(SEPARATOR)
        .map(|part| match part.parse() {
            _ if part.is_empty() => Err(ConfigError::new(
                format!("`{name}` "),
                format!("is no setting: write the prefix, then keys with `{SEPARATOR}` between them, such as `{PREFIX}ISSUERS__0__LEEWAY`"),
            )),
            Ok(index) => Ok(Part::Index(index)),
            Err(_) => Ok(Part::Key(part.to_ascii_lowercase())),
        })
        .collect()
}

fn set(
    mut node: &mut Node,
    path: &[Part],
    name: &Arc<str>,
    text: String,
) -> Result<(), ConfigError> {
    let origin = Origin::Variable(Arc::clone(name));
    let mut rest = path;
    while let Some((part, inner)) = rest.split_first() {
        // What a longer path needs and nobody wrote is there from now on.
        let fresh = || Node {
            value: match inner.first() {
                Some(Part::Index(_)) => Value::List(Vec::new()),
                _ => Value::Table(BTreeMap::new()),
            },
            origin: origin.clone(),
        };
        node = match (&mut node.value, part) {
            (Value::Table(table), Part::Key(key)) => table.entry(key.clone()).or_insert_with(fresh),
            (Value::Table(table), Part::Index(index)) => {
                table.entry(index.to_string()).or_insert_with(fresh)
            }
            (Value::List(list), Part::Index(index)) => {
                let (index, length) = (*index, list.len());
                if index == length {
                    list.push(fresh());
                }
                list.get_mut(index).ok_or_else(|| {
                    ConfigError::new(
                        format!("`{name}` "),
                        format!("leaves a gap: the list has {length} entries, so the next one is {length}"),
                    )
                })?
            }
            (Value::List(list), Part::Key(key)) => {
                let length = list.len();
                return Err(ConfigError::new(
                    format!("`{name}` "),
                    format!(
                        "is no setting: a list stands there, so write a number in the place of `{}`, from 0 to {length}",
                        key.to_ascii_uppercase()
                    ),
                ));
            }
            (other, _) => {
                let there = match &node.origin {
                    Origin::Variable(outer) => format!(
                        "`{outer}` gives the whole, and this a part of it: give one of them"
                    ),
                    Origin::File => {
                        format!("{} stands in its place, which has no parts", other.kind())
                    }
                };
                return Err(ConfigError::new(
                    format!("`{name}` "),
                    format!("is no setting: {there}"),
                ));
            }
        };
        rest = inner;
    }
    *node = Node { value: Value::Variable(text), origin };
    Ok(())
}
