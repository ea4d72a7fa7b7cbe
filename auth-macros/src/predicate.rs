//! A predicate and what stands between its parentheses → a leaf.

use quote::ToTokens;
use syn::{Expr, ExprCall, ExprLit, ExprPath, Lit, UnOp, spanned::Spanned};

use crate::{
    attribute::ungroup,
    duration::Seconds,
    mistakes::Mistakes,
    name::{self, Noun},
    network::Network,
    rule::{ClaimValue, Leaf, Rule, compact},
    vocabulary::{Predicate, Vocabulary},
};

/// Understands `predicate(arguments)`, or reports why not.
pub(crate) fn parse(predicate: Predicate, call: ExprCall, mistakes: &Mistakes) -> Option<Rule> {
    let tokens = call.to_token_stream();
    let at = call.func.span();
    let arguments: Vec<Expr> = call.args.into_iter().map(ungroup).collect();
    let leaf = match predicate {
        Predicate::Role => {
            let rule = name::names(Noun::Role, "role", at, arguments, mistakes)?;
            return Some(Rule { tokens, ..rule });
        }
        Predicate::Scope => {
            let rule = name::names(Noun::Scope, "scope", at, arguments, mistakes)?;
            return Some(Rule { tokens, ..rule });
        }
        Predicate::Authenticated => {
            none(predicate, &arguments, mistakes)?;
            Leaf::Authenticated
        }
        Predicate::ApiKey => {
            none(predicate, &arguments, mistakes)?;
            Leaf::ApiKey
        }
        Predicate::Claim => {
            let [path, value] = exactly(predicate, arguments, &tokens, mistakes)?;
            claim(&path, &value, mistakes)?
        }
        Predicate::Owner => owner(&arguments, &tokens, mistakes)?,
        Predicate::Ip => addresses(&arguments, &tokens, mistakes)?,
        Predicate::Network => {
            let [network] = exactly(predicate, arguments, &tokens, mistakes)?;
            let name = name::text("network's name", "office", &network, mistakes)?;
            if name.value().is_empty() {
                mistakes.at(name, "a network has a name, the one given to the builder: write `network(\"office\")`");
                return None;
            }
            Leaf::Network(name)
        }
        Predicate::Acr => {
            let [values] = exactly(predicate, arguments, &tokens, mistakes)?;
            Leaf::Acr(name::alternatives("acr", values, mistakes)?)
        }
        Predicate::Amr => {
            let [method] = exactly(predicate, arguments, &tokens, mistakes)?;
            Leaf::Amr(name::method(&method, mistakes)?)
        }
        Predicate::MaxAge => {
            let [age] = exactly(predicate, arguments, &tokens, mistakes)?;
            max_age(&age, mistakes)?
        }
        Predicate::Check => {
            let [function] = exactly(predicate, arguments, &tokens, mistakes)?;
            Leaf::Check(check(function, mistakes)?)
        }
        Predicate::When => {
            let [expression] = exactly(predicate, arguments, &tokens, mistakes)?;
            Leaf::When(expression)
        }
    };
    Some(Rule::leaf(leaf, tokens))
}

/// `owner("user_id")` or `owner("user_id", prefix)`; also what stands in `#[require_owner(…)]`.
pub(crate) fn owner(arguments: &[Expr], at: &impl ToTokens, mistakes: &Mistakes) -> Option<Leaf> {
    let (parameter, prefix) = match arguments {
        [parameter] => (parameter, false),
        [parameter, Expr::Path(word)] if word.path.is_ident("prefix") => (parameter, true),
        [_, other] => {
            mistakes.at(other, "expected `prefix`, which says that the parameter stands in an enclosing `web::scope`");
            return None;
        }
        _ => {
            mistakes.at(at, "expected one path parameter: write `\"user_id\"`, or `\"user_id\", prefix` if it stands in an enclosing `web::scope`");
            return None;
        }
    };
    let parameter = name::text("path parameter", "user_id", parameter, mistakes)?;
    let name = parameter.value();
    if name.is_empty() || name.contains(['{', '}', '/', ':']) {
        // `/users/{user_id:[0-9]+}/docs` is about `user_id`.
        let inside = name.split_once('{').map_or(&*name, |(_, inside)| inside);
        let mut parts = inside.split(['}', ':']).next().unwrap_or_default().rsplit('/');
        let bare = parts.find(|part| !part.is_empty()).unwrap_or("user_id");
        mistakes.at(
            parameter,
            format!("expected the name of a path parameter, without braces or slashes: write `\"{bare}\"`"),
        );
        return None;
    }
    Some(Leaf::Owner { parameter, prefix })
}

