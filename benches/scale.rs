//! What a fleet costs beside time: memory for tokens and revocations, and traffic with Redis.
//! `cargo bench -p auth-benches --bench scale`
//!
//! The figures stand in the guide's chapter on scale.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use actix_web::{http::header::AUTHORIZATION, test::TestRequest};
use auth_benches::run;
use auth_runtime::{
    Auth, Policy, guard,
    revocation::{RedisRevocations, Revocations},
    testing::TestIssuer,
};

const MANY: usize = 100_000;
const SHARED: usize = 10_000;
const WATCHED: Duration = Duration::from_secs(20);

static AUTHENTICATED: Policy = Policy::Authenticated;

fn mint(issuer: &TestIssuer, number: usize) -> String {
    issuer
        .token(&format!("user-{number}"))
        .role("user")
        .scope("docs:read docs:write")
        .claim("client_id", "web")
        .claim("jti", format!("{number:032x}"))
        .claim("name", "A name of usual length")
        .claim("email", format!("user-{number}@example.com"))
        .mint()
}

fn tokens() {
    let issuer = TestIssuer::new();
    let auth = Auth::builder()
        .issuer(issuer.issuer())
        .token_cache(2 * MANY, 4 << 30)
        .build()
        .expect("the test issuer is complete");
    let requests: Vec<_> = (0..MANY)
        .map(|number| {
            TestRequest::default()
                .app_data(auth.clone())
                .insert_header((AUTHORIZATION, format!("Bearer {}", mint(&issuer, number))))
                .to_http_request()
        })
        .collect();
    let ask = || {
        for request in &requests {
            run(guard(request, &AUTHENTICATED)).expect("a good token");
        }
    };
    let taken = allocation_counter::measure(ask);
    let again = allocation_counter::measure(ask);
    assert_eq!(again.bytes_current, 0, "all of them are remembered");
    println!(
        "| {MANY} tokens of {} bytes, remembered | {:.0} MiB |",
        mint(&issuer, 0).len(),
        mebibytes(taken.bytes_current)
    );
}

fn revocations() {
    let revocations = Revocations::new();
    let ids: Vec<String> = (0..MANY).map(|number| format!("{number:032x}")).collect();
    let far = u64::from(u32::MAX);
    let taken = allocation_counter::measure(|| {
        for id in &ids {
            revocations.revoke_token("https://id.example.com/", id, far);
        }
    });
    println!("| {MANY} revoked tokens | {:.0} MiB |", mebibytes(taken.bytes_current));
}

fn mebibytes(bytes: i64) -> f64 {
    f64::from(u32::try_from(bytes >> 10).expect("less than 4 TiB")) / 1024.0
}

struct Redis {
    server: Child,
    port: u16,
}

impl Redis {
    fn start() -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let server = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"])
            .arg(port.to_string())
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let redis = Self { server, port };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(10), "redis-server does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Some(redis)
    }

    /// Commands, and bytes in and out, since it was started.
    fn traffic(&self) -> [u64; 3] {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        connection.write_all(b"INFO stats\r\nQUIT\r\n").expect("it reads");
        let mut said = String::new();
        connection.read_to_string(&mut said).expect("it answers");
        ["total_commands_processed", "total_net_input_bytes", "total_net_output_bytes"].map(
            |name| {
                let line = said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                line.expect("it says so").parse().expect("a number")
            },
        )
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn redis() {
    let Some(redis) = Redis::start() else {
        println!("skipped: traffic with Redis, since `redis-server` is not installed");
        return;
    };
    let url = format!("redis://127.0.0.1:{}/", redis.port);
    let revocations = RedisRevocations::builder(url).start().expect("the settings are sound");
    thread::sleep(Duration::from_secs(2));
    let [commands, received, sent] = redis.traffic();
    thread::sleep(WATCHED);
    let now = redis.traffic();
    let per_second = |before: u64, now: u64| {
        f64::from(u32::try_from(now - before).expect("little")) / WATCHED.as_secs_f64()
    };
    println!(
        "| Redis, for each instance while nothing is revoked | {:.1} commands, {:.0} bytes to it and {:.0} from it a second |",
        per_second(commands, now[0]),
        per_second(received, now[1]),
        per_second(sent, now[2]),
    );

    let another = RedisRevocations::builder(format!("redis://127.0.0.1:{}/", redis.port));
    actix_web::rt::System::new().block_on(async {
        let far = u64::from(u32::MAX);
        let issuer = "https://id.example.com/";
        let all = (0..SHARED).map(|number| {
            let revocations = revocations.clone();
            async move { revocations.revoke_token(issuer, &format!("{number:032x}"), far).await }
        });
        for one in all {
            one.await.expect("Redis is there");
        }
        let [_, _, sent] = redis.traffic();
        let another = another.start().expect("the settings are sound");
        another.ready().await;
        let now = redis.traffic();
        println!(
            "| Redis, for each instance when it starts and once a minute, with {SHARED} shared revocations | {} KiB from it |",
            (now[2] - sent) >> 10
        );
    });
}

fn main() {
    println!("| what | takes |");
    println!("|---|---|");
    tokens();
    revocations();
    redis();
}
