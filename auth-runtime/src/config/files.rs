//! Files that a configuration names: keys and secrets.

use std::{
    fs::{self, Metadata},
    path::Path,
};

use super::{error::ConfigError, place::Place, tree::Origin, values::Secret};

/// The bytes of a file that is named here.
pub(super) fn bytes(place: &Place<'_>, named: &str) -> Result<Vec<u8>, ConfigError> {
    let path = place.resolve(named);
    let cannot = |problem: String| place.mistake(format!("names {}, {problem}", path.display()));
    if fs::metadata(&path).is_ok_and(|data| data.is_dir()) {
        return Err(cannot("which is a directory: name a file in it".to_owned()));
    }
    fs::read(&path).map_err(|error| {
        cannot(format!(
            "which cannot be read: {error}; relative paths begin at the file that names them"
        ))
        .caused_by(error)
    })
}

pub(super) fn text(place: &Place<'_>, named: &str) -> Result<String, ConfigError> {
    String::from_utf8(bytes(place, named)?)
        .map_err(|_| place.mistake("names a file that is no text in UTF-8"))
}

/// A secret without the line's end that editors and shells put behind it.
pub(super) fn secret(place: &Place<'_>, named: &str) -> Result<Vec<u8>, ConfigError> {
    let mut secret = bytes(place, named)?;
    if secret.last() == Some(&b'\n') {
        secret.pop();
        if secret.last() == Some(&b'\r') {
            secret.pop();
        }
    }
    if secret.is_empty() {
        return Err(place.mistake("names an empty file: write the secret into it"));
    }
    warn_if_open(&place.resolve(named));
    Ok(secret)
}

/// A secret that stands in the configuration itself, which makes its file one.
pub(super) fn inline(place: &Place<'_>, Secret(text): Secret) -> Vec<u8> {
    if let (Origin::File, Some(path)) = (place.origin(), &place.source.path) {
        warn_if_open(path);
    }
    text.into_bytes()
}

/// A secret that is text, given here or in a file, and not in both.
#[cfg(any(feature = "jwks", feature = "redis"))]
pub(super) fn either(
    place: &Place<'_>,
    keys: [&str; 2],
    here: Option<Secret>,
    file: Option<String>,
) -> Result<Option<String>, ConfigError> {
    let Some((at, secret)) = either_bytes(place, keys, here, file)? else { return Ok(None) };
    String::from_utf8(secret)
        .map(Some)
        .map_err(|_| at.mistake("names a file that is no text in UTF-8"))
}

/// A secret, and the key that gave it.
pub(super) fn either_bytes<'a>(
    place: &Place<'a>,
    [key, file_key]: [&str; 2],
    here: Option<Secret>,
    file: Option<String>,
) -> Result<Option<(Place<'a>, Vec<u8>)>, ConfigError> {
    let (at, file_at) = (place.key(key), place.key(file_key));
    match (here, file) {
        (Some(_), Some(_)) => {
            let problem =
                format!("and {} are both given: leave one of them out", file_at.short_name());
            Err(at.mistake(problem))
        }
        (Some(here), None) => {
            let secret = inline(&at, here);
            Ok(Some((at, secret)))
        }
        (None, Some(file)) => {
            let secret = secret(&file_at, &file)?;
            Ok(Some((file_at, secret)))
        }
        (None, None) => Ok(None),
    }
}

/// A secret that everybody can read is none. It may be meant so (a container of its own), so this only warns.
fn warn_if_open(path: &Path) {
    if fs::metadata(path).is_ok_and(|data| is_open(&data)) {
        tracing::warn!(
            path = %path.display(),
            "a file with a secret can be read by everybody on this machine: take the right away with `chmod o-rwx`"
        );
    }
}

#[cfg(unix)]
fn is_open(data: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;

    data.permissions().mode() & 0o004 != 0
}

/// Elsewhere the file's mode does not tell.
#[cfg(not(unix))]
fn is_open(_: &Metadata) -> bool {
    false
}
