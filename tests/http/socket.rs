//! CHECKLIST D2, over real sockets: no method, path or spelling slips past a rule.

use actix_web::{Responder, get, head, web};
use auth_runtime::{public, require_auth, require_role};
use auth_tests::{MISSING, Tokens};

use crate::server::Server;

#[require_auth]
#[get("/me")]
async fn me() -> impl Responder {
    "guarded"
}

#[require_auth]
#[head("/me")]
async fn head_me() -> impl Responder {
    "guarded"
}

#[require_role("admin")]
async fn any_method() -> impl Responder {
    "guarded"
}

#[public]
#[get("/open")]
async fn open() -> impl Responder {
    "open"
}

fn server(normalize: bool) -> Server {
    let auth = Tokens::ready().auth();
    Server::start_with(normalize, move |config| {
        config
            .app_data(auth.clone())
            .service((me, head_me, open))
            .route("/any", web::to(any_method))
            .route("/users/{id}", web::to(any_method));
    })
}

fn head_of(response: &str) -> (&str, &str) {
    response.split_once("\r\n\r\n").unwrap_or((response, ""))
}

/// The head without what differs from one response to the next.
fn stable(head: &str) -> Vec<String> {
    let mut lines: Vec<String> = head
        .lines()
        .map(str::to_ascii_lowercase)
        .filter(|line| !line.starts_with("date:"))
        .collect();
    lines[1..].sort();
    lines
}

#[test]
fn a1_head_gets_the_same_status_and_headers_and_no_body() {
    let server = server(false);
    let (get, head) = (server.ask("GET", "/me", ""), server.ask("HEAD", "/me", ""));
    let ((get, body), (head, nothing)) = (head_of(&get), head_of(&head));
    assert_eq!(stable(get), stable(head));
    assert!(get.starts_with("HTTP/1.1 401 Unauthorized\r\n"));
    assert!(
        get.to_ascii_lowercase()
            .contains(&format!("www-authenticate: {}", MISSING.to_ascii_lowercase()))
    );
    assert_eq!(body, r#"{"error":"Unauthorized","message":"No authentication token provided"}"#);
    assert_eq!(nothing, "");
}

#[test]
fn d2_no_method_and_no_spelling_of_a_path_slips_past() {
    for server in [false, true].map(server) {
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get",
            "QUERY",
        ] {
            for target in [
                "/any",
                "/any?x=1",
                "/any/",
                "//any",
                "/any//",
                "/./any",
                "/%61ny",
                "/any%2f",
                "/any/.",
                "/any/..",
                "/x/../any",
                "/%2e/any",
                "/ANY",
                "/any;x=1",
                "/any%00",
                "/users/1",
                "/users/%2e%2e",
                "/users/%2F",
                "http://localhost/any",
                "http://other.example/any",
                "/open/../any",
                "/open/%2e%2e/any",
            ] {
                let response = server.ask(method, target, "");
                assert!(!response.contains("guarded"), "{method} {target}: {response}");
                assert!(!response.starts_with("HTTP/1.1 2"), "{method} {target}: {response}");
            }
            // The rule itself answers every method alike.
            if method != "CONNECT" {
                let response = server.ask(method, "/any", "");
                assert!(response.starts_with("HTTP/1.1 401 "), "{method}: {response}");
                let response = server.ask(method, "/any", "Authorization: Bearer user\r\n");
                assert!(response.starts_with("HTTP/1.1 403 "), "{method}: {response}");
                let response = server.ask(method, "/any", "Authorization: Bearer admin\r\n");
                assert!(response.starts_with("HTTP/1.1 200 "), "{method}: {response}");
            }
        }
        assert!(server.ask("GET", "/open", "").ends_with("open"));
    }
}

#[test]
fn a4_two_lines_on_the_wire_are_repeated_credentials() {
    let server = server(false);
    let lines = "Authorization: Bearer admin\r\nauthorization: Bearer admin\r\n";
    assert!(server.ask("GET", "/any", lines).starts_with("HTTP/1.1 400 "));
    // One line with a comma is one credential, and a malformed one.
    let line = "Authorization: Bearer admin, Bearer admin\r\n";
    assert!(server.ask("GET", "/any", line).starts_with("HTTP/1.1 401 "));
}

/// D1: the answer comes although the body never does.
#[test]
fn d1_a_refusal_does_not_wait_for_the_body() {
    let server = server(false);
    let response = server
        .send("POST /any HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n{\"never");
    assert!(response.starts_with("HTTP/1.1 401 "), "{response}");
}

#[test]
fn a_connection_goes_on_after_a_refusal() {
    let server = server(false);
    let first = "GET /any HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let second = "GET /any HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer admin\r\nConnection: close\r\n\r\n";
    let responses = server.send(&format!("{first}{second}"));
    assert_eq!(responses.matches("HTTP/1.1 401 ").count(), 1, "{responses}");
    assert_eq!(responses.matches("HTTP/1.1 200 ").count(), 1, "{responses}");
    assert!(responses.ends_with("guarded"));
}
