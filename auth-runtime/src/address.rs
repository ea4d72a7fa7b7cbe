//! Request → the client's address, and named networks it may be in.

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
};

use actix_web::{
    HttpRequest,
    http::header::{HeaderMap, HeaderValue},
};
use ipnet::IpNet;

/// Which header a trusted proxy writes the client's address into.
///
/// Only one of them counts: a proxy that writes one passes the other on as the client sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForwardedBy {
    /// `X-Forwarded-For: client, proxy, proxy`.
    XForwardedFor,
    /// `Forwarded: for=client;proto=https, for=proxy` (RFC 7239).
    Forwarded,
}

/// Networks by the names that policies call them by, and the proxies that may speak for others.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    named: BTreeMap<Box<str>, Vec<IpNet>>,
    proxies: Vec<IpNet>,
    header: Option<ForwardedBy>,
}

/// A network that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NetworkError {
    #[error(
        "`{text}` is no network: write an address and a prefix length, such as `10.0.0.0/8` or `2001:db8::/32`, or one address ({of})"
    )]
    Unreadable { text: String, of: String },
    #[error("`{text}` has bits set behind its prefix: write `{truncated}` ({of})")]
    HostBits { text: String, truncated: IpNet, of: String },
    #[error("`{text}` is an IPv4 network in IPv6 clothing: write it as IPv4 ({of})")]
    Mapped { text: String, of: String },
    #[error("{of} has no network: name at least one, such as `10.0.0.0/8`")]
    Empty { of: String },
}

impl Networks {
    pub(crate) fn name(&mut self, name: &str, texts: &[String]) -> Result<(), NetworkError> {
        let networks = read(texts, &format!("network `{name}`"))?;
        self.named.entry(name.into()).or_default().extend(networks);
        Ok(())
    }

    pub(crate) fn trust(
        &mut self,
        header: ForwardedBy,
        texts: &[String],
    ) -> Result<(), NetworkError> {
        self.proxies = read(texts, "the trusted proxies")?;
        self.header = Some(header);
        Ok(())
    }

    /// The networks of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&[IpNet]> {
        self.named.get(name).map(Vec::as_slice)
    }

    /// Where the request comes from; `None` if that cannot be told (a Unix socket, a proxy that writes no
    /// address). An unknown address is in no network.
    pub(crate) fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        self.behind_proxies(request.peer_addr()?.ip().to_canonical(), request.headers())
    }

    /// The right-most address that is no trusted proxy's: whatever stands further left, the client may have written.
    fn behind_proxies(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let (Some(header), true) = (self.header, contain(&self.proxies, peer)) else {
            return Some(peer);
        };
        let hops = match header {
            ForwardedBy::XForwardedFor => x_forwarded_for(headers),
            ForwardedBy::Forwarded => forwarded(headers),
        };
        let mut client = peer;
        for hop in hops {
            // What a trusted proxy wrote and we cannot read is an address we do not know: nobody's.
            client = hop?;
            if !contain(&self.proxies, client) {
                break;
            }
        }
        Some(client)
    }
}

/// Whether an address is in one of these networks. IPv4 addresses in IPv6 clothing are IPv4 addresses.
pub(crate) fn contain(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

fn read(texts: &[String], of: &str) -> Result<Vec<IpNet>, NetworkError> {
    if texts.is_empty() {
        return Err(NetworkError::Empty { of: of.to_owned() });
    }
    texts.iter().map(|text| network(text, of)).collect()
}

/// A network as the attributes take it: no bits behind the prefix, no IPv4 in IPv6 clothing.
fn network(text: &str, of: &str) -> Result<IpNet, NetworkError> {
    let network = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| NetworkError::Unreadable { text: text.to_owned(), of: of.to_owned() })?;
    if let IpNet::V6(v6) = network
        && v6.addr().to_ipv4_mapped().is_some()
    {
        return Err(NetworkError::Mapped { text: text.to_owned(), of: of.to_owned() });
    }
    let truncated = network.trunc();
    if truncated != network {
        return Err(NetworkError::HostBits { text: text.to_owned(), truncated, of: of.to_owned() });
    }
    Ok(network)
}

/// One entry each, right to left, `None` where it is no address.
///
/// What stands on the left the client may have written, and whatever it is, it must not change how the rest is read: an
/// address that is unknown is in no network, but nobody counts its failures either.
type Hops = Vec<Option<IpAddr>>;

fn x_forwarded_for(headers: &HeaderMap) -> Hops {
    let lines: Vec<&[u8]> = headers.get_all("x-forwarded-for").map(HeaderValue::as_bytes).collect();
    let entries = lines.into_iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
    entries.map(node).collect()
}

/// `Forwarded` (RFC 7239 §4): elements with commas between them, each of pairs with semicolons. An element without
/// `for` hides who sent the request.
fn forwarded(headers: &HeaderMap) -> Hops {
    let lines: Vec<&[u8]> = headers.get_all("forwarded").map(HeaderValue::as_bytes).collect();
    let elements = lines.into_iter().rev().flat_map(|line| from_the_right(line, b','));
    elements.map(forwarded_for).collect()
}

