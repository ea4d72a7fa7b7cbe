//! CHECKLIST K6, L5: what is remembered of tokens changes no answer. Random requests, while time passes, tokens are revoked,
//! keys come and go and others push out what was remembered, get the same from four applications that differ in nothing
//! but how much they remember.

use std::{cell::Cell, fmt, time::Duration};

use actix_web::{
    App, HttpResponse, Responder,
    http::{
        Method,
        header::{AUTHORIZATION, COOKIE, ORIGIN},
    },
    test::{TestRequest, call_service, init_service},
    web,
};
use auth_runtime::{
    Auth, Claims, Cookie, Identity, Key, authorize, require_auth, revocation::Revocations,
};
use auth_tests::Answer;
use serde_json::{Value, json};

use crate::{
    Time, ask, auth_of, issuer,
    provider::{Provider, Signer},
};

const SEQUENCES: u64 = 24;
const STEPS: usize = 60;

/// Everything that is known of a caller, so that nothing of it can differ unseen.
#[require_auth]
async fn whole(identity: Identity, claims: Claims<Value>) -> impl Responder {
    HttpResponse::Ok().json(json!({
        "issuer": identity.issuer(),
        "subject": identity.subject(),
        "roles": identity.roles().collect::<Vec<_>>(),
        "scopes": identity.scopes().collect::<Vec<_>>(),
        "method": format!("{:?}", identity.method()),
        "expires_at": identity.expires_at(),
        "jti": identity.jti(),
        "claims": claims.into_inner(),
    }))
}

#[authorize(role("admin") || claim("tenant", "acme") || claim("/nested/tenant", "acme"))]
async fn staff() -> impl Responder {
    "staff"
}

/// What the issuer publishes and what the operator gave are keys of one issuer, and end one by one.
#[actix_web::test]
async fn k4_k6_what_is_remembered_by_a_key_that_was_given_does_not_end_with_those_that_are_published()
 {
    let (mut provider, time) = (Provider::start(), Time::start());
    let [given, old, new] = ["given", "old", "new"].map(Signer::new);
    let (name, expires_at) = (provider.name(), time.now() + 100_000);
    let sign = |key: &Signer| {
        key.sign(&json!({"iss": name, "aud": "api", "sub": "ann", "exp": expires_at}))
    };
    let [by_given, by_old, by_new] = [&given, &old, &new].map(sign);
    provider.publish(&[&old]);
    let issuer = issuer(&provider)
        .key(Key::jwk(given.jwk().to_string()))
        .jwks_max_stale(Duration::from_secs(3_000));
    let auth = auth_of(issuer, &time);
    auth.wait_ready().await;
    // Twice: what the first has put down, the second finds.
    let both = async |token: &str, status| {
        for _ in 0..2 {
            assert_eq!(ask(&auth, token).await.status, status);
        }
    };
    both(&by_given, 200).await;
    both(&by_old, 200).await;
    both(&by_new, 401).await;

    provider.publish(&[&new]);
    time.pass(30);
    both(&by_new, 200).await;
    both(&by_old, 401).await;
    both(&by_given, 200).await;

    // Too old: nobody knows what is published by now.
    provider.go_away();
    time.pass(3_000);
    both(&by_new, 503).await;
    both(&by_given, 200).await;
}

/// Numbers without a pattern that are the same for the same seed (`SplitMix64`).
struct Dice(Cell<u64>);

impl Dice {
    fn below(&self, end: u64) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut mixed = self.0.get();
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one_of<'a, T>(&self, things: &'a [T]) -> &'a T {
        &things[usize::try_from(self.below(things.len() as u64)).unwrap()]
    }
}

struct Token {
    text: String,
    jti: String,
    subject: String,
}

/// One request, as it is sent to all of them.
#[derive(Clone)]
struct Ask<'a> {
    method: Method,
    path: &'static str,
    token: &'a str,
    cookie: bool,
    /// From a page of another site.
    foreign: bool,
}

impl fmt::Display for Ask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, token: _, cookie, foreign } = self;
        write!(f, "{method} {path}, cookie: {cookie}, foreign: {foreign}")
    }
}

struct World {
    provider: Provider,
    time: Time,
    revocations: Revocations,
    /// The first remembers nothing.
    auths: Vec<Auth>,
    dice: Dice,
    log: Vec<String>,
}

impl World {
    fn start(seed: u64) -> Self {
        let (provider, time, revocations) = (Provider::start(), Time::start(), Revocations::new());
        let auth = |entries, bytes| {
            let time = time.clone();
            Auth::builder()
                .issuer(issuer(&provider))
                .cookie(Cookie::named("session"))
                .revocations(revocations.clone())
                .role_implies("admin", ["editor"])
                .clock(move || time.now())
                .token_cache(entries, bytes)
                .build()
                .unwrap()
        };
        let auths = vec![auth(0, 0), auth(50_000, 64 << 20), auth(1, 1 << 20), auth(6, 64 << 10)];
        let dice = Dice(Cell::new(seed));
        Self { provider, time, revocations, auths, dice, log: Vec::new() }
    }

    /// All of them have these keys, and no others.
    async fn rotate(&mut self, keys: &[&Signer]) {
        let (time, provider) = (self.time.clone(), &self.provider);
        provider.publish(keys);
        for auth in &self.auths {
            let fetched = async {
                loop {
                    // Past the cooldown, a key that nobody knows is asked for at once.
                    time.pass(30);
                    let fetches = provider.asked("/keys");
                    let unknown = Signer::new("unknown").token(&provider.name(), time.now());
                    let ask = Ask {
                        method: Method::GET,
                        path: "/whole",
                        token: &unknown,
                        cookie: false,
                        foreign: false,
                    };
                    let answer = send(auth, &ask).await;
                    if provider.asked("/keys") > fetches && answer.status == 401 {
                        break;
                    }
                }
            };
            actix_web::rt::time::timeout(Duration::from_secs(20), fetched)
                .await
                .expect("the keys are fetched");
        }
    }

