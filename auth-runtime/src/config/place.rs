//! A key of the configuration: what stands there, and how errors call it.

use std::path::PathBuf;

use super::{
    error::ConfigError,
    tree::{Node, Origin, Source, Value},
};

/// One key, by its full path, whether something stands there or not.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) source: &'a Source,
    /// `None` if nothing stands there.
    pub(super) node: Option<&'a Node>,
    origin: &'a Origin,
    /// `issuers[0].leeway`; empty for the whole.
    path: String,
}

impl<'a> Place<'a> {
    pub(super) fn root(source: &'a Source, node: &'a Node) -> Self {
        Self { source, node: Some(node), origin: &node.origin, path: String::new() }
    }

    /// The same key, whose text turned out to be this.
    pub(super) fn with<'b>(&'b self, node: &'b Node) -> Place<'b> {
        Place {
            source: self.source,
            node: Some(node),
            origin: self.origin,
            path: self.path.clone(),
        }
    }

    pub(super) fn key(&self, name: &str) -> Self {
        let node = match self.node.map(|node| &node.value) {
            Some(Value::Table(table)) => table.get(name),
            _ => None,
        };
        let path = if self.path.is_empty() {
            written(name)
        } else {
            format!("{}.{}", self.path, written(name))
        };
        Self { node, origin: node.map_or(self.origin, |node| &node.origin), path, ..self.clone() }
    }

    pub(super) fn at(&self, index: usize) -> Self {
        let node = match self.node.map(|node| &node.value) {
            Some(Value::List(list)) => list.get(index),
            // Where a list is asked for, one text is a list of one.
            _ => None,
        };
        let path = format!("{}[{index}]", self.path);
        Self { node, origin: node.map_or(self.origin, |node| &node.origin), path, ..self.clone() }
    }

    pub(super) fn origin(&self) -> &Origin {
        self.origin
    }

    /// Where a file is that was named here.
    pub(super) fn resolve(&self, named: &str) -> PathBuf {
        self.source.resolve(self.origin, named)
    }

    /// How errors call it: by its variable if it came from one.
    pub(super) fn name(&self) -> String {
        match self.origin {
            Origin::Variable(name) if **name == *self.variable() => format!("`{name}`"),
            // The variable holds a whole list or table.
            Origin::Variable(name) => format!("`{name}`: `{}`", self.path),
            Origin::File if self.path.is_empty() => self.source.name(),
            Origin::File => format!("{}: `{}`", self.source.name(), self.path),
        }
    }

    /// The same, beside the name of another key of the file.
    pub(super) fn short_name(&self) -> String {
        match self.origin {
            Origin::File => format!("`{}`", self.path),
            Origin::Variable(_) => self.name(),
        }
    }

    /// What is wrong here: "is …: write …".
    pub(super) fn mistake(&self, problem: impl Into<String>) -> ConfigError {
        ConfigError::new(format!("{} ", self.name()), problem)
    }

    /// That nothing stands here.
    pub(super) fn missing(&self, allowed: &str) -> ConfigError {
        let place = format!("{}: `{}` ", self.source.name(), self.path);
        ConfigError::new(place, format!("is missing: write {allowed}"))
    }

    /// The variable that sets this key.
    pub(super) fn variable(&self) -> String {
        let path = self.path.replace('[', "__").replace(']', "").replace('.', "__");
        format!("{}{}", self.source.prefix, path.to_ascii_uppercase())
    }
}

/// As TOML would write it.
fn written(key: &str) -> String {
    let bare = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if bare { key.to_owned() } else { format!("{key:?}") }
}
