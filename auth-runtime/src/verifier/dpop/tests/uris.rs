//! `htu`, check 9 of RFC 9449 §4.3, and what is equivalent to it.

use super::*;
use crate::verifier::dpop::uri;

fn is(claimed: &str, path: &str) -> bool {
    verifier().is_requested(claimed, path)
}

#[test]
fn p2_check_9_equivalent_uris_are_equal() {
    for (claimed, path) in [
        ("https://api.example.com/me", "/me"),
        ("HTTPS://API.Example.COM/me", "/me"),
        ("https://api.example.com:443/me", "/me"),
        ("https://api.example.com:/me", "/me"),
        ("https://api.example.com:0443/me", "/me"),
        // Query and fragment do not count.
        ("https://api.example.com/me?a=b", "/me"),
        ("https://api.example.com/me#top", "/me"),
        ("https://api.example.com/me?a=/../b#c?d", "/me"),
        // RFC 3986 §6.2.2.2: what needs no escape may have one.
        ("https://api.example.com/%6De", "/me"),
        ("https://api.example.com/me", "/%6de"),
        ("https://api.example.com/%7Eann", "/~ann"),
        ("https://api.example.com/a%2fb", "/a%2Fb"),
        ("https://api.example.com/caf%c3%a9", "/caf%C3%A9"),
        ("https://api.example.com/café", "/caf%C3%A9"),
        ("https://api.example.com/a%20b", "/a%20b"),
        // RFC 3986 §5.2.4: dot segments are resolved before anybody asks.
        ("https://api.example.com/a/../me", "/me"),
        ("https://api.example.com/./me", "/me"),
        ("https://api.example.com/a/%2e%2E/me", "/me"),
        ("https://api.example.com/../../me", "/me"),
        ("https://api.example.com/a/b/..", "/a/"),
        ("https://api.example.com/a/.", "/a/"),
        ("https://api.example.com/a;x=1,2/@:b", "/a;x=1,2/@:b"),
        // RFC 3986 §6.2.3.
        ("https://api.example.com", "/"),
        ("https://api.example.com/", "/"),
        ("https://api.example.com?a", "/"),
        ("https://api.example.com//", "//"),
    ] {
        assert!(is(claimed, path), "{claimed} {path}");
    }
}

#[test]
fn p2_check_9_other_uris_are_not() {
    for (claimed, path) in [
        ("http://api.example.com/me", "/me"),
        ("https://api.example.com:8443/me", "/me"),
        ("https://api.example.com:80/me", "/me"),
        ("https://example.com/me", "/me"),
        ("https://api.example.com.evil.example/me", "/me"),
        ("https://evil.example/me", "/me"),
        ("https://api.example.com./me", "/me"),
        ("https://api.example.com@evil.example/me", "/me"),
        ("https://ann@api.example.com/me", "/me"),
        ("https://ann:pw@api.example.com/me", "/me"),
        ("https://evil.example#@api.example.com/me", "/me"),
        ("https://evil.example\\@api.example.com/me", "/me"),
        ("https://api.example.com%2F/me", "/me"),
        ("https://api.example.com:+443/me", "/me"),
        ("https://api.example.com:443x/me", "/me"),
        ("https://api.example.com:99999/me", "/me"),
        ("https://api.example.com:443:443/me", "/me"),
        ("https:///me", "/me"),
        ("https:/api.example.com/me", "/me"),
        ("//api.example.com/me", "/me"),
        ("/me", "/me"),
        ("me", "/me"),
        ("ftp://api.example.com/me", "/me"),
        (" https://api.example.com/me", "/me"),
        ("https://api.example.com/me ", "/me"),
        ("https://api.example.com/\tme", "/me"),
        ("https://api.example.com\n/me", "/me"),
        ("https://api.example.com/ME", "/me"),
        ("https://api.example.com/me/", "/me"),
        ("https://api.example.com//me", "/me"),
        ("https://api.example.com\\me", "/me"),
        ("https://api.example.com/a%2Fb", "/a/b"),
        ("https://api.example.com/a/b", "/a%2fb"),
        ("https://api.example.com/%252e", "/."),
        ("https://api.example.com/me%", "/me%"),
        ("https://api.example.com/me%4", "/me%4"),
        ("https://api.example.com/me%zz", "/me%zz"),
        ("https://api.example.com/me?a=b", "/me?a=b"),
        ("https://api.example.com/*", "*"),
        // A request for `/a/../me` is routed as it stands, and a proof for `/me` is none for what is below `/a`.
        ("https://api.example.com/me", "/a/../me"),
        ("https://api.example.com/a/../me", "/a/../me"),
        ("https://api.example.com/a/%2e%2e/me", "/a/%2E./me"),
        ("https://api.example.com/me", "/./me"),
    ] {
        assert!(!is(claimed, path), "{claimed} {path}");
    }
}

#[test]
fn p2_several_origins_and_what_a_proxy_takes_away() {
    let verifier = Dpop::new()
        .origin("https://api.example.com")
        .origin("http://[::1]:8080")
        .path_prefix("/v1%2F/%7Eapi")
        .load()
        .unwrap();
    for good in [
        "https://api.example.com/v1%2F/~api/me",
        "https://api.example.com/v1%2f/%7eapi/me",
        "http://[0:0:0:0:0:0:0:1]:8080/v1%2F/~api/me",
    ] {
        assert!(verifier.is_requested(good, "/me"), "{good}");
    }
    for wrong in [
        "https://api.example.com/me",
        "https://api.example.com/v1%2F/~apime",
        "http://api.example.com:8080/v1%2F/~api/me",
        "https://[::1]/v1%2F/~api/me",
        "http://[::1/v1%2F/~api/me",
        "http://[::1]x:8080/v1%2F/~api/me",
    ] {
        assert!(!verifier.is_requested(wrong, "/me"), "{wrong}");
    }
    // `OPTIONS *` asks about no path.
    assert!(!verifier.is_requested("https://api.example.com/v1%2F/~api*", "*"));
}

#[test]
fn an_origin_is_scheme_host_and_port() {
    for good in ["https://a", "http://localhost:8080", "https://[::1]", "HTTPS://A.example"] {
        assert!(uri::origin(good).is_some(), "{good}");
    }
    for wrong in [
        "",
        "a",
        "https://",
        "https://a/",
        "https://a/b",
        "https://a?b",
        "https://a#b",
        "https://a b",
        "https://u@a",
        "*",
        "ws://a",
        "https://ä.example",
    ] {
        assert!(uri::origin(wrong).is_none(), "{wrong}");
    }
    for wrong in ["/", "api", "/api/", "/a/../b", "/a?b", "/a b", "/%", "//"] {
        assert!(uri::prefix(wrong).is_none(), "{wrong}");
    }
}