fn forwarded_for(element: &[u8]) -> Option<IpAddr> {
    let mut addresses = from_the_right(element, b';').filter_map(|pair| {
        let end = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = pair.split_at_checked(end)?;
        let is_for = name.trim_ascii().eq_ignore_ascii_case(b"for");
        is_for.then(|| unquoted(value.get(1..).unwrap_or_default().trim_ascii()))
    });
    // Twice in one element is a forgery or a mistake: unknown.
    match (addresses.next(), addresses.next()) {
        (Some(address), None) => node(address),
        _ => None,
    }
}

/// The parts of a text, the last one first, without regard to separators in quotes (RFC 9110 §5.6.4).
///
/// Read from the right, so that a quote which the client left open does not swallow what the proxy wrote behind it.
fn from_the_right(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut quoted, mut at) = (false, text.len());
        while let Some((byte, before)) = text.get(..at).and_then(<[u8]>::split_last) {
            at = before.len();
            if *byte == b'"' {
                // Whoever is inside goes out at a quote that has no backslash in front of it.
                let slashes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
                quoted = !quoted || slashes % 2 == 1;
            } else if *byte == separator && !quoted {
                rest = Some(before);
                return text.get(at + 1..);
            }
        }
        rest = None;
        Some(text)
    })
}

fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value)
}

/// An address, possibly with a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    text.parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(bracketed)
        .map(|address| address.to_canonical())
}

