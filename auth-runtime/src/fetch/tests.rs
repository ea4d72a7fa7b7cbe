//! CHECKLIST K2, over sockets: whom a fetch asks, how long, and how much it takes.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use super::*;

#[test]
fn k2_only_what_is_encrypted_or_stays_here_is_asked() {
    for text in [
        "https://id.example.com/keys",
        "http://127.0.0.1:8080/keys",
        "http://[::1]/keys",
        "http://localhost/keys",
    ] {
        assert!(url(text).is_ok(), "{text}");
    }
    for text in [
        "http://id.example.com/keys",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "http://10.0.0.1/keys",
        "http://0.0.0.0/keys",
        "http://[::ffff:10.0.0.1]/keys",
        "ftp://127.0.0.1/keys",
        "file:///etc/passwd",
        "data:application/json,{}",
        "id.example.com/keys",
        "https://",
        "",
    ] {
        assert!(url(text).is_err(), "{text}");
    }
}

#[test]
fn l4_no_password_stands_in_an_error() {
    for text in [
        "https://me:secret@id.example.com/",
        "http://secret@id.example.com/",
        "https://me:secret@",
        "https://me:secret@id.example.com:port/",
        "me:secret@id.example.com",
    ] {
        let problem = url(text).unwrap_err().to_string();
        assert!(!problem.contains("secret"), "{problem}");
    }
    let problem = url("https://me:secret@id.example.com/").unwrap_err();
    assert_eq!(problem, UrlError::Password("https://…@id.example.com/".to_owned()));
}

/// Some issuers' key sets, and some introspection endpoints, want a key in their query.
#[test]
fn l4_no_query_stands_in_an_error() {
    for text in [
        "http://id.example.com/keys?key=secret",
        "http://id.example.com/keys#secret",
        "http://id.example.com/keys?key=se@secret",
        "https://me:se?secret@id.example.com/",
        "https://me@id.example.com/keys?key=secret",
        "id.example.com/keys?key=secret",
    ] {
        let problem = url(text).unwrap_err().to_string();
        assert!(!problem.contains("secret"), "{problem}");
    }
    let problem = url("http://id.example.com/keys?key=secret").unwrap_err();
    assert_eq!(problem, UrlError::Insecure("http://id.example.com/keys?…".to_owned()));
}

/// Answers every request with what `answer` writes, and counts them.
fn serve(
    address: &str,
    answer: impl Fn(&mut TcpStream) + Send + 'static,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            // The head of a request is small enough to come at once.
            let _ = stream.read(&mut [0; 4096]);
            counting.fetch_add(1, Ordering::SeqCst);
            answer(&mut stream);
        }
    });
    (address, asked)
}

