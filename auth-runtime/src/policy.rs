//! What a handler requires, as constant data.

use std::{error::Error, fmt, future::Future, pin::Pin};

use actix_web::HttpRequest;

use crate::identity::Identity;

/// What a handler requires. Every attribute becomes one constant of this type; [`decide`](crate::decide) evaluates it.
///
/// Write one by hand where an attribute cannot stand, and enforce it with [`guard`](crate::guard()).
///
/// # Examples
///
/// ```
/// use auth_runtime::Policy;
///
/// const EDITORS: Policy = Policy::Any(&[Policy::Role("admin"), Policy::Role("editor")]);
/// assert_eq!(EDITORS.to_string(), "(role `admin` or role `editor`)");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Policy {
    /// Holds always, and credentials are not looked at.
    Public,
    /// Holds for a verified identity.
    Authenticated,
    /// Holds if the identity has this role.
    Role(&'static str),
    /// Holds if a function of the application says so.
    Check(Check),
    /// Holds if all of these hold; so does an empty list.
    All(&'static [Policy]),
    /// Holds if one of these holds; an empty list never does.
    Any(&'static [Policy]),
    /// Holds if this is known not to hold. What an anonymous caller lacks is not known: `Not` lets none in.
    Not(&'static Policy),
}

/// The policy in words, for logs.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => f.write_str("public"),
            Self::Authenticated => f.write_str("authenticated"),
            Self::Role(name) => write!(f, "role `{name}`"),
            Self::Check(check) => write!(f, "check `{}`", check.name),
            Self::All(policies) => join(f, policies, " and ", "nothing"),
            Self::Any(policies) => join(f, policies, " or ", "impossible"),
            Self::Not(policy) => write!(f, "not {policy}"),
        }
    }
}

fn join(
    f: &mut fmt::Formatter<'_>,
    policies: &[Policy],
    separator: &str,
    empty: &str,
) -> fmt::Result {
    match policies {
        [] => f.write_str(empty),
        [only] => write!(f, "{only}"),
        [first, rest @ ..] => {
            write!(f, "({first}")?;
            for policy in rest {
                write!(f, "{separator}{policy}")?;
            }
            f.write_str(")")
        }
    }
}

/// A question that only the application can answer.
///
/// It is asked only of a verified identity, only if its answer matters for the outcome, and at most once a request.
/// An error or a panic in it denies the request with a 500 (RESPONSES Z8).
///
/// # Examples
///
/// ```
/// use actix_web::HttpRequest;
/// use auth_runtime::{Identity, Policy, policy::{Answer, Check}};
///
/// fn office_hours(_request: &HttpRequest, identity: &Identity) -> Answer {
///     Answer::Ready(Ok(identity.has_role("night-shift")))
/// }
///
/// const POLICY: Policy = Policy::Check(Check::new("office_hours", office_hours));
/// ```
#[derive(Clone, Copy)]
pub struct Check {
    name: &'static str,
    ask: fn(&HttpRequest, &Identity) -> Answer,
}

impl Check {
    /// `name` stands in logs.
    #[must_use]
    pub const fn new(name: &'static str, ask: fn(&HttpRequest, &Identity) -> Answer) -> Self {
        Self { name, ask }
    }

    /// The name given to [`new`](Self::new).
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn ask(&self, request: &HttpRequest, identity: &Identity) -> Answer {
        (self.ask)(request, identity)
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}

/// What a [`Check`] says: yes, no, or why it cannot tell. An error denies with a 500 and is logged.
pub type Said = Result<bool, Box<dyn Error>>;

/// A [`Check`]'s answer, now or later.
#[non_exhaustive]
pub enum Answer {
    /// The answer is known.
    Ready(Said),
    /// The answer has to be waited for.
    Later(Pin<Box<dyn Future<Output = Said>>>),
}

impl Answer {
    /// An answer that has to be waited for.
    pub fn later(answer: impl Future<Output = Said> + 'static) -> Self {
        Self::Later(Box::pin(answer))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(answer) => f.debug_tuple("Ready").field(answer).finish(),
            Self::Later(_) => f.write_str("Later(..)"),
        }
    }
}