    fn mint(&self, key: &Signer, number: usize) -> Token {
        let subject = (*self.dice.one_of(&["ann", "bob", "eve"])).to_owned();
        let jti = format!("token-{number}");
        let now = self.time.now();
        let claims = json!({
            "iss": self.provider.name(), "aud": "api", "sub": subject, "jti": jti,
            "iat": now + self.dice.below(100), "exp": now + 20 + self.dice.below(300),
            "roles": *self.dice.one_of(&[&["admin"][..], &["user"], &[]]),
            "scope": "docs:read docs:write",
            "tenant": self.dice.one_of(&["acme", "other"]),
            "nested": {"tenant": self.dice.one_of(&["acme", "other"])},
        });
        Token { text: key.sign(&claims), jti, subject }
    }

    async fn compare(&mut self, ask: &Ask<'_>) {
        let expected = send(&self.auths[0], ask).await;
        self.log.push(format!("{ask} → {}", expected.status.as_u16()));
        for (index, auth) in self.auths.iter().enumerate().skip(1) {
            // Twice: what the first has put down, the second finds.
            for time in ["first", "second"] {
                let answer = send(auth, ask).await;
                assert_eq!(answer, expected, "{index}, {time} time, after {:#?}", self.log);
            }
        }
    }
}

async fn send(auth: &Auth, ask: &Ask<'_>) -> Answer {
    let app = App::new()
        .app_data(auth.clone())
        .route("/whole", web::route().to(whole))
        .route("/staff", web::route().to(staff));
    let app = init_service(app).await;
    let mut request = TestRequest::with_uri(ask.path).method(ask.method.clone());
    request = if ask.cookie {
        request.insert_header((COOKIE, format!("session={}", ask.token)))
    } else {
        request.insert_header((AUTHORIZATION, format!("Bearer {}", ask.token)))
    };
    if ask.foreign {
        request = request.insert_header((ORIGIN, "https://evil.example"));
    }
    Answer::of(call_service(&app, request.to_request()).await).await
}

#[actix_web::test]
async fn k6_l5_what_is_remembered_changes_no_answer() {
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..SEQUENCES {
        let mut world = World::start(seed);
        // Two with one name: a key may be replaced without a new one.
        let keys = [Signer::new("a"), Signer::new("b"), Signer::new("b"), Signer::new("c")];
        let mut current = vec![&keys[0]];
        world.rotate(&current).await;
        let mut tokens = vec![world.mint(current[0], 0)];

        for step in 0..STEPS {
            match world.dice.below(20) {
                0..3 => {
                    let key = world.dice.one_of(&current);
                    tokens.push(world.mint(key, tokens.len()));
                }
                3 => tokens.push(world.mint(world.dice.one_of(&keys), tokens.len())),
                4..6 => {
                    let seconds = 1 + world.dice.below(60);
                    world.time.pass(seconds);
                    world.log.push(format!("{seconds} s pass"));
                }
                6 => {
                    let seconds = 1 + world.dice.below(40);
                    world.time.put_back(seconds);
                    world.log.push(format!("{seconds} s are taken back"));
                }
                7 => {
                    let token = world.dice.one_of(&tokens);
                    let (issuer, now) = (world.provider.name(), world.time.now());
                    match world.dice.below(4) {
                        0 => world.revocations.revoke_subject(&issuer, &token.subject, now),
                        1 => world.revocations.revoke_issued_before(&issuer, now - 60),
                        _ => world.revocations.revoke_token(&issuer, &token.jti, now + 1_000),
                    }
                    world.log.push(format!("{} of {} is revoked", token.jti, token.subject));
                }
                8 => {
                    let one = world.dice.one_of(&keys);
                    let other = world.dice.one_of(&keys);
                    current = if world.dice.below(2) == 0 { vec![one] } else { vec![one, other] };
                    world.log.push("the keys change".to_owned());
                    world.rotate(&current).await;
                }
                9 => {
                    for number in 0..12 {
                        let token = world.mint(current[0], 1_000 + step * 100 + number);
                        for auth in &world.auths {
                            let ask = Ask {
                                method: Method::GET,
                                path: "/whole",
                                token: &token.text,
                                cookie: false,
                                foreign: false,
                            };
                            send(auth, &ask).await;
                        }
                    }
                    world.log.push("others come".to_owned());
                }
                _ => {
                    let mut text = world.dice.one_of(&tokens).text.clone();
                    if world.dice.below(12) == 0 {
                        // Not quite the same: one character, anywhere.
                        let at = usize::try_from(world.dice.below(text.len() as u64)).unwrap();
                        let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
                        text.replace_range(at..=at, other);
                    }
                    let path = world.dice.one_of(&["/whole", "/staff"]);
                    let ask = Ask {
                        method: world.dice.one_of(&[Method::GET, Method::POST]).clone(),
                        path,
                        token: &text,
                        cookie: world.dice.below(3) == 0,
                        foreign: world.dice.below(2) == 0,
                    };
                    world.compare(&ask).await;
                    let last = world.log.last().unwrap();
                    let status = last[last.len() - 3..].to_owned();
                    *seen.entry(status).or_insert(0) += 1;
                }
            }
        }
    }
    // It would show nothing if all were refused, or all let in.
    for (status, least) in [("200", 100), ("401", 100), ("403", 30)] {
        assert!(seen.get(status).is_some_and(|seen| *seen >= least), "{seen:?}");
    }
}
