//! Where in a token roles and scopes stand, and how they are read.

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
pub(crate) fn roles(claims: &Object<'_>, path: &ClaimPath) -> Vec<Box<str>> {
    match path.find(claims) {
        Some(Value::Array(values)) => strings(values),
        _ => Vec::new(),
    }
}

/// The scopes in a token: a string with spaces between them (RFC 6749 §3.3, RFC 9068 §2.2.3) or an array.
pub(crate) fn scopes(claims: &Object<'_>, path: Option<&ClaimPath>) -> Vec<Box<str>> {
    let value = match path {
        Some(path) => path.find(claims),
        None => claims.get("scope").or_else(|| claims.get("scp")),
    };
    match value {
        Some(Value::String(scopes)) => distinct(scopes.split(' ')),
        Some(Value::Array(values)) => strings(values),
        _ => Vec::new(),
    }
}

/// The authentication methods in a token (`amr`, RFC 8176). Anything but an array of strings gives none.
pub(crate) fn methods(claims: &Object<'_>) -> Vec<Box<str>> {
    match claims.get("amr") {
        Some(Value::Array(values)) => strings(values),
        _ => Vec::new(),
    }
}

/// None, if there is anything but a string among them.
fn strings(values: &[Value<'_>]) -> Vec<Box<str>> {
    let names = || values.iter().map(Value::as_str);
    if names().any(|name| name.is_none()) { Vec::new() } else { distinct(names().flatten()) }
}

fn distinct<'c>(names: impl Iterator<Item = &'c str> + Clone) -> Vec<Box<str>> {
    let mut distinct: Vec<Box<str>> = Vec::with_capacity(names.clone().count());
    for name in names {
        if !name.is_empty() && !distinct.iter().any(|known| **known == *name) {
            distinct.push(name.into());
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn roles(claims: &serde_json::Value, path: &ClaimPath) -> Vec<Box<str>> {
        super::roles(&json::read(&claims.to_string()).unwrap(), path)
    }

    fn scopes(claims: &serde_json::Value) -> Vec<Box<str>> {
        super::scopes(&json::read(&claims.to_string()).unwrap(), None)
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
        assert_eq!(
            *roles(&json!({"roles": ["a", "", "a", "b"]}), &"roles".into()),
            [Box::from("a"), Box::from("b")]
        );
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
            assert_eq!(*roles(&claims, &path), [Box::from(role)], "{path:?}");
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
        assert_eq!(*of(json!({"scope": "a  b a"})), [Box::from("a"), Box::from("b")]);
        assert_eq!(*of(json!({"scp": ["a", "b"]})), [Box::from("a"), Box::from("b")]);
        assert_eq!(*of(json!({"scope": "a", "scp": ["b"]})), [Box::from("a")]);
        assert!(of(json!({"scope": 1})).is_empty());
        assert!(of(json!({"scp": ["a", 1]})).is_empty());
    }
}
