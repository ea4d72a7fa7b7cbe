//! Where in a token roles and scopes stand, and how they are read.

use std::slice;

use serde_json::value::RawValue;

use crate::json::{self, Object, Value};

/// Where a claim stands.
///
/// Made from
/// * a name, which is one member at the top level. It is never split at dots, because real names contain them:
///   `cognito:groups`, `https://example.com/roles`;
/// * a JSON Pointer (RFC 6901), recognized by its leading `/`: `/realm_access/roles`;
/// * an array of names, from the outside in: `["resource_access", "my-app", "roles"]`.
///
/// # Examples
///
/// ```
/// use auth_runtime::{ClaimPath, Issuer};
///
/// let issuer = Issuer::new("https://id.example.com/realms/main").roles_claim("/realm_access/roles");
/// let same: ClaimPath = ["realm_access", "roles"].into();
/// assert_eq!(same, ClaimPath::from("/realm_access/roles"));
/// assert_ne!(same, ClaimPath::from("realm_access.roles")); // one member with a dot in its name
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath(Vec<String>);

impl From<&str> for ClaimPath {
    fn from(path: &str) -> Self {
        match path.strip_prefix('/') {
            // RFC 6901 §4: `~1` first, so that `~01` stays `~1`.
            Some(pointer) => Self(
                pointer.split('/').map(|name| name.replace("~1", "/").replace("~0", "~")).collect(),
            ),
            None => Self(vec![path.to_owned()]),
        }
    }
}

impl<const N: usize> From<[&str; N]> for ClaimPath {
    fn from(names: [&str; N]) -> Self {
        Self(names.into_iter().map(str::to_owned).collect())
    }
}

impl ClaimPath {
    /// The value that stands there.
    fn find<'c, 'a>(&self, claims: &'c Object<'a>) -> Option<&'c Value<'a>> {
        let (first, rest) = self.0.split_first()?;
        rest.iter().try_fold(claims.get(first)?, |value, name| value.as_object()?.get(name))
    }
}

/// The value at a path written as [`ClaimPath`] takes it, a name or a JSON Pointer, in the text of claims.
pub(crate) fn at(claims: &str, path: &str) -> Option<serde_json::Value> {
    let at = |object, name: &str| json::member(object, name).map(RawValue::get);
    let found = match path.strip_prefix('/') {
        None => at(claims, path)?,
        Some(_) => {
            ClaimPath::from(path).0.iter().try_fold(claims, |object, name| at(object, name))?
        }
    };
    serde_json::from_str(found).ok()
}

/// The roles in a token. Anything but an array of strings gives none: a role claim of the wrong shape is a mistake
/// somewhere, and guessing what it means would grant something (CHECKLIST D5).
pub(crate) fn roles<'c>(claims: &'c Object<'_>, path: &ClaimPath) -> Names<'c> {
    Names::of(path.find(claims), Spaced::No)
}

/// The scopes in a token: a string with spaces between them (RFC 6749 §3.3, RFC 9068 §2.2.3) or an array.
pub(crate) fn scopes<'c>(claims: &'c Object<'_>, path: Option<&ClaimPath>) -> Names<'c> {
    let value = match path {
        Some(path) => path.find(claims),
        None => claims.get("scope").or_else(|| claims.get("scp")),
    };
    Names::of(value, Spaced::Yes)
}

/// The authentication methods in a token (`amr`, RFC 8176). Anything but an array of strings gives none.
pub(crate) fn methods<'c>(claims: &'c Object<'_>) -> Names<'c> {
    Names::of(claims.get("amr"), Spaced::No)
}

/// Whether a text is a list with spaces between.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spaced {
    Yes,
    No,
}

/// Names as they stand, but for empty ones; the same may come twice.
pub(crate) struct Names<'c> {
    values: slice::Iter<'c, Value<'c>>,
    /// What is left of a text.
    text: Option<&'c str>,
}

