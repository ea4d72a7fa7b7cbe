//! RESPONSES Z3; CHECKLIST D6: where a request comes from.

use actix_web::{HttpRequest, Responder, get, http::header::AUTHORIZATION, test::TestRequest};
use auth_runtime::{
    Auth, AuthBuilder, ForwardedBy, Identity, Policy, authorize, guard, require_auth, require_ip,
};
use auth_tests::{Answer, INVALID, MISSING, Tokens};

use crate::send_to;

const DENIED: &str = "You do not have permission to access this resource";

#[require_auth]
#[require_ip("10.0.0.0/8", "2001:db8::/32")]
#[get("/inside")]
async fn inside() -> impl Responder {
    "inside"
}

#[authorize(network("office") && role("admin"))]
#[get("/office")]
async fn office() -> impl Responder {
    "office"
}

#[authorize(ip("10.0.0.0/8") || role("admin"))]
#[get("/either")]
async fn either(caller: Option<Identity>) -> impl Responder {
    caller.map_or_else(|| "anonymous".to_owned(), |caller| caller.subject().to_owned())
}

#[authorize(ip("10.0.0.0/8") || role("admin"))]
#[get("/nobody-asked")]
async fn nobody_asked() -> impl Responder {
    "nobody-asked"
}

#[authorize(!ip("192.0.2.0/24") && authenticated())]
#[get("/not-from")]
async fn not_from() -> impl Responder {
    "not-from"
}

static NO_SUCH_NETWORK: Policy = Policy::Network("typo");

#[get("/by-hand")]
async fn by_hand(request: HttpRequest) -> impl Responder {
    match guard(&request, &NO_SUCH_NETWORK).await {
        Ok(_) => actix_web::HttpResponse::Ok().finish(),
        Err(rejection) => rejection.into_response(&request),
    }
}

fn auth(tokens: &Tokens) -> AuthBuilder {
    Auth::builder().verifier(tokens.clone()).network("office", ["198.51.100.0/24", "2001:db8:1::1"])
}

const X: &str = "x-forwarded-for";
const F: &str = "forwarded";

struct From<'a> {
    peer: Option<&'a str>,
    headers: &'a [(&'static str, &'a str)],
    token: Option<&'a str>,
}

async fn ask(auth: Auth, path: &str, from: From<'_>) -> Answer {
    let mut request = TestRequest::get().uri(path);
    if let Some(peer) = from.peer {
        request = request.peer_addr(std::net::SocketAddr::new(peer.parse().unwrap(), 4711));
    }
    for header in from.headers {
        request = request.append_header(*header);
    }
    if let Some(token) = from.token {
        request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
    }
    send_to(auth, (inside, office, either, nobody_asked, not_from, by_hand), request).await
}

#[actix_web::test]
async fn z3_address_not_allowed_before_credentials_are_looked_at() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        for peer in [Some("192.0.2.1"), Some("2001:db9::1"), Some("::ffff:192.0.2.1"), None] {
            for token in [None, Some("admin"), Some("unknown"), Some("not a token")] {
                let from = From { peer, headers: &[], token };
                let answer = ask(auth(&tokens).build().unwrap(), "/inside", from).await;
                answer.assert(403, None, DENIED);
            }
        }
        assert_eq!(tokens.asked(), 0, "credentials were looked at");

        for peer in ["10.1.2.3", "2001:db8::1", "::ffff:10.1.2.3"] {
            let from = |token| From { peer: Some(peer), headers: &[], token };
            let ask =
                async |token| ask(auth(&tokens).build().unwrap(), "/inside", from(token)).await;
            ask(None).await.assert(401, Some(MISSING), "No authentication token provided");
            ask(Some("unknown")).await.assert(401, Some(INVALID), "Invalid or expired token");
            assert_eq!(ask(Some("user")).await.status, 200);
        }
    }
}

#[actix_web::test]
async fn z3_networks_have_names() {
    for (peer, token, status) in [
        ("198.51.100.7", Some("admin"), 200),
        ("2001:db8:1::1", Some("admin"), 200),
        ("2001:db8:1::2", Some("admin"), 403),
        ("198.51.100.7", Some("user"), 403),
        ("198.51.100.7", None, 401),
        ("192.0.2.1", Some("admin"), 403),
        ("192.0.2.1", None, 403),
    ] {
        let from = From { peer: Some(peer), headers: &[], token };
        let answer = ask(auth(&Tokens::ready()).build().unwrap(), "/office", from).await;
        assert_eq!(answer.status.as_u16(), status, "{peer} {token:?}");
    }
}

#[actix_web::test]
async fn a_network_without_addresses_is_a_500_that_names_the_fix() {
    let bare = Auth::builder().verifier(Tokens::ready()).build().unwrap();
    // It comes before credentials, as addresses do: whoever sends what, nobody is asked to log in.
    for path in ["/office", "/by-hand"] {
        for token in [Some("admin"), Some("unknown"), None] {
            let log = crate::setup::Log::default();
            let answer = {
                let _listening = log.listen();
                let from = From { peer: Some("198.51.100.7"), headers: &[], token };
                ask(bare.clone(), path, from).await
            };
            answer.assert(500, None, "Authentication is not available");
            assert!(log.text().contains(".network("), "{}", log.text());
        }
    }
}

