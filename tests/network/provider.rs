//! An issuer on a free port of the loopback interface, with keys of its own and many ways to misbehave.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// Nothing in a test takes longer.
const LONGEST: Duration = Duration::from_secs(20);

/// What is answered at one path.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Text(String),
    /// With an `ETag`, and 304 to whoever names it.
    Tagged(String, &'static str),
    Status(u16),
    RedirectTo(String),
    /// Nothing, until the reply at this path is another one.
    Hang,
    /// The right thing, one byte every so often.
    Slow(String, Duration),
    /// The connection is closed without a word.
    Close,
}

#[derive(Default)]
struct State {
    replies: Mutex<HashMap<String, Reply>>,
    /// Path and `If-None-Match` of every request.
    asked: Mutex<Vec<(String, Option<String>)>>,
}

/// The server, until it is dropped.
pub(crate) struct Provider {
    address: SocketAddr,
    state: Arc<State>,
    stop: Arc<AtomicBool>,
    accepting: Option<thread::JoinHandle<()>>,
}

impl Provider {
    pub(crate) fn start() -> Self {
        let state = Arc::new(State::default());
        let mut provider = Self {
            address: ([127, 0, 0, 1], 0).into(),
            state,
            stop: Arc::default(),
            accepting: None,
        };
        provider.come_back();
        provider
    }

    /// Starts to listen, at the same port as before.
    pub(crate) fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).unwrap();
        self.address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        self.stop = Arc::default();
        let (state, stop) = (Arc::clone(&self.state), Arc::clone(&self.stop));
        self.accepting = Some(thread::spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                let Ok((stream, _)) = listener.accept() else {
                    thread::sleep(Duration::from_millis(1));
                    continue;
                };
                stream.set_nonblocking(false).unwrap();
                let (state, stop) = (Arc::clone(&state), Arc::clone(&stop));
                thread::spawn(move || state.serve(stream, &stop));
            }
        }));
    }

    /// Stops listening: nobody is there any more.
    pub(crate) fn go_away(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(accepting) = self.accepting.take() {
            accepting.join().unwrap();
        }
    }

    /// The issuer's name, and where its documents are.
    pub(crate) fn name(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn reply(&self, path: &str, reply: Reply) {
        self.state.replies.lock().unwrap().insert(path.to_owned(), reply);
    }

    /// Publishes these keys at `/keys`.
    pub(crate) fn publish(&self, keys: &[&Signer]) {
        self.reply("/keys", Reply::Text(set(keys)));
    }

    /// How often this path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.state.asked.lock().unwrap().iter().filter(|(asked, _)| asked == path).count()
    }

    /// What was asked for so far, with `If-None-Match`.
    pub(crate) fn requests(&self) -> Vec<(String, Option<String>)> {
        self.state.asked.lock().unwrap().clone()
    }

    /// Waits until this path was asked for so often.
    pub(crate) async fn wait_for(&self, path: &str, times: usize) {
        eventually(|| self.asked(path) >= times).await;
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.go_away();
    }
}

/// Waits until something holds, which is to be soon.
pub(crate) async fn eventually(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < LONGEST, "it never came to be");
        actix_web::rt::time::sleep(Duration::from_millis(2)).await;
    }
}

impl State {
    fn serve(&self, stream: TcpStream, stop: &AtomicBool) {
        stream.set_read_timeout(Some(LONGEST)).unwrap();
        let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
        let Some(first) = lines.next() else { return };
        let Some(path) = first.split(' ').nth(1).map(str::to_owned) else { return };
        let mut tag = None;
        for line in lines.take_while(|line| !line.is_empty()) {
            if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("if-none-match")
            {
                tag = Some(value.to_owned());
            }
        }
        self.asked.lock().unwrap().push((path.clone(), tag.clone()));
        // Whoever asked may have gone, which is no concern of ours.
        let _ = self.answer(stream, stop, &path, tag.as_deref());
    }

    fn answer(
        &self,
        mut stream: TcpStream,
        stop: &AtomicBool,
        path: &str,
        tag: Option<&str>,
    ) -> std::io::Result<()> {
        let reply = || self.replies.lock().unwrap().get(path).cloned();
        let start = Instant::now();
        while let Some(Reply::Hang) = reply() {
            if stop.load(Ordering::SeqCst) || start.elapsed() > LONGEST {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(2));
        }
        let (status, headers, body, pause) = match reply() {
            Some(Reply::Text(body)) => (200, String::new(), body, None),
            Some(Reply::Slow(body, pause)) => (200, String::new(), body, Some(pause)),
            Some(Reply::Tagged(_, current)) if tag == Some(current) => {
                (304, String::new(), String::new(), None)
            }
            Some(Reply::Tagged(body, tag)) => (200, format!("ETag: {tag}\r\n"), body, None),
            Some(Reply::Status(status)) => (status, String::new(), "no".to_owned(), None),
            Some(Reply::RedirectTo(url)) => {
                (302, format!("Location: {url}\r\n"), String::new(), None)
            }
            Some(Reply::Close | Reply::Hang) => return Ok(()),
            None => (404, String::new(), "nothing here".to_owned(), None),
        };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status} Told\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
        )?;
        match pause {
            None => stream.write_all(body.as_bytes()),
            Some(pause) => body.as_bytes().chunks(1).try_for_each(|byte| {
                thread::sleep(pause);
                stream.write_all(byte)
            }),
        }
    }
}

/// A JWK set of these keys.
pub(crate) fn set(keys: &[&Signer]) -> String {
    let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    json!({ "keys": keys }).to_string()
}

/// A key that an issuer signs with.
pub(crate) struct Signer {
    kid: Option<String>,
    pair: Ed25519KeyPair,
}

impl Signer {
    pub(crate) fn new(kid: &str) -> Self {
        Self { kid: Some(kid.to_owned()), ..Self::unnamed() }
    }

    /// A key that is published without a name.
    pub(crate) fn unnamed() -> Self {
        Self { kid: None, pair: Ed25519KeyPair::generate().unwrap() }
    }

    pub(crate) fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref());
        let mut jwk = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": x});
        if let Some(kid) = &self.kid {
            jwk["kid"] = json!(kid);
        }
        jwk
    }

    /// A token for `ann` that is good for an hour from `now`.
    pub(crate) fn token(&self, issuer: &str, now: u64) -> String {
        self.token_with(json!({}), issuer, now)
    }

    /// The same, with more members in its header.
    pub(crate) fn token_with(&self, more: Value, issuer: &str, now: u64) -> String {
        let claims = json!({
            "iss": issuer, "aud": "api", "sub": "ann", "iat": now, "exp": now + 3_600,
            "roles": ["admin"],
        });
        self.sign_with(more, &claims)
    }

    /// A token that says this.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_with(json!({}), claims)
    }

    fn sign_with(&self, more: Value, claims: &Value) -> String {
        let mut header = json!({"alg": "EdDSA", "typ": "at+jwt"});
        if let Some(kid) = &self.kid {
            header["kid"] = json!(kid);
        }
        if let Value::Object(more) = more {
            header.as_object_mut().unwrap().extend(more);
        }
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = self.pair.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