/// An answer with these header lines; whoever has gone does not matter.
fn write(stream: &mut TcpStream, head: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

fn fetch(url: &str) -> Result<Fetched, FetchError> {
    fetch_within(url, Duration::from_secs(5), DEFAULT_LIMIT)
}

fn fetch_within(text: &str, timeout: Duration, limit: usize) -> Result<Fetched, FetchError> {
    let fetcher = Fetcher::new(timeout, limit, &Roots::default()).unwrap();
    actix_web::rt::System::new().block_on(fetcher.get(&url(text).unwrap(), None))
}

#[track_caller]
fn assert_document(fetched: Result<Fetched, FetchError>, expected: &[u8]) {
    match fetched {
        Ok(Fetched::Document { body, .. }) => assert_eq!(body, expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn k2_a_document_is_as_large_as_the_limit_and_no_larger() {
    // Said beforehand, or only seen as it comes.
    for head in ["200 OK\r\nContent-Length: 10", "200 OK"] {
        let (address, _) = serve("127.0.0.1:0", move |stream| write(stream, head, b"0123456789"));
        let url = format!("http://{address}/");
        assert_document(fetch_within(&url, DEFAULT_TIMEOUT, 10), b"0123456789");
        let error = fetch_within(&url, DEFAULT_TIMEOUT, 9).unwrap_err();
        assert!(matches!(error, FetchError::TooLarge(9)), "{error}");
        assert!(!error.is_temporary());
    }
}

#[test]
fn k2_a_document_without_end_is_not_read_to_its_end() {
    let (address, _) = serve("127.0.0.1:0", |stream| {
        write(stream, "200 OK", b"");
        while stream.write_all(&[b' '; 4096]).is_ok() {}
    });
    let start = Instant::now();
    let error = fetch(&format!("http://{address}/")).unwrap_err();
    assert!(matches!(error, FetchError::TooLarge(DEFAULT_LIMIT)), "{error}");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

/// A few bytes that decompress to many: no feature that another crate enables may make us do so beyond the limit.
#[test]
fn k2_what_is_compressed_counts_as_it_is_read() {
    let (address, _) = serve("127.0.0.1:0", |stream| {
        write(stream, "200 OK\r\nContent-Encoding: gzip", b"\x1f\x8b not gzip");
    });
    assert_document(fetch(&format!("http://{address}/")), b"\x1f\x8b not gzip");
}

#[test]
fn k2_neither_silence_nor_a_trickle_takes_longer_than_the_limit() {
    let silent = |_: &mut TcpStream| thread::sleep(Duration::from_secs(3));
    let trickle = |stream: &mut TcpStream| {
        write(stream, "200 OK", b"");
        for _ in 0..30 {
            thread::sleep(Duration::from_millis(100));
            let _ = stream.write_all(b" ");
        }
    };
    for (address, _) in [serve("127.0.0.1:0", silent), serve("127.0.0.1:0", trickle)] {
        let start = Instant::now();
        let error =
            fetch_within(&format!("http://{address}/"), Duration::from_millis(200), 9).unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        assert!(error.is_temporary() && error.to_string().contains("took too long"), "{error}");
    }
}

#[test]
fn k2_a_redirect_leaves_neither_host_nor_port_nor_encryption() {
    let (other, asked) = serve("127.0.0.1:0", |stream| write(stream, "200 OK", b"{}"));
    let targets = [
        format!("http://{other}/"),
        format!("http://localhost:{}/", other.port()),
        format!("//{other}/"),
        "https://id.example.com/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ];
    for target in targets {
        for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
        {
            let head = format!("{status}\r\nLocation: {target}\r\nContent-Length: 0");
            let (address, _) = serve("127.0.0.1:0", move |stream| write(stream, &head, b""));
            let error = fetch(&format!("http://{address}/")).unwrap_err();
            assert!(matches!(error, FetchError::Redirected), "{target}: {error}");
            assert!(!error.is_temporary());
        }
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn k2_a_circle_of_redirects_ends() {
    let (address, asked) =
        serve("127.0.0.1:0", |stream| write(stream, "302 Found\r\nLocation: /again", b""));
    assert!(matches!(fetch(&format!("http://{address}/")), Err(FetchError::Redirected)));
    assert_eq!(asked.load(Ordering::SeqCst), MOST_REDIRECTS + 1);
}

#[test]
fn k2_localhost_is_this_machine_whatever_a_resolver_says() {
    let (address, asked) = serve("127.0.0.1:0", |stream| write(stream, "200 OK", b"{}"));
    assert_document(fetch(&format!("http://localhost:{}/", address.port())), b"{}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn only_who_named_a_document_is_told_that_it_is_the_same() {
    let (address, _) = serve("127.0.0.1:0", |stream| write(stream, "304 Not Modified", b""));
    let address = url(&format!("http://{address}/")).unwrap();
    let fetcher = Fetcher::new(DEFAULT_TIMEOUT, DEFAULT_LIMIT, &Roots::default()).unwrap();
    let tag = HeaderValue::from_static("\"1\"");
    actix_web::rt::System::new().block_on(async {
        let named = fetcher.get(&address, Some(&tag)).await;
        assert!(matches!(named, Ok(Fetched::NotModified)), "{named:?}");
        let unnamed = fetcher.get(&address, None).await;
        assert!(
            matches!(unnamed, Err(FetchError::Status(StatusCode::NOT_MODIFIED))),
            "{unnamed:?}"
        );
    });
}

#[test]
fn what_may_be_better_in_a_moment_is_told_from_what_somebody_has_to_mend() {
    for (head, temporary) in [
        ("500 Oops", true),
        ("503 Busy", true),
        ("429 Slow Down", true),
        ("408 Late", true),
        ("204 Nothing", false),
        ("206 Some", false),
        ("400 What", false),
        ("401 Who", false),
        ("404 Where", false),
        ("300 Choose", false),
    ] {
        let (address, _) = serve("127.0.0.1:0", move |stream| write(stream, head, b""));
        let error = fetch(&format!("http://{address}/")).unwrap_err();
        assert!(matches!(error, FetchError::Status(_)), "{head}: {error}");
        assert_eq!(error.is_temporary(), temporary, "{head}");
    }
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = fetch(&format!("http://{gone}/")).unwrap_err();
    assert!(error.is_temporary() && error.to_string().starts_with("nobody answers: "), "{error}");
}

/// Neither a certificate that nobody vouches for, nor no encryption at all.
#[test]
fn k2_a_host_has_to_prove_who_it_is() {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.der().clone()], key)
        .unwrap();
    let (config, spoken) = (Arc::new(config), Arc::new(AtomicUsize::new(0)));

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let counting = Arc::clone(&spoken);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let session = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(session, stream);
            if stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {
                counting.fetch_add(1, Ordering::SeqCst);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
            }
        }
    });
    let error = fetch(&format!("https://localhost:{}/", address.port())).unwrap_err();
    assert!(error.is_temporary() && error.to_string().contains("certificate"), "{error}");
    assert_eq!(spoken.load(Ordering::SeqCst), 0);

    let (plain, _) = serve("127.0.0.1:0", |stream| write(stream, "200 OK", b"{}"));
    let error = fetch(&format!("https://localhost:{}/", plain.port())).unwrap_err();
    assert!(error.is_temporary(), "{error}");
}
