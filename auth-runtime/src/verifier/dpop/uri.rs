//! URIs, written so that equivalent ones are equal (RFC 3986 §6.2.2, §6.2.3).
//!
//! Written here, and not taken from a parser of browsers' URLs: those mend what they read, and two that mend differently
//! disagree about which URI a proof is for. What is not plainly a URI of `http` or `https` is none.

use std::net::Ipv6Addr;

/// Scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    tls: bool,
    /// In lower case.
    host: String,
    port: u16,
}

/// Origin and path of a URI. Query and fragment are left out (RFC 9449 §4.3, 9).
pub(super) fn parse(uri: &str) -> Option<(Origin, String)> {
    let (origin, rest) = split(uri)?;
    let path = rest.split(['?', '#']).next()?;
    Some((origin, without_dot_segments(&plainly_escaped(path)?)?))
}

/// What an operator says: an origin, and nothing else.
pub(super) fn origin(text: &str) -> Option<Origin> {
    split(text).filter(|(_, rest)| rest.is_empty()).map(|(origin, _)| origin)
}

/// What stands in front of every path; possibly nothing.
pub(super) fn prefix(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    let plain = plainly_escaped(text)?;
    let sound = plain.starts_with('/')
        && !plain.ends_with('/')
        && !plain.contains(['?', '#'])
        && !has_dot_segments(&plain);
    sound.then_some(plain)
}

/// The path that clients see, of a request's path and what a proxy took from its front.
///
/// Dot segments stay, and a path that has any is never equal to one that was [parsed](parse): clients resolve them before
/// they ask, and `/a/../b` is routed as it stands. A proof for `/b` would open a handler below `/a`.
pub(super) fn requested_path(prefix: &str, path: &str) -> Option<String> {
    let path = plainly_escaped(path)?;
    let path = if path.is_empty() { "/" } else { &*path };
    path.starts_with('/').then(|| format!("{prefix}{path}"))
}

fn split(uri: &str) -> Option<(Origin, &str)> {
    let (scheme, rest) = uri.split_once("://")?;
    let tls = if scheme.eq_ignore_ascii_case("https") {
        true
    } else if scheme.eq_ignore_ascii_case("http") {
        false
    } else {
        return None;
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end)?;
    let (host, port) = if let Some(inside) = authority.strip_prefix('[') {
        let (address, port) = inside.split_once(']')?;
        (address.parse::<Ipv6Addr>().ok()?.to_string(), port)
    } else {
        let end = authority.find(':').unwrap_or(authority.len());
        let (host, port) = authority.split_at_checked(end)?;
        (host_name(host)?, port)
    };
    let default_port = if tls { 443 } else { 80 };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => default_port,
        Some("") => default_port,
        // `parse` takes a sign too.
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        _ => return None,
    };
    Some((Origin { tls, host, port }, rest))
}

/// A name or an IPv4 address. User information, escapes and whatever else an authority may hold have no place in a proof.
fn host_name(host: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (!host.is_empty() && host.bytes().all(plain)).then(|| host.to_ascii_lowercase())
}

/// Escapes of characters that need none are taken away, and all others written in upper case (RFC 3986 §6.2.2.1, §6.2.2.2).
/// Beyond ASCII everything is escaped, as RFC 3987 §3.1 does.
fn plainly_escaped(path: &str) -> Option<String> {
    let mut plain = String::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let value = hex(bytes.next()?)? << 4 | hex(bytes.next()?)?;
                if value.is_ascii_alphanumeric() || b"-._~".contains(&value) {
                    plain.push(char::from(value));
                } else {
                    escape(value, &mut plain);
                }
            }
            b'!'..=b'~' => plain.push(char::from(byte)),
            0x80.. => escape(byte, &mut plain),
            // White space and control characters.
            _ => return None,
        }
    }
    Some(plain)
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

fn escape(value: u8, plain: &mut String) {
    plain.push('%');
    for digit in [value >> 4, value & 0xf] {
        plain
            .extend(char::from_digit(u32::from(digit), 16).map(|digit| digit.to_ascii_uppercase()));
    }
}

fn has_dot_segments(path: &str) -> bool {
    path.split('/').any(|segment| matches!(segment, "." | ".."))
}

/// RFC 3986 §5.2.4. An empty path is `/` (§6.2.3).
fn without_dot_segments(path: &str) -> Option<String> {
    if path.is_empty() {
        return Some("/".to_owned());
    }
    let mut segments: Vec<&str> = Vec::new();
    let mut rest = path.strip_prefix('/')?.split('/').peekable();
    while let Some(segment) = rest.next() {
        match segment {
            "." | ".." => {
                if segment == ".." {
                    segments.pop();
                }
                if rest.peek().is_none() {
                    segments.push("");
                }
            }
            segment => segments.push(segment),
        }
    }
    Some(format!("/{}", segments.join("/")))
}
