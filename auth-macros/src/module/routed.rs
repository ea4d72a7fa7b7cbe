//! Which functions of the module are routed to without saying who may call them.

use proc_macro2::{Delimiter, Group, Ident, TokenTree};

use super::tokens::after_turbofish;
use crate::vocabulary::{RouteWord, Vocabulary};

/// Every function of the module, and every path in `.to(path)`.
#[derive(Default)]
pub(super) struct Routed {
    levels: Vec<Level>,
    here: Option<usize>,
    functions: Vec<Function>,
    imports: Vec<Import>,
    routes: Vec<Route>,
}

/// A group of tokens.
struct Level {
    outer: Option<usize>,
    kind: Kind,
    /// It is a module with an attribute of ours, and refuses what it can see.
    speaks: bool,
}

/// What a group holds.
pub(super) enum Kind {
    /// A module's content.
    Module(Ident),
    /// What is associated with a type, of which this is one of the names.
    Associated(Vec<Ident>),
    Code,
}

struct Function {
    name: Ident,
    level: Option<usize>,
    /// It says who may call it, or was refused.
    decided: bool,
}

/// `use path::original as name`, or `use path::*`.
struct Import {
    names: Option<(Ident, Ident)>,
    level: Option<usize>,
}

struct Route {
    qualifiers: Vec<Ident>,
    name: Ident,
    level: Option<usize>,
}

/// A function that is routed to, and does not say who may call it.
pub(super) struct Open {
    pub(super) name: Ident,
    /// The path may mean another function of this name, which does say so.
    pub(super) ambiguous: bool,
}

impl Routed {
    pub(super) fn enter(&mut self, kind: Kind, speaks: bool) {
        self.levels.push(Level { outer: self.here, kind, speaks });
        self.here = self.levels.len().checked_sub(1);
    }

    pub(super) fn leave(&mut self) {
        self.here = self.level(self.here).and_then(|level| level.outer);
    }

    pub(super) fn define(&mut self, name: &Ident, decided: bool) {
        self.functions.push(Function { name: name.clone(), level: self.here, decided });
    }

    /// How many functions there are, for [`decide_from`](Self::decide_from).
    pub(super) fn count(&self) -> usize {
        self.functions.len()
    }

    /// All functions since then are decided.
    pub(super) fn decide_from(&mut self, count: usize) {
        for function in self.functions.iter_mut().skip(count) {
            function.decided = true;
        }
    }

