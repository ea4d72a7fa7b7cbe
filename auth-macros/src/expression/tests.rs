//! CHECKLIST D9, through the macro: what is written is what stands in the policy constant.

use proc_macro2::{Span, TokenStream};
use proptest::prelude::*;
use quote::quote;
use syn::{Expr, Lit};

use crate::{attribute::Attribute, expand, mistakes::Mistakes, vocabulary::Word};

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// False, unknown and true.
type Truth = i8;

#[derive(Clone, Debug)]
enum Tree {
    Role(usize),
    When(usize),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
    Paren(Box<Tree>),
}

impl Tree {
    /// With no more parentheses than Rust's precedence needs, but for those that stand in the tree.
    fn write(&self, precedence: u8) -> String {
        let (own, text) = match self {
            Self::Role(name) => (3, format!("role(\"{}\")", NAMES[*name])),
            Self::When(name) => (3, format!("when({}.is_so())", NAMES[*name])),
            Self::Paren(tree) => (3, format!("({})", tree.write(0))),
            Self::Not(tree) => (2, format!("!{}", tree.write(2))),
            Self::And(left, right) => (1, format!("{} && {}", left.write(1), right.write(2))),
            Self::Or(left, right) => (0, format!("{} || {}", left.write(0), right.write(1))),
        };
        if own < precedence { format!("({text})") } else { text }
    }

    fn naive(&self, roles: [Truth; 5], conditions: [Truth; 5]) -> Truth {
        match self {
            Self::Role(name) => roles[*name],
            Self::When(name) => conditions[*name],
            Self::Paren(tree) => tree.naive(roles, conditions),
            Self::Not(tree) => -tree.naive(roles, conditions),
            Self::And(left, right) => {
                left.naive(roles, conditions).min(right.naive(roles, conditions))
            }
            Self::Or(left, right) => {
                left.naive(roles, conditions).max(right.naive(roles, conditions))
            }
        }
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![(0..5_usize).prop_map(Tree::Role), (0..5_usize).prop_map(Tree::When)];
    leaf.prop_recursive(6, 48, 2, |inner| {
        let boxed = inner.prop_map(Box::new);
        prop_oneof![
            (boxed.clone(), boxed.clone()).prop_map(|(left, right)| Tree::And(left, right)),
            (boxed.clone(), boxed.clone()).prop_map(|(left, right)| Tree::Or(left, right)),
            boxed.clone().prop_map(Tree::Not),
            boxed.prop_map(Tree::Paren),
        ]
    })
}

/// Reads the constant that was written, as the runtime would.
fn interpret(policy: &Expr, roles: [Truth; 5], conditions: [Truth; 5]) -> Truth {
    let Expr::Call(call) = policy else { panic!("not a policy: {}", quote!(#policy)) };
    let Expr::Path(function) = &*call.func else { panic!("no function") };
    let word = function.path.segments.last().unwrap().ident.to_string();
    let argument = call.args.first().unwrap();
    let each = || {
        let list = constant(argument);
        let Expr::Array(list) = list else { panic!("no list") };
        list.elems
            .into_iter()
            .map(|policy| interpret(&policy, roles, conditions))
            .collect::<Vec<_>>()
    };
    match word.as_str() {
        "role" => roles[index(argument)],
        "When" => {
            let Expr::Call(condition) = argument else { panic!("no condition") };
            let text = &condition.args[1];
            conditions[index(text)]
        }
        "All" => each().into_iter().min().unwrap(),
        "Any" => each().into_iter().max().unwrap(),
        "Not" => -interpret(&constant(argument), roles, conditions),
        other => panic!("unknown policy {other}"),
    }
}

/// `const { &X }` → `X`.
fn constant(expression: &Expr) -> Expr {
    let Expr::Const(block) = expression else { panic!("no constant: {}", quote!(#expression)) };
    match block.block.stmts.as_slice() {
        [syn::Stmt::Expr(Expr::Reference(reference), None)] => (*reference.expr).clone(),
        _ => panic!("no reference"),
    }
}

/// Which name a literal begins with: `"a"`, or the text of a condition, `"a.is_so()"`.
fn index(literal: &Expr) -> usize {
    let Expr::Lit(literal) = literal else { panic!("no literal") };
    let Lit::Str(text) = &literal.lit else { panic!("no text") };
    NAMES.iter().position(|name| text.value().starts_with(name)).unwrap()
}

fn truths() -> impl Strategy<Value = [Truth; 5]> {
    prop::array::uniform5(-1_i8..=1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn d9_the_constant_means_what_was_written(
        tree in trees(),
        worlds in prop::collection::vec((truths(), truths()), 8),
    ) {
        let text = tree.write(0);
        let mistakes = Mistakes::new();
        let tokens: TokenStream = text.parse().unwrap();
        let expression: Expr = syn::parse2(tokens).unwrap();
        let rule = super::parse(expression, &mistakes);
        prop_assert!(mistakes.check().is_ok());
        let policy: Expr = syn::parse2(expand::policy(&rule.unwrap(), &quote::format_ident!("handler"), &syn::parse_quote!(private))).unwrap();
        for (roles, conditions) in worlds {
            let expected = tree.naive(roles, conditions);
            prop_assert_eq!(interpret(&policy, roles, conditions), expected, "{}", text);
        }
    }

    /// Whatever stands between the parentheses, the macro answers; it does not panic.
    #[test]
    fn arbitrary_arguments_never_panic(text in "[a-z\"(){}!&|,=:<>*0-9 .'#$-]{0,60}", word in 0..9_usize) {
        use crate::vocabulary::Vocabulary;

        if let Ok(tokens) = text.parse::<TokenStream>() {
            let mistakes = Mistakes::new();
            drop(Attribute::parse(Word::ALL[word], Span::call_site(), tokens, &mistakes));
            let _ = mistakes.check();
        }
    }
}