impl fmt::Display for ForwardedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::XForwardedFor => "X-Forwarded-For",
            Self::Forwarded => "Forwarded",
        })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderName;

    use super::*;

    fn networks(header: ForwardedBy) -> Networks {
        let mut networks = Networks::default();
        let proxies = ["10.0.0.0/8".to_owned(), "fd00::/8".to_owned()];
        networks.trust(header, &proxies).unwrap();
        networks
    }

    fn client(
        networks: &Networks,
        peer: &str,
        name: &'static str,
        lines: &[&'static str],
    ) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(line));
        }
        let client =
            networks.behind_proxies(peer.parse::<IpAddr>().unwrap().to_canonical(), &headers);
        client.map(|client| client.to_string())
    }

    /// D6
    #[test]
    fn the_right_most_untrusted_address_wins() {
        let networks = networks(ForwardedBy::XForwardedFor);
        for (peer, lines, expected) in [
            ("10.1.1.1", ["203.0.113.7"].as_slice(), Some("203.0.113.7")),
            ("10.1.1.1", &["10.0.0.5, 203.0.113.7"], Some("203.0.113.7")),
            ("10.1.1.1", &["192.0.2.1, 203.0.113.7, 10.9.9.9"], Some("203.0.113.7")),
            ("10.1.1.1", &["192.0.2.1", "203.0.113.7, 10.9.9.9"], Some("203.0.113.7")),
            ("10.1.1.1", &["203.0.113.7:4711"], Some("203.0.113.7")),
            ("10.1.1.1", &["[2001:db8::1]:4711"], Some("2001:db8::1")),
            ("10.1.1.1", &["2001:db8::1"], Some("2001:db8::1")),
            ("10.1.1.1", &["[2001:db8::1]"], Some("2001:db8::1")),
            ("10.1.1.1", &["::ffff:203.0.113.7"], Some("203.0.113.7")),
            ("fd00::1", &["203.0.113.7"], Some("203.0.113.7")),
            ("::ffff:10.1.1.1", &["203.0.113.7"], Some("203.0.113.7")),
            // All of them are proxies: the left-most is the best we know.
            ("10.1.1.1", &["10.2.2.2, 10.3.3.3"], Some("10.2.2.2")),
            ("10.1.1.1", &[], Some("10.1.1.1")),
            // What the trusted proxy wrote is no address: nobody knows.
            ("10.1.1.1", &["192.0.2.1, unknown"], None),
            ("10.1.1.1", &[""], None),
            ("10.1.1.1", &["192.0.2.1,"], None),
            // Garbage left of the address that counts is the client's own affair.
            ("10.1.1.1", &["garbage, 203.0.113.7"], Some("203.0.113.7")),
            // Nobody trusts this peer, so its headers count for nothing.
            ("203.0.113.9", &["10.0.0.1"], Some("203.0.113.9")),
        ] {
            assert_eq!(
                client(&networks, peer, "x-forwarded-for", lines).as_deref(),
                expected,
                "{lines:?}"
            );
            // The other header is not looked at.
            assert_eq!(
                client(&networks, peer, "forwarded", &["for=192.0.2.9"]).as_deref(),
                Some(&*peer.parse::<IpAddr>().unwrap().to_canonical().to_string())
            );
        }
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        let networks = networks(ForwardedBy::Forwarded);
        for (line, expected) in [
            ("for=203.0.113.7", Some("203.0.113.7")),
            ("For=\"[2001:db8:cafe::17]:4711\"", Some("2001:db8:cafe::17")),
            ("for=192.0.2.43, for=203.0.113.7;proto=http;by=10.0.0.1", Some("203.0.113.7")),
            ("proto=https;for=203.0.113.7", Some("203.0.113.7")),
            ("for = \"203.0.113.7\" ;proto=https", Some("203.0.113.7")),
            ("for=203.0.113.7;host=\"a,b;for=192.0.2.1\"", Some("203.0.113.7")),
            ("for=192.0.2.43, for=10.0.0.9", Some("192.0.2.43")),
            ("for=unknown", None),
            ("for=_hidden", None),
            ("proto=https", None),
            ("for=192.0.2.1;for=203.0.113.7", None),
            // Whatever quotes the client left open, what the proxy wrote is never inside.
            ("for=192.0.2.1;x=\", for=203.0.113.7", Some("203.0.113.7")),
            ("for=192.0.2.1;x=\"\\\", for=203.0.113.7", Some("203.0.113.7")),
            ("x=\", for=\"[2001:db8::17]:80\";host=\"a,b\"", Some("2001:db8::17")),
            // Nor is it outside what the client made the proxy quote.
            ("for=203.0.113.7;host=\"a\\\", for=192.0.2.1;x=\\\"\"", Some("203.0.113.7")),
            ("for=203.0.113.7;host=\"a\\\\\"", Some("203.0.113.7")),
            // Two backslashes are one that is quoted, and quote nothing themselves.
            ("for=203.0.113.7;host=\"a\";x=\\\\\"b\"", Some("203.0.113.7")),
        ] {
            assert_eq!(
                client(&networks, "10.1.1.1", "forwarded", &[line_of(line)]).as_deref(),
                expected,
                "{line}"
            );
        }
    }

    /// D6
    #[test]
    fn several_lines_of_forwarded_are_one_list() {
        let networks = networks(ForwardedBy::Forwarded);
        for (lines, expected) in [
            (["for=192.0.2.1", "for=203.0.113.7"], "203.0.113.7"),
            (["for=192.0.2.1, for=203.0.113.7", "for=10.9.9.9"], "203.0.113.7"),
            (["for=unknown", "for=203.0.113.7, for=10.9.9.9"], "203.0.113.7"),
        ] {
            let found = client(&networks, "10.1.1.1", "forwarded", &lines);
            assert_eq!(found.as_deref(), Some(expected), "{lines:?}");
        }
    }

    #[test]
    fn an_ipv4_peer_in_ipv6_clothing_is_an_ipv4_client() {
        let request = actix_web::test::TestRequest::default()
            .peer_addr("[::ffff:203.0.113.7]:4711".parse().unwrap())
            .to_http_request();
        let client = Networks::default().client(&request);
        assert_eq!(client, Some(IpAddr::from([203, 0, 113, 7])));
    }

    fn line_of(line: &str) -> &'static str {
        Box::leak(line.to_owned().into_boxed_str())
    }

    /// D6
    #[test]
    fn without_trusted_proxies_headers_count_for_nothing() {
        let networks = Networks::default();
        for name in ["x-forwarded-for", "forwarded"] {
            let found = client(&networks, "203.0.113.9", name, &["for=10.0.0.1, 10.0.0.1"]);
            assert_eq!(found.as_deref(), Some("203.0.113.9"));
        }
    }

    #[test]
    fn networks_are_read_strictly() {
        let problem = |text: &str| {
            Networks::default()
                .name("office", &[text.to_owned()])
                .map_err(|error| error.to_string())
        };
        assert_eq!(problem("10.0.0.0/8"), Ok(()));
        assert_eq!(problem("::1"), Ok(()));
        for (text, part) in [
            ("10.0.0.1/8", "write `10.0.0.0/8`"),
            ("2001:db8::1/32", "write `2001:db8::/32`"),
            ("10.0.0.0/33", "is no network"),
            ("office", "is no network"),
            ("::ffff:10.0.0.0/104", "write it as IPv4"),
        ] {
            let error = problem(text).unwrap_err();
            assert!(error.contains(part) && error.contains("network `office`"), "{error}");
        }
        assert!(Networks::default().name("office", &[]).is_err());
    }

    #[test]
    fn a_network_that_is_named_twice_has_the_addresses_of_both() {
        let mut networks = Networks::default();
        for text in ["10.0.0.0/8", "192.0.2.0/24"] {
            networks.name("office", &[text.to_owned()]).unwrap();
        }
        let office = networks.named("office").unwrap();
        for (address, inside) in [("10.1.1.1", true), ("192.0.2.1", true), ("203.0.113.7", false)] {
            assert_eq!(contain(office, address.parse().unwrap()), inside, "{address}");
        }
    }
}
