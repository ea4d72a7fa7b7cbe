//! Parameters of the request's path, as the handler's `web::Path` sees them.

use std::borrow::Cow;

use actix_web::HttpRequest;
use percent_encoding::percent_decode_str;

/// What the path says about one name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parameter<'a> {
    /// The route has no such parameter.
    Missing,
    /// The route has several of this name, and whoever reads them may mean another one than we.
    Ambiguous,
    /// It is not UTF-8 when decoded.
    Malformed,
    /// Percent-decoded.
    Text(Cow<'a, str>),
}

impl<'a> Parameter<'a> {
    pub(crate) fn of(request: &'a HttpRequest, name: &str) -> Self {
        let parameters = request.match_info();
        let mut values = parameters.iter().filter(|(known, _)| *known == name);
        match (values.next(), values.next()) {
            (None, _) => Self::Missing,
            (Some(_), Some(_)) => Self::Ambiguous,
            // actix-web has left `%25`, `%2B` and `%2F` as they are; `web::Path` decodes them, and so do we.
            (Some((_, value)), None) => {
                percent_decode_str(value).decode_utf8().map_or(Self::Malformed, Self::Text)
            }
        }
    }
}
