//! What was written, with where it was written: the file's tables, and the variables put over them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{error::ConfigError, place::Place};

/// One value, and where it was written.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Number,
    Switch(bool),
    Time,
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
    /// From the environment, where everything is text: what is asked for decides how it is read.
    Variable(String),
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Origin {
    File,
    Variable(Arc<str>),
}

/// The text that was read.
#[derive(Clone, Default)]
pub(super) struct Source {
    /// `None` if it came from no file.
    pub(super) path: Option<PathBuf>,
    /// What the variables put over it begin with.
    pub(super) prefix: Arc<str>,
}

impl Source {
    /// How errors call it.
    pub(super) fn name(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => "the configuration".to_owned(),
        }
    }

    /// Where a file is that was named here: beside the file that names it.
    pub(super) fn resolve(&self, origin: &Origin, named: &str) -> PathBuf {
        match (origin, self.path.as_deref().and_then(Path::parent)) {
            (Origin::File, Some(folder)) => folder.join(named),
            _ => PathBuf::from(named),
        }
    }
}

impl Value {
    /// What stands there, for errors.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Variable(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Number => "a number with a fraction",
            Self::Switch(_) => "`true` or `false`",
            Self::Time => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl Node {
    pub(super) fn empty() -> Self {
        Self { value: Value::Table(BTreeMap::new()), origin: Origin::File }
    }

    /// The tables of a TOML text.
    pub(super) fn parse(text: &str, source: &Source) -> Result<Self, ConfigError> {
        let table: toml::Table = toml::from_str(text).map_err(|error| {
            let (line, column) = position(text, error.span().map_or(0, |span| span.start));
            // The message is about TOML's grammar; the line itself may hold a secret, and is left out.
            let problem = error.message().lines().next().unwrap_or_default().to_owned();
            ConfigError::new(
                format!("{}: line {line}, column {column}: ", source.name()),
                format!("no TOML: {problem}"),
            )
        })?;
        Ok(Self::of(toml::Value::Table(table), &Origin::File))
    }

    /// A value as TOML writes it, out of a variable.
    pub(super) fn parse_value(text: &str, place: &Place<'_>) -> Result<Self, ConfigError> {
        let table: toml::Table = toml::from_str(&format!("value = {text}"))
            .map_err(|error| place.mistake(format!("is no TOML value: {}", error.message())))?;
        let mut values = table.into_iter();
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(Self::of(value, place.origin())),
            _ => Err(place.mistake("is more than one TOML value: write one")),
        }
    }

    fn of(value: toml::Value, origin: &Origin) -> Self {
        let value = match value {
            toml::Value::String(text) => Value::Text(text),
            toml::Value::Integer(number) => Value::Integer(number),
            toml::Value::Float(_) => Value::Number,
            toml::Value::Boolean(switch) => Value::Switch(switch),
            toml::Value::Datetime(_) => Value::Time,
            toml::Value::Array(list) => {
                Value::List(list.into_iter().map(|value| Self::of(value, origin)).collect())
            }
            toml::Value::Table(table) => Value::Table(
                table.into_iter().map(|(key, value)| (key, Self::of(value, origin))).collect(),
            ),
        };
        Self { value, origin: origin.clone() }
    }
}

/// Counted from 1.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    (line, column)
}