/// `ip("10.0.0.0/8", "::1")`; also what stands in `#[require_ip(…)]`.
pub(crate) fn addresses(
    arguments: &[Expr],
    at: &impl ToTokens,
    mistakes: &Mistakes,
) -> Option<Leaf> {
    if arguments.is_empty() {
        mistakes.at(at, "no network is named, so nobody could pass: write `\"10.0.0.0/8\"`");
        return None;
    }
    let mut networks: Vec<Network> = Vec::new();
    let mut complete = true;
    for argument in arguments {
        let Some(written) = name::text("network", "10.0.0.0/8", argument, mistakes) else {
            complete = false;
            continue;
        };
        if let Some(networks) = several(&written.value()) {
            mistakes.at(written, format!("each network has quotes of its own: write `{networks}`"));
            complete = false;
            continue;
        }
        match Network::parse(&written) {
            Ok(network) if networks.iter().any(|known| known.text() == network.text()) => {
                mistakes.at(written, format!("network `{}` stands twice", network.text()));
                complete = false;
            }
            Ok(network) => networks.push(network),
            Err(problem) => {
                mistakes.at(written, problem);
                complete = false;
            }
        }
    }
    complete.then_some(Leaf::Address(networks))
}

/// `"10.0.0.0/8, ::1"`, as it should be written.
fn several(text: &str) -> Option<String> {
    let parts: Vec<String> = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'))
        .filter(|part| !part.is_empty())
        .map(|part| format!("\"{part}\""))
        .collect();
    (parts.len() > 1).then(|| parts.join(", "))
}

/// `"5m"`.
pub(crate) fn max_age(argument: &Expr, mistakes: &Mistakes) -> Option<Leaf> {
    let written = name::text("duration", "5m", argument, mistakes)?;
    match Seconds::parse(&written) {
        Ok(age) => Some(Leaf::MaxAge(age)),
        Err(problem) => {
            mistakes.at(written, problem);
            None
        }
    }
}

fn claim(path: &Expr, wanted: &Expr, mistakes: &Mistakes) -> Option<Leaf> {
    let path = name::text("claim's name", "tenant", path, mistakes).filter(|path| {
        let problem = unsound(&path.value());
        if let Some(problem) = problem {
            mistakes.at(path, problem);
        }
        problem.is_none()
    });
    let value = match wanted {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(ClaimValue::Text(text.clone())),
        Expr::Lit(ExprLit { lit: Lit::Bool(flag), .. }) => Some(ClaimValue::Flag(flag.value())),
        other => whole_number(other).map(ClaimValue::Number),
    };
    if value.is_none() {
        mistakes.at(
            wanted,
            "expected what the claim has to be: text in quotes, a whole number of 64 bits, `true` or `false`",
        );
    }
    Some(Leaf::Claim { path: path?, value: value? })
}

/// `7` and `-7`.
fn whole_number(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) if number.suffix().is_empty() => {
            number.base10_parse().ok()
        }
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match &*unary.expr {
            Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) if number.suffix().is_empty() => {
                format!("-{}", number.base10_digits()).parse().ok()
            }
            _ => None,
        },
        _ => None,
    }
}

/// Why a claim's path cannot be followed, if so (RFC 6901 §3).
fn unsound(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("a claim has a name: write `claim(\"tenant\", \"acme\")`");
    }
    let pointer = path.strip_prefix('/')?;
    pointer
        .split('~')
        .skip(1)
        .any(|after| !after.starts_with(['0', '1']))
        .then_some("in a JSON Pointer `~` is written `~0` and `/` is written `~1` (RFC 6901 §3)")
}

fn check(function: Expr, mistakes: &Mistakes) -> Option<ExprPath> {
    match function {
        Expr::Path(path) => Some(path),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let path = text.value();
            mistakes.at(
                text,
                format!("expected a function by its path, without quotes: write `check({path})`"),
            );
            None
        }
        Expr::Call(call) => {
            let path = compact(&call.func);
            mistakes.at(
                call,
                format!("expected a function by its path, not a call: write `check({path})`"),
            );
            None
        }
        Expr::Closure(closure) => {
            mistakes.at(closure, "expected a function by its path: declare one and name it, or write `when(…)` for an expression over the handler's arguments");
            None
        }
        other => {
            mistakes
                .at(other, "expected a function by its path, such as `check(policies::may_edit)`");
            None
        }
    }
}

fn none(predicate: Predicate, arguments: &[Expr], mistakes: &Mistakes) -> Option<()> {
    for argument in arguments {
        let message = match (predicate, argument) {
            (Predicate::ApiKey, Expr::Lit(_)) => no_key(predicate.usage()),
            _ => format!("`{}()` takes nothing: remove this", predicate.word()),
        };
        mistakes.at(argument, message);
    }
    arguments.is_empty().then_some(())
}

/// Why no key stands in `#[require_api_key]` and `api_key()`.
pub(crate) fn no_key(written: &str) -> String {
    format!(
        "a key has no place in source code: `{written}` takes none, and asks only that the caller came with one that is good"
    )
}

fn exactly<const N: usize>(
    predicate: Predicate,
    arguments: Vec<Expr>,
    at: &impl ToTokens,
    mistakes: &Mistakes,
) -> Option<[Expr; N]> {
    let given = arguments.len();
    let exact = <[Expr; N]>::try_from(arguments).ok();
    if exact.is_none() {
        let plural = if N == 1 { "argument" } else { "arguments" };
        mistakes.at(
            at,
            format!(
                "`{}` takes {N} {plural}, not {given}: write `{}`",
                predicate.word(),
                predicate.usage()
            ),
        );
    }
    exact
}