    /// Remembers what `use …;` brings, if this is one.
    pub(super) fn import(&mut self, rest: &[TokenTree]) {
        let [TokenTree::Ident(keyword), rest @ ..] = rest else { return };
        if keyword != "use" {
            return;
        }
        let ends =
            |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';');
        let mut leaves = Vec::new();
        flatten(rest.split(ends).next().unwrap_or_default(), &mut leaves);
        let mut rest = leaves.as_slice();
        while let [token, after @ ..] = rest {
            let (names, after) = match (token, after) {
                (
                    TokenTree::Ident(original),
                    [TokenTree::Ident(_), TokenTree::Ident(name), after @ ..],
                ) => (Some((original.clone(), name.clone())), after),
                (TokenTree::Ident(name), _) => (Some((name.clone(), name.clone())), after),
                (TokenTree::Punct(punct), _) if punct.as_char() == '*' => (None, after),
                _ => {
                    rest = after;
                    continue;
                }
            };
            self.imports.push(Import { names, level: self.here });
            rest = after;
        }
    }

    pub(super) fn route(&mut self, path: &[&Ident]) {
        let [qualifiers @ .., name] = path else { return };
        self.routes.push(Route {
            qualifiers: qualifiers.iter().copied().cloned().collect(),
            name: (*name).clone(),
            level: self.here,
        });
    }

    /// What is routed to and undecided.
    pub(super) fn open(&self) -> Vec<Open> {
        let undecided = self.functions.iter().filter(|function| !function.decided);
        let open = undecided.filter_map(|function| {
            let routes = self.routes.iter().filter(|route| {
                self.is_named(function, route) && !self.is_elsewhere(route, function)
            });
            let meant = routes.filter_map(|route| self.ambiguity(route, function)).min()?;
            Some(Open { name: function.name.clone(), ambiguous: meant })
        });
        open.collect()
    }

    /// Whether the route's name is that of the function, or an import gives it that name.
    fn is_named(&self, function: &Function, route: &Route) -> bool {
        function.name == route.name
            || self
                .imports
                .iter()
                .filter_map(|import| import.names.as_ref())
                .any(|(original, name)| *original == function.name && *name == route.name)
    }

    /// Whether a module inside sees both, and refuses for itself.
    fn is_elsewhere(&self, route: &Route, function: &Function) -> bool {
        self.around(route.level).any(|(index, level)| {
            level.speaks && self.around(function.level).any(|(other, _)| other == index)
        })
    }

    /// Whether this route may mean a function that says who may call it, if it may mean this one.
    fn ambiguity(&self, route: &Route, function: &Function) -> Option<bool> {
        let named = self.named(route);
        if !named.is_empty() {
            return named.into_iter().any(|named| std::ptr::eq(named, function)).then_some(false);
        }
        // Imported, under whatever name: it may be any of them, and a guarded one excuses no other.
        let associated = self.is_associated(function);
        let decided =
            || self.functions.iter().any(|other| other.name == function.name && other.decided);
        (!associated || !route.qualifiers.is_empty()).then(decided)
    }

    /// The functions that a path means where no import decides.
    fn named(&self, route: &Route) -> Vec<&Function> {
        let mut level = route.level;
        let mut qualifiers = route.qualifiers.as_slice();
        let mut relative = false;
        while let [first, rest @ ..] = qualifiers {
            if first == "self" {
                level = self.module(level);
            } else if first == "super" {
                let module = self.module(level).and_then(|module| self.level(Some(module)));
                level = module.and_then(|module| self.module(module.outer));
            } else if first == "crate" {
                level = None;
            } else {
                break;
            }
            relative = true;
            qualifiers = rest;
        }
        let same_name = self.functions.iter().filter(|function| function.name == route.name);
        if !qualifiers.is_empty() {
            return same_name.filter(|function| self.stands_in(function, qualifiers)).collect();
        }
        if relative {
            return same_name
                .filter(|function| function.level == level && level.is_some())
                .collect();
        }
        for (index, around) in self.around(level) {
            let here = same_name.clone().filter(|function| {
                function.level == Some(index) && !matches!(around.kind, Kind::Associated(_))
            });
            let here: Vec<&Function> = here.collect();
            // In a function's body an import hides what stands around the function.
            let imported = self.imports.iter().any(|import| {
                import.level == Some(index)
                    && import.names.as_ref().is_none_or(|(_, name)| *name == route.name)
            });
            if !here.is_empty() || imported || matches!(around.kind, Kind::Module(_)) {
                return here;
            }
        }
        Vec::new()
    }

    /// Whether the last of the modules and types around the function have these names.
    fn stands_in(&self, function: &Function, qualifiers: &[Ident]) -> bool {
        let mut around = self.around(function.level).peekable();
        // No path reaches into a function's body.
        if matches!(around.peek(), None | Some((_, Level { kind: Kind::Code, .. }))) {
            return false;
        }
        let named = around.filter(|(_, level)| !matches!(level.kind, Kind::Code));
        qualifiers.iter().rev().zip(named).all(|(qualifier, (_, level))| match &level.kind {
            Kind::Module(name) => qualifier == name,
            Kind::Associated(types) => qualifier == "Self" || types.contains(qualifier),
            Kind::Code => false,
        })
    }

    /// The module around a place.
    fn module(&self, from: Option<usize>) -> Option<usize> {
        let mut around = self.around(from);
        around.find(|(_, level)| matches!(level.kind, Kind::Module(_))).map(|(index, _)| index)
    }

    fn is_associated(&self, function: &Function) -> bool {
        self.level(function.level).is_some_and(|level| matches!(level.kind, Kind::Associated(_)))
    }

    /// The groups around a place, from the inside.
    fn around(&self, from: Option<usize>) -> impl Iterator<Item = (usize, &Level)> {
        let mut next = from;
        std::iter::from_fn(move || {
            let index = next?;
            let level = self.levels.get(index)?;
            next = level.outer;
            Some((index, level))
        })
    }

    fn level(&self, index: Option<usize>) -> Option<&Level> {
        self.levels.get(index?)
    }
}

fn flatten(tokens: &[TokenTree], into: &mut Vec<TokenTree>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                flatten(&group.stream().into_iter().collect::<Vec<TokenTree>>(), into);
            }
            leaf => into.push(leaf.clone()),
        }
    }
}

/// The name and the argument of `to(…)`, or of `.get(…)` as a resource has it.
pub(super) fn call(rest: &[TokenTree]) -> Option<(&Ident, Vec<TokenTree>)> {
    let (method, after) = match rest {
        [TokenTree::Ident(to), after @ ..] if to == "to" => (to, after),
        [TokenTree::Punct(dot), TokenTree::Ident(method), after @ ..]
            if dot.as_char() == '.'
                && RouteWord::find(&method.to_string()).is_some_and(RouteWord::is_method) =>
        {
            (method, after)
        }
        _ => return None,
    };
    match after_turbofish(after) {
        [TokenTree::Group(group), ..] if group.delimiter() == Delimiter::Parenthesis => {
            Some((method, argument(group)))
        }
        _ => None,
    }
}

/// The only argument of a call, without what does not change what is meant: `(&h,)` is `h`.
fn argument(call: &Group) -> Vec<TokenTree> {
    let mut tokens: Vec<TokenTree> = call.stream().into_iter().collect();
    loop {
        let is = |token: &TokenTree, mark| matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark);
        tokens.pop_if(|last| is(last, ','));
        let referenced = tokens.iter().take_while(|token| is(token, '&')).count();
        tokens.drain(..referenced);
        tokens = match tokens.as_slice() {
            [TokenTree::Group(group)] if group.delimiter() != Delimiter::Bracket => {
                group.stream().into_iter().collect()
            }
            _ => return tokens,
        };
    }
}

/// The first token of a closure, if it is one.
pub(super) fn closure(tokens: &[TokenTree]) -> Option<&TokenTree> {
    let first = tokens.iter().find(|token| match token {
        TokenTree::Ident(word) => !["async", "move", "static"].iter().any(|known| word == known),
        _ => true,
    });
    match first {
        Some(TokenTree::Punct(punct)) if punct.as_char() == '|' => tokens.first(),
        _ => None,
    }
}