impl<'c> Names<'c> {
    fn of(value: Option<&'c Value<'_>>, spaced: Spaced) -> Self {
        match value {
            Some(Value::Array(values)) if values.iter().all(|value| value.as_str().is_some()) => {
                Self { values: values.iter(), text: None }
            }
            Some(Value::String(text)) if spaced == Spaced::Yes => {
                Self { values: [].iter(), text: Some(text) }
            }
            _ => Self { values: [].iter(), text: None },
        }
    }

    fn next_plain(&mut self) -> Option<&'c str> {
        let Some(text) = self.text else { return self.values.next()?.as_str() };
        // Most are short: looking for the space byte by byte is faster than anything cleverer.
        let end = text.bytes().position(|byte| byte == b' ');
        self.text = end.and_then(|end| text.get(end + 1..));
        match end {
            Some(end) => text.get(..end),
            None => Some(text),
        }
    }
}

impl<'c> Iterator for Names<'c> {
    type Item = &'c str;

    fn next(&mut self) -> Option<&'c str> {
        loop {
            let name = self.next_plain()?;
            if !name.is_empty() {
                return Some(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn roles(claims: &serde_json::Value, path: &ClaimPath) -> Vec<String> {
        let claims = claims.to_string();
        super::roles(&json::read(&claims).unwrap(), path).map(str::to_owned).collect()
    }

    fn scopes(claims: &serde_json::Value) -> Vec<String> {
        let claims = claims.to_string();
        super::scopes(&json::read(&claims).unwrap(), None).map(str::to_owned).collect()
    }

    #[test]
    fn d5_a_role_claim_of_the_wrong_type_yields_no_roles() {
        for wrong in [
            json!("admin"),
            json!(1),
            json!(true),
            json!(null),
            json!({"admin": true}),
            json!(["admin", 1]),
            json!([["admin"]]),
        ] {
            assert!(roles(&json!({"roles": wrong}), &"roles".into()).is_empty(), "{wrong}");
        }
        assert_eq!(roles(&json!({"roles": ["a", "", "b"]}), &"roles".into()), ["a", "b"]);
    }

    #[test]
    fn paths_reach_what_providers_use_and_never_split_at_dots() {
        let claims = json!({
            "resource_access": {"my-app": {"roles": ["r1"]}},
            "cognito:groups": ["r2"],
            "https://ns/roles": ["r3"],
            "a.b": ["r4"],
            "a": {"b": ["r5"]},
            "x/y": {"~": ["r6"]},
        });
        for (path, role) in [
            (ClaimPath::from(["resource_access", "my-app", "roles"]), "r1"),
            (ClaimPath::from("/resource_access/my-app/roles"), "r1"),
            (ClaimPath::from("cognito:groups"), "r2"),
            (ClaimPath::from("https://ns/roles"), "r3"),
            (ClaimPath::from("a.b"), "r4"),
            (ClaimPath::from("/a/b"), "r5"),
            (ClaimPath::from("/x~1y/~0"), "r6"),
        ] {
            assert_eq!(roles(&claims, &path), [role], "{path:?}");
        }
        let text = claims.to_string();
        for path in ["cognito:groups", "a.b", "/a/b", "/x~1y/~0"] {
            assert_eq!(at(&text, path).unwrap().as_array().unwrap().len(), 1, "{path}");
        }
        for path in ["", "a/b", "/a/b/0", "/a/c", "/"] {
            assert_eq!(at(&text, path), None, "{path}");
        }
        assert!(roles(&claims, &ClaimPath::from([])).is_empty());
        assert!(roles(&claims, &ClaimPath::from("/a/b/0")).is_empty());
    }

    #[test]
    fn scopes_are_a_string_or_an_array_and_scope_comes_before_scp() {
        let of = |value| scopes(&value);
        assert_eq!(of(json!({"scope": " a  b c "})), ["a", "b", "c"]);
        assert_eq!(of(json!({"scp": ["a", "", "b"]})), ["a", "b"]);
        assert_eq!(of(json!({"scope": "a", "scp": ["b"]})), ["a"]);
        assert!(of(json!({"scope": "  "})).is_empty());
        assert!(of(json!({"scope": 1})).is_empty());
        assert!(of(json!({"scp": ["a", 1]})).is_empty());
    }
}
