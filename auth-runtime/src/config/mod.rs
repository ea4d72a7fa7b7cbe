//! Configuration: a TOML file and environment variables → [`AuthBuilder`].

mod dpop;
mod environment;
mod error;
mod files;
mod introspection;
mod issuer;
mod key;
mod nearest;
mod place;
mod preset;
mod read;
mod revocations;
mod settings;
mod tree;
mod values;

#[cfg(test)]
mod tests;

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use error::ConfigError;

use self::{
    environment::PREFIX,
    place::Place,
    read::read,
    settings::Settings,
    tree::{Node, Source},
};
use crate::auth::{Auth, AuthBuilder};

/// A configuration that was read: a TOML text, and environment variables put over it.
///
/// [The guide](crate::guide::configuration) says what may stand in it.
///
/// # Examples
///
/// ```
/// use auth_runtime::Config;
///
/// # fn main() -> Result<(), auth_runtime::ConfigError> {
/// let config = Config::from_toml(
///     r#"
///     realm = "documents"
///
///     [[issuers]]
///     name = "https://id.example.com/"
///     audience = "api"
///
///     [[issuers.keys]]
///     algorithms = "HS256"
///     secret = "not-a-secret-since-it-stands-in-a-doc-comment"
///     "#,
/// )?;
/// let auth = config.build()?;
///
/// let error = Config::from_toml("reaml = \"documents\"")?.build().unwrap_err();
/// assert!(error.to_string().contains("did you mean `realm`?"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Config {
    source: Source,
    root: Node,
}

impl Config {
    /// Reads a TOML file. Files that it names are looked for beside it, unless their path is absolute.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is no TOML. Whether its keys are those there are, [`into_builder`](Self::into_builder)
    /// says: variables may still complete it.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| {
            ConfigError::new(format!("{} ", path.display()), format!("cannot be read: {error}"))
                .caused_by(error)
        })?;
        Self::parse(&text, Some(path.to_owned()))
    }

    /// Reads a TOML text. Files that it names are looked for from the working directory.
    ///
    /// # Errors
    ///
    /// If it is no TOML.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::parse(text, None)
    }

    /// Begins with nothing, for applications that have all of it in the environment: call [`apply_env`](Self::apply_env).
    pub fn empty() -> Self {
        Self { source: Source { path: None, prefix: PREFIX.into() }, root: Node::empty() }
    }

    fn parse(text: &str, path: Option<PathBuf>) -> Result<Self, ConfigError> {
        let source = Source { path, prefix: PREFIX.into() };
        let root = Node::parse(text, &source)?;
        Ok(Self { source, root })
    }

    /// Puts the environment's variables over it: `AUTH_REALM`, `AUTH_ISSUERS__0__AUDIENCE`.
    ///
    /// Every variable that begins with `AUTH_` has to be one of ours, except `AUTH_TEST_…`, which never is. Where other
    /// programs use the prefix, choose another one with [`apply_vars`](Self::apply_vars).
    ///
    /// # Errors
    ///
    /// If a variable has no place in the configuration, or is no text in UTF-8. Misspelt ones are an error of
    /// [`into_builder`](Self::into_builder).
    pub fn apply_env(self) -> Result<Self, ConfigError> {
        let mut variables = Vec::new();
        for (name, text) in env::vars_os() {
            // What is no text is none of ours, whatever it begins with.
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            let text = text.into_string().map_err(|_| {
                ConfigError::new(
                    format!("`{name}` "),
                    "is no text in UTF-8: write it so, or into a file",
                )
            })?;
            variables.push((name.to_owned(), text));
        }
        self.apply_vars(PREFIX, variables)
    }

    /// Puts variables over it that were got elsewhere or begin with something else. Others are passed over.
    ///
    /// ```
    /// use auth_runtime::Config;
    ///
    /// # fn main() -> Result<(), auth_runtime::ConfigError> {
    /// let variables = [("DOCS_AUTH_REALM", "documents"), ("DOCS_AUTH_REAML", "documents"), ("HOME", "/")];
    /// let variables = variables.map(|(name, text)| (name.to_owned(), text.to_owned()));
    /// let error = Config::empty().apply_vars("DOCS_AUTH_", variables)?.build().unwrap_err();
    /// assert_eq!(error.to_string(), "`DOCS_AUTH_REAML` is no setting: did you mean `DOCS_AUTH_REALM`?");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`apply_env`](Self::apply_env).
    pub fn apply_vars(
        mut self,
        prefix: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        self.source.prefix = Arc::from(prefix);
        environment::apply(&mut self.root, prefix, variables)?;
        Ok(self)
    }

    /// Everything that was read, in a builder: for applications that add to it what no file can say, such as a renderer or
    /// a verifier. Reads the files that the configuration names.
    ///
    /// # Errors
    ///
    /// If a key is unknown, missing, or of another kind than it has to be; if a secret is given twice; if a file cannot be
    /// read.
    pub fn into_builder(self) -> Result<AuthBuilder, ConfigError> {
        let settings: Settings = read(&self.source, &self.root)?;
        let root = Place::root(&self.source, &self.root);
        settings.apply(Auth::builder(), &root).map(|(builder, _)| builder)
    }

    /// The [`Auth`] that this configuration makes.
    ///
    /// # Errors
    ///
    /// As [`into_builder`](Self::into_builder) and [`AuthBuilder::build`].
    pub fn build(self) -> Result<Auth, ConfigError> {
        let settings: Settings = read(&self.source, &self.root)?;
        let root = Place::root(&self.source, &self.root);
        let (builder, names) = settings.apply(Auth::builder(), &root)?;
        builder.build().map_err(|error| {
            // Of two of one name, the later one is the one too many.
            let index = names.iter().rposition(|name| Some(name.as_str()) == error.issuer());
            let place = index.map_or_else(|| root.clone(), |index| root.key("issuers").at(index));
            ConfigError::build(&place.name(), error)
        })
    }
}

/// Secrets stay out of logs, and so does everything else that was written.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("path", &self.source.path).finish_non_exhaustive()
    }
}

impl Auth {
    /// Reads a TOML file, puts the environment's `AUTH_…` over it, and builds what they say.
    ///
    /// [The guide](crate::guide::configuration) says what may stand there. To add what no file can say, take
    /// [`Config::into_builder`]; to read it again later, [`ReloadableAuth`](crate::ReloadableAuth).
    ///
    /// # Errors
    ///
    /// Says which key or variable is wrong, what kind of value stands there, and what is allowed.
    ///
    /// # Examples
    ///
    /// ```
    /// use auth_runtime::Auth;
    ///
    /// let error = Auth::from_config("no/such/auth.toml").unwrap_err();
    /// assert!(error.to_string().starts_with("no/such/auth.toml cannot be read"));
    /// ```
    pub fn from_config(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Config::from_file(path)?.apply_env()?.build()
    }

    /// Builds what a TOML text says. The environment does not count.
    ///
    /// # Errors
    ///
    /// As [`from_config`](Self::from_config).
    ///
    /// # Examples
    ///
    /// ```
    /// use auth_runtime::Auth;
    ///
    /// let error = Auth::from_toml("issuers = [{ name = \"https://id.example.com/\" }]").unwrap_err();
    /// assert!(error.to_string().contains("`issuers[0].audience` is missing"));
    /// ```
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Config::from_toml(text)?.build()
    }
}
