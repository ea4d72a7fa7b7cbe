//! `EXPR` in `#[authorize(EXPR)]`: Rust's `&&`, `||`, `!` and parentheses over predicates.
//!
//! syn reads it, so precedence is Rust's own.

use quote::ToTokens;
use syn::{BinOp, Expr, ExprBinary, ExprLit, Lit, UnOp};

use crate::{
    mistakes::Mistakes,
    predicate,
    rule::{Kind, Rule, compact},
    vocabulary::{Predicate, Quantifier, Vocabulary},
};

/// Understands an expression, or reports everything that is wrong in it.
pub(crate) fn parse(expression: Expr, mistakes: &Mistakes) -> Option<Rule> {
    let tokens = expression.to_token_stream();
    match expression {
        Expr::Paren(paren) => parse(*paren.expr, mistakes),
        Expr::Group(group) => parse(*group.expr, mistakes),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => {
            let rule = parse(*unary.expr, mistakes)?;
            Some(Rule { kind: Kind::Not(Box::new(rule)), tokens })
        }
        Expr::Binary(binary) => combined(binary, mistakes),
        Expr::Call(call) => {
            let word = match &*call.func {
                Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
                _ => None,
            };
            match word.as_deref().map(|word| (Predicate::find(word), word)) {
                Some((Some(predicate), _)) => predicate::parse(predicate, call, mistakes),
                Some((None, "not")) if call.args.len() == 1 => {
                    let negated = call.args.iter().map(negated).collect::<String>();
                    mistakes.at(call.func, format!("\"not\" is Rust's `!`: write `{negated}`"));
                    None
                }
                Some((None, word)) if Quantifier::find(word).is_some() => {
                    let operator = if word == "any" { "||" } else { "&&" };
                    mistakes.at(
                        &call.func,
                        format!(
                            "`{word}(…)` stands around names: combine predicates with `{operator}`"
                        ),
                    );
                    None
                }
                _ => {
                    let word = compact(&call.func);
                    let suggestion = Predicate::did_you_mean(&word);
                    let advice = if suggestion.is_empty() {
                        format!("; a function of your own goes into `check({word})`")
                    } else {
                        suggestion
                    };
                    mistakes.at(
                        &call.func,
                        format!(
                            "unknown predicate `{word}`: expected one of {}{advice}",
                            Predicate::expected(),
                        ),
                    );
                    None
                }
            }
        }
        Expr::Path(path) => {
            let word = compact(&path);
            let advice = match Predicate::find(&word) {
                Some(predicate) => {
                    format!("`{word}` is a predicate: write `{}`", predicate.usage())
                }
                None if word.contains("::") || word.starts_with(char::is_uppercase) => format!(
                    "a name alone says nothing: write `role({word})` or `scope({word})`, or `check({word})` if it is a function"
                ),
                None => format!(
                    "expected a predicate, not `{word}`: one of {}{}",
                    Predicate::expected(),
                    Predicate::did_you_mean(&word),
                ),
            };
            mistakes.at(path, advice);
            None
        }
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let name = text.value();
            mistakes.at(
                text,
                format!(
                    "a name alone says nothing: write `role(\"{name}\")` or `scope(\"{name}\")`"
                ),
            );
            None
        }
        Expr::Lit(ExprLit { lit: Lit::Bool(flag), .. }) => {
            let advice = if flag.value() {
                "`true` checks nothing: write `#[public]`, or `authenticated()`"
            } else {
                "`false` lets nobody in: remove the handler, or say who may call it"
            };
            mistakes.at(flag, advice);
            None
        }
        other => {
            mistakes.at(other, format!(
                "expected predicates combined with `&&`, `||` and `!`: any other expression over the handler's arguments goes into `when(…)`; predicates are {}",
                Predicate::expected(),
            ));
            None
        }
    }
}

/// `!role("a")`, and `!(role("a") && role("b"))`.
fn negated(expression: &Expr) -> String {
    match expression {
        Expr::Binary(_) => format!("!({})", compact(expression)),
        other => format!("!{}", compact(other)),
    }
}

/// `a && b && c` is one `All` of three, as it reads.
fn combined(binary: ExprBinary, mistakes: &Mistakes) -> Option<Rule> {
    let tokens = binary.to_token_stream();
    let both = match binary.op {
        BinOp::And(_) => true,
        BinOp::Or(_) => false,
        other => {
            let at = match other {
                BinOp::BitAnd(_) | BinOp::BitOr(_) | BinOp::BitXor(_) => other.to_token_stream(),
                _ => tokens,
            };
            mistakes.at(at, not_combined(&binary));
            return None;
        }
    };
    let (left, right) = (parse(*binary.left, mistakes), parse(*binary.right, mistakes));
    let (left, right) = (left?, right?);
    let mut rules = Vec::new();
    // Flat where the meaning is the same, whatever the parentheses.
    for rule in [left, right] {
        match (both, rule.kind) {
            (true, Kind::All(inner)) | (false, Kind::Any(inner)) => rules.extend(inner),
            (_, kind) => rules.push(Rule { kind, tokens: rule.tokens }),
        }
    }
    Some(Rule { kind: if both { Kind::All(rules) } else { Kind::Any(rules) }, tokens })
}

/// What to write instead of any operator but `&&` and `||`.
fn not_combined(binary: &ExprBinary) -> String {
    let ExprBinary { left, op, right, .. } = binary;
    match op {
        BinOp::BitAnd(_) => "predicates are combined with `&&`, not `&`".to_owned(),
        BinOp::BitOr(_) => "predicates are combined with `||`, not `|`".to_owned(),
        BinOp::BitXor(_) => {
            "predicates are combined with `&&`, `||` and `!`: write `(a && !b) || (!a && b)`".to_owned()
        }
        BinOp::Eq(_) | BinOp::Ne(_) if is_predicate(left) || is_predicate(right) => {
            "a predicate holds or does not, and is compared with nothing: write it alone, with `!` before it, or combined with `&&` and `||`".to_owned()
        }
        BinOp::Eq(_) | BinOp::Ne(_) if Predicate::find(&compact(left)).is_some() => {
            let not = if matches!(op, BinOp::Ne(_)) { "!" } else { "" };
            format!(
                "`{0}` is a predicate: write `{not}{0}({1})`",
                compact(left),
                compact(right)
            )
        }
        BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) => {
            format!(
                "a comparison is no predicate: write `when({})` if it is about the handler's arguments, or `claim(\"name\", value)` about a claim",
                compact(binary)
            )
        }
        _ => "predicates are combined with `&&`, `||` and `!` alone".to_owned(),
    }
}

/// Whether this is `role(…)` or another.
fn is_predicate(expression: &Expr) -> bool {
    matches!(expression, Expr::Call(call) if Predicate::find(&compact(&call.func)).is_some())
}

#[cfg(test)]
mod tests;
