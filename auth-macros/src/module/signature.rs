//! What a function's signature tells: whether it can only be meant as a handler, could be one, or cannot.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{
    FnArg, GenericArgument, PathArguments, PathSegment, ReceiverKind, ReturnType, Signature, Type,
    TypePath, TypeTuple,
    visit::{self, Visit},
};

use super::tokens::{Head, Place, Surroundings, before};

/// Responses, wherever they stand in a return type.
const RESPONSES: [&str; 3] = ["Responder", "HttpResponse", "HttpResponseBuilder"];

/// Responses where they are what is returned. A `Vec<Bytes>` is none.
const RETURNED: [&str; 9] = [
    "Json",
    "Form",
    "Html",
    "Either",
    "Redirect",
    "NamedFile",
    "Bytes",
    "BytesMut",
    "CustomizeResponder",
];

/// Extractors by their names alone.
const EXTRACTORS: [&str; 5] =
    ["HttpRequest", "Identity", "OptionalIdentity", "Multipart", "MultipartForm"];

/// Extractors around a type. Without one, and without `web::`, these are names that anybody gives to a struct.
const GENERIC_EXTRACTORS: [&str; 10] =
    ["Path", "Json", "Query", "Data", "Form", "Header", "ReqData", "ThinData", "Claims", "Owned"];

/// Extractors under `web::`. Elsewhere they are plain values.
const WEB_EXTRACTORS: [&str; 2] = ["Bytes", "Payload"];

/// What no handler takes. (`ServiceRequest` is what middleware takes.)
const PLAIN: [&str; 18] = [
    "bool",
    "char",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
    "str",
    "ServiceRequest",
];

/// How much a function without any attribute of ours or of a route looks like a handler.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// It returns a response.
    Responds,
    /// It takes something out of the request.
    Extracts,
    /// Only where it is routed to.
    Possible,
    /// actix-web would not take it.
    Impossible,
}

/// `after` is what follows the function's name.
pub(super) fn likeness(function: &Head<'_>, after: &[TokenTree]) -> Likeness {
    let mut around = Surroundings::default();
    around.enter(Place::Code);
    let ends = |token: &TokenTree| {
        around.pass(token);
        around.start
    };
    let end = after.iter().position(ends).unwrap_or(after.len());
    if let Some(TokenTree::Punct(_)) = after.get(end) {
        // A trait only declares it; what can be called stands in an `impl`.
        return Likeness::Possible;
    }
    let signature = before(function.words, after).iter().chain(after.iter().take(end));
    let signature: TokenStream = signature.cloned().collect();
    let Ok(Signature { asyncness, inputs, output, .. }) = syn::parse2(signature) else {
        // Newer Rust than ours: better refused than left out.
        let responds = after.iter().take(end).cloned().any(mentions_response);
        return if responds { Likeness::Responds } else { Likeness::Possible };
    };
    let mut returns = Returns::default();
    if let ReturnType::Type(_, ty) = &output {
        returns.visit_type(ty);
    }
    let answers = match &output {
        ReturnType::Default => false,
        ReturnType::Type(_, ty) => !is_no_response(ty),
    };
    if inputs.iter().any(is_no_extractor) {
        Likeness::Impossible
    } else if asyncness.is_none() && !returns.future {
        Likeness::Possible
    } else if returns.response {
        Likeness::Responds
    } else if answers && inputs.iter().any(takes_extractor) {
        Likeness::Extracts
    } else {
        Likeness::Possible
    }
}

/// No extractor is a reference or a number, so a function that takes one is no handler.
fn is_no_extractor(argument: &FnArg) -> bool {
    match argument {
        FnArg::Receiver(receiver) => matches!(receiver.kind, ReceiverKind::Reference(..)),
        FnArg::Typed(argument) => {
            matches!(&*argument.ty, Type::Reference(_)) || is_plain(&argument.ty)
        }
    }
}

fn takes_extractor(argument: &FnArg) -> bool {
    matches!(argument, FnArg::Typed(argument) if is_extractor(&argument.ty))
}

fn is_extractor(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => {
            let mut segments = path.path.segments.iter().rev();
            let Some(last) = segments.next() else { return false };
            let web = segments.next().is_some_and(|module| module.ident == "web");
            let inside = types(last);
            let is = |known: &[&str]| is_one_of(&last.ident, known);
            is(&EXTRACTORS)
                || ((web || !inside.is_empty()) && is(&GENERIC_EXTRACTORS))
                || (web && is(&WEB_EXTRACTORS))
                || (is(&["Option", "Result", "Either"]) && inside.into_iter().any(is_extractor))
        }
        Type::Tuple(tuple) => tuple.elems.iter().any(is_extractor),
        Type::Group(group) => is_extractor(&group.elem),
        Type::Paren(paren) => is_extractor(&paren.elem),
        _ => false,
    }
}

/// Whether actix-web makes no response of this: nothing, or a number. (Of `Result<(), _>` it does.)
fn is_no_response(ty: &Type) -> bool {
    match ty {
        Type::Never(_) => true,
        Type::Tuple(tuple) => tuple.elems.is_empty(),
        _ => match last(ty) {
            Some(last) if is_one_of(&last.ident, &["Result", "Option"]) => {
                types(last).first().is_some_and(|ok| is_plain(ok))
            }
            _ => is_plain(ty),
        },
    }
}

fn is_plain(ty: &Type) -> bool {
    last(ty).is_some_and(|last| is_one_of(&last.ident, &PLAIN))
}

/// `Path<u32>` of `web::Path<u32>`.
fn last(ty: &Type) -> Option<&PathSegment> {
    let Type::Path(TypePath { path, .. }) = ty else { return None };
    path.segments.last()
}

/// The types in a segment's `<…>`.
fn types(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Vec::new() };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// What stands in a return type.
#[derive(Default)]
struct Returns {
    response: bool,
    future: bool,
    /// Inside something that makes no response of what it holds.
    inside: bool,
}

impl Returns {
    fn within(&mut self, inside: bool, visit: impl FnOnce(&mut Self)) {
        let outside = self.inside;
        self.inside |= inside;
        visit(self);
        self.inside = outside;
    }
}

impl<'a> Visit<'a> for Returns {
    fn visit_path_segment(&mut self, segment: &'a PathSegment) {
        let name = &segment.ident;
        let future = name.to_string().ends_with("Future") || name == "Ready";
        self.response |=
            is_one_of(name, &RESPONSES) || (!self.inside && is_one_of(name, &RETURNED));
        self.future |= future;
        let opens = future || is_one_of(name, &["Result", "Option", "Box", "Pin"]);
        self.within(!opens, |returns| match types(segment).first() {
            // An error that is a response is how helpers leave early; what they return is what counts.
            Some(ok) if name == "Result" => returns.visit_type(ok),
            _ => visit::visit_path_segment(returns, segment),
        });
    }

    fn visit_type_tuple(&mut self, tuple: &'a TypeTuple) {
        let status = tuple.elems.last().and_then(last);
        let responds =
            tuple.elems.len() == 2 && status.is_some_and(|last| last.ident == "StatusCode");
        self.within(!responds, |returns| visit::visit_type_tuple(returns, tuple));
    }
}

fn mentions_response(token: TokenTree) -> bool {
    match token {
        TokenTree::Ident(name) => is_one_of(&name, &RESPONSES) || is_one_of(&name, &RETURNED),
        TokenTree::Group(group) => group.stream().into_iter().any(mentions_response),
        _ => false,
    }
}

fn is_one_of(name: &Ident, known: &[&str]) -> bool {
    known.iter().any(|known| name == known)
}
