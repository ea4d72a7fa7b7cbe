//! What a handler requires, as constant data.

mod check;
mod name;

use std::{fmt, time::Duration};

use ipnet::IpNet;

pub use check::{Answer, Check, IntoCheck, Said};
pub use name::Name;

/// What a handler requires. Every attribute becomes one constant of this type; [`decide`](crate::decide) evaluates it.
///
/// Write one by hand where an attribute cannot stand, and enforce it with [`guard`](crate::guard()).
///
/// # Examples
///
/// ```
/// use auth_runtime::Policy;
///
/// const EDITORS: Policy = Policy::Any(&[Policy::role("admin"), Policy::role("editor")]);
/// assert_eq!(EDITORS.to_string(), "(role `admin` or role `editor`)");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Policy {
    /// Holds always, and credentials are not looked at.
    Public,
    /// Holds for a verified identity.
    Authenticated,
    /// Holds if the identity has this role. Made by [`Policy::role`].
    Role(Name),
    /// Holds if the token has this scope. Made by [`Policy::scope`].
    Scope(Name),
    /// Holds if a claim of the token has this value, or is an array that holds it.
    Claim {
        /// Where the claim stands: a name at the top level, or a JSON Pointer (RFC 6901) with its leading `/`.
        path: &'static str,
        /// What it has to be.
        value: ClaimValue,
    },
    /// Holds if the path parameter of this name, percent-decoded, is the identity's subject. A route that has no such
    /// parameter, or several, is a 500. Where several vouch for callers, see
    /// [`AuthBuilder::owners_from`](crate::AuthBuilder::owners_from).
    Owner(&'static str),
    /// Holds if the client's address is in one of these networks. Where it is not known neither this nor its `Not` holds.
    Address(&'static [IpNet]),
    /// Holds if the client's address is in a network that the builder gave this name
    /// ([`AuthBuilder::network`](crate::AuthBuilder::network)).
    Network(&'static str),
    /// Holds if the identity came from an API key.
    ApiKey,
    /// Holds if the token's `acr` is one of these (RFC 9470 §3). Where it has none neither this nor its `Not` holds.
    Acr(&'static [&'static str]),
    /// Holds if the token's `amr` lists this method (RFC 8176). Where it has none neither this nor its `Not` holds.
    Amr(&'static str),
    /// Holds if the caller authenticated at most this long ago (`auth_time`, in whole seconds). Where the token does not
    /// say when, neither this nor its `Not` holds.
    MaxAge(Duration),
    /// Holds if a function of the application says so.
    Check(Check),
    /// Holds if an expression over the handler's arguments does. Only an attribute can supply those.
    When(Condition),
    /// Holds if all of these hold; so does an empty list.
    All(&'static [Policy]),
    /// Holds if one of these holds; an empty list never does.
    Any(&'static [Policy]),
    /// Holds if this is known not to hold. What an anonymous caller lacks is not known, nor what a request does not say:
    /// `Not` lets nobody in by it.
    Not(&'static Policy),
}

impl Policy {
    /// Holds if the identity has this role, exactly.
    #[must_use]
    pub const fn role(name: &'static str) -> Self {
        Self::Role(Name::literal(name))
    }

    /// Holds if the token has this scope, exactly.
    #[must_use]
    pub const fn scope(name: &'static str) -> Self {
        Self::Scope(Name::literal(name))
    }

    /// What has to be found out about a request before this can be decided.
    pub(crate) const fn needs(&self) -> Needs {
        match self {
            Self::Address(_) | Self::Network(_) => Needs::ADDRESS,
            Self::MaxAge(_) => Needs::TIME.and(Needs::REMEDY),
            Self::Scope(_) | Self::ApiKey | Self::Acr(_) | Self::Amr(_) => Needs::REMEDY,
            Self::Public
            | Self::Authenticated
            | Self::Role(_)
            | Self::Claim { .. }
            | Self::Owner(_)
            | Self::Check(_)
            | Self::When(_) => Needs::NOTHING,
            Self::All(policies) | Self::Any(policies) => {
                let mut needs = Needs::NOTHING;
                let mut rest: &[Self] = policies;
                while let [first, others @ ..] = rest {
                    needs = needs.and(first.needs());
                    rest = others;
                }
                needs
            }
            Self::Not(policy) => policy.needs(),
        }
    }
}

/// What has to be found out about a request before a policy can be decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs(u8);

impl Needs {
    const NOTHING: Self = Self(0);
    const ADDRESS: Self = Self(1);
    const TIME: Self = Self(2);
    const REMEDY: Self = Self(4);

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn include(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The client's address; it comes before credentials (RESPONSES Z3).
    pub(crate) const fn address(self) -> bool {
        self.include(Self::ADDRESS)
    }

    /// What time it is.
    pub(crate) const fn time(self) -> bool {
        self.include(Self::TIME)
    }

    /// A denial may be one that the client can mend, and says how.
    pub(crate) const fn remedy(self) -> bool {
        self.include(Self::REMEDY)
    }
}

/// What a claim has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimValue {
    /// This text, exactly.
    Text(&'static str),
    /// This whole number.
    Number(i64),
    /// `true` or `false`.
    Flag(bool),
}

impl fmt::Display for ClaimValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

/// An expression over a handler's arguments. The attribute that holds it evaluates it, after extraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    index: u8,
    text: &'static str,
}

impl Condition {
    /// Called by generated code only: the `index`th condition of the handler, written like this.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(index: u8, text: &'static str) -> Self {
        Self { index, text }
    }

    /// The expression, as it was written.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }

    pub(crate) const fn index(self) -> u8 {
        self.index
    }
}

/// The policy in words, for logs.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => f.write_str("public"),
            Self::Authenticated => f.write_str("authenticated"),
            Self::Role(name) => write!(f, "role `{name}`"),
            Self::Scope(name) => write!(f, "scope `{name}`"),
            Self::Claim { path, value } => write!(f, "claim `{path}` is {value}"),
            Self::Owner(parameter) => write!(f, "owner of `{parameter}`"),
            Self::Address(networks) => {
                f.write_str("address in ")?;
                list(f, networks, ", ")
            }
            Self::Network(name) => write!(f, "address in network `{name}`"),
            Self::ApiKey => f.write_str("api key"),
            Self::Acr(values) => {
                f.write_str("acr ")?;
                list(f, values, " or ")
            }
            Self::Amr(method) => write!(f, "amr `{method}`"),
            Self::MaxAge(age) => write!(f, "authenticated within {} s", age.as_secs()),
            Self::Check(check) => write!(f, "check `{}`", check.name()),
            Self::When(condition) => write!(f, "when `{}`", condition.text),
            Self::All(policies) => join(f, policies, " and ", "nothing"),
            Self::Any(policies) => join(f, policies, " or ", "impossible"),
            Self::Not(policy) => write!(f, "not {policy}"),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display], separator: &str) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        let separator = if index == 0 { "" } else { separator };
        write!(f, "{separator}`{item}`")?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_reads_as_words() {
        const OFFICE: &[IpNet] =
            &[IpNet::V4(ipnet::Ipv4Net::new_assert(std::net::Ipv4Addr::new(10, 0, 0, 0), 8))];
        for (policy, words) in [
            (Policy::scope("docs:write"), "scope `docs:write`"),
            (Policy::Claim { path: "/a/b", value: ClaimValue::Text("x") }, "claim `/a/b` is \"x\""),
            (Policy::Owner("user_id"), "owner of `user_id`"),
            (Policy::Address(OFFICE), "address in `10.0.0.0/8`"),
            (Policy::Acr(&["mfa", "phr"]), "acr `mfa` or `phr`"),
            (Policy::MaxAge(Duration::from_secs(300)), "authenticated within 300 s"),
            (Policy::When(Condition::new(0, "doc.open")), "when `doc.open`"),
            (Policy::Not(&Policy::ApiKey), "not api key"),
        ] {
            assert_eq!(policy.to_string(), words);
        }
    }
}