#[actix_web::test]
async fn an_address_may_be_enough() {
    let tokens = Tokens::ready();
    for (peer, token, status, body) in [
        ("10.1.2.3", None, 200, "anonymous"),
        ("10.1.2.3", Some("user"), 200, "user"),
        // Optional authentication below it: bad credentials are never silently anonymous (A23).
        ("10.1.2.3", Some("unknown"), 401, ""),
        ("192.0.2.1", None, 401, ""),
        ("192.0.2.1", Some("user"), 403, ""),
        ("192.0.2.1", Some("admin"), 200, "admin"),
    ] {
        let from = From { peer: Some(peer), headers: &[], token };
        let answer = ask(auth(&tokens).build().unwrap(), "/either", from).await;
        assert_eq!(answer.status.as_u16(), status, "{peer} {token:?}");
        if status == 200 {
            assert_eq!(answer.body, body);
        }
    }
    // Where nobody asks who it is, credentials are not looked at.
    for tokens in [Tokens::ready(), Tokens::slow()] {
        for token in [None, Some("unknown"), Some("not a token")] {
            let from = From { peer: Some("10.1.2.3"), headers: &[], token };
            let answer = ask(auth(&tokens).build().unwrap(), "/nobody-asked", from).await;
            assert_eq!((answer.status.as_u16(), &*answer.body), (200, "nobody-asked"));
        }
        assert_eq!(tokens.asked(), 0);
    }
    for (peer, token, status) in [
        (Some("192.0.2.1"), Some("user"), 403),
        (Some("192.0.3.1"), Some("user"), 200),
        (Some("192.0.3.1"), None, 401),
        // Of an unknown address it is not known that it is not in there.
        (None, Some("user"), 403),
    ] {
        let from = From { peer, headers: &[], token };
        let answer = ask(auth(&tokens).build().unwrap(), "/not-from", from).await;
        assert_eq!(answer.status.as_u16(), status, "{peer:?} {token:?}");
    }
}

/// D6
#[actix_web::test]
async fn z3_a_spoofed_header_counts_only_behind_a_trusted_proxy_and_then_not_either() {
    let tokens = Tokens::ready();
    let direct = || auth(&tokens).build().unwrap();
    let behind =
        |header| auth(&tokens).trusted_proxies(header, ["203.0.113.0/24"]).build().unwrap();
    let x = || behind(ForwardedBy::XForwardedFor);
    let f = || behind(ForwardedBy::Forwarded);
    for (what, auth, peer, headers, status) in [
        ("no proxy is trusted", direct(), "203.0.113.9", [(X, "10.0.0.1")].as_slice(), 403),
        ("no proxy is trusted", direct(), "203.0.113.9", &[(F, "for=10.0.0.1")], 403),
        ("no proxy is trusted", direct(), "10.0.0.1", &[(X, "192.0.2.1")], 200),
        ("the proxy says so", x(), "203.0.113.9", &[(X, "10.0.0.1")], 200),
        ("the proxy says so", f(), "203.0.113.9", &[(F, "for=10.0.0.1;proto=https")], 200),
        ("this peer is no proxy", x(), "192.0.2.1", &[(X, "10.0.0.1")], 403),
        ("the client wrote the first", x(), "203.0.113.9", &[(X, "10.0.0.1, 192.0.2.1")], 403),
        ("the client wrote a line", x(), "203.0.113.9", &[(X, "10.0.0.1"), (X, "192.0.2.1")], 403),
        (
            "the client is right-most",
            x(),
            "203.0.113.9",
            &[(X, "192.0.2.1, 10.0.0.1, 203.0.113.8")],
            200,
        ),
        ("the other header", x(), "203.0.113.9", &[(F, "for=10.0.0.1")], 403),
        ("the other header", f(), "203.0.113.9", &[(X, "10.0.0.1")], 403),
        ("nobody can read it", x(), "203.0.113.9", &[(X, "10.0.0.1, unknown")], 403),
        (
            "an IPv4 address in IPv6 clothing",
            x(),
            "::ffff:203.0.113.9",
            &[(X, "::ffff:10.0.0.1")],
            200,
        ),
    ] {
        let from = From { peer: Some(peer), headers, token: Some("user") };
        let answer = ask(auth, "/inside", from).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {peer} {headers:?}");
    }
}

#[test]
fn a_network_that_is_none_does_not_build() {
    let problem = |builder: AuthBuilder| builder.build().unwrap_err().to_string();
    let bare = || Auth::builder().verifier(Tokens::ready());
    assert!(problem(bare().network("office", ["10.0.0.1/8"])).contains("write `10.0.0.0/8`"));
    assert!(problem(bare().network::<&str>("office", [])).contains("at least one"));
    let proxies = bare().trusted_proxies(ForwardedBy::Forwarded, ["proxy.example"]);
    assert!(problem(proxies).contains("is no network"));
}
