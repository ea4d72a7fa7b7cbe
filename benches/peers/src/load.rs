//! Release servers on the loopback interface, one worker each, driven by `wrk` in turn.
//!
//! Everybody gets the same request as the bare handler that it is compared with, and where there are two cores, the server
//! has one for itself. Rounds are short, since the machine may be faster or slower every few seconds: who stands side by side
//! in a round is compared, and there are many of them.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use actix_web::{App, HttpServer, dev::Server, rt::System, web};

use crate::{
    compare::{median, number},
    least::{Known, least},
    subjects::{self, BARE, Decoder, GRANTS, GUARD, LEAST},
    tokens::{Alg, Tokens},
};

const ROUNDS: usize = 21;
/// No shorter time is known to `wrk`.
const SECONDS: &str = "1s";
const CONNECTIONS: &str = "16";

/// Writes `load.md`.
pub fn all(folder: &Path) {
    fs::write(folder.join("load.md"), table(&[BARE, LEAST, GUARD, GRANTS])).expect("written");
}

/// The guard and what it cannot be faster than, of a program built otherwise. Writes `least-load.md`.
pub fn of_least(folder: &Path) {
    fs::write(folder.join("least-load.md"), table(&[BARE, LEAST, GUARD])).expect("written");
}

/// The bare handler is the first of these.
fn table(kinds: &[&'static str]) -> String {
    if Command::new("wrk").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        println!("skipped: wrk is not installed, so requests per second are not measured");
        return "Requests per second were not measured: wrk is not installed.\n".to_owned();
    }
    let mut groups: Vec<Vec<Driven>> = Alg::ALL
        .into_iter()
        .map(|alg| kinds.iter().map(|kind| Driven::start(kind, alg)).collect())
        .collect();
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    // Servers are on the first, and `wrk` comes to the core of who starts it.
    let apart =
        cores.len() > 1 && cores.last().is_some_and(|last| core_affinity::set_for_current(*last));
    for round in 0..=ROUNDS {
        eprintln!("load: round {round} of {ROUNDS}");
        for group in &mut groups {
            for turn in 0..group.len() {
                let number = (round + turn) % group.len();
                // The first is for warming up.
                group[number].drive(round > 0);
            }
        }
    }
    let place = if apart { "on a core of its own" } else { "on the same cores as `wrk`" };
    let mut text = format!(
        "**Requests per second over loopback**, a release server with one worker {place}, one `wrk` with {CONNECTIONS} \
         connections and the same token all along, which the bare handler is sent as well; medians of {ROUNDS} rounds of \
         {SECONDS}, everybody in turn.\n\n\
         | | requests per second | of the bare handler's | p99 in ms | of the bare handler's |\n|---|--:|--:|--:|--:|\n"
    );
    for group in &groups {
        let (bare, rest) = group.split_first().expect("the bare one is the first");
        text += &line(&format!("bare handler, {}", bare.alg), &[(bare, bare)]);
        for server in rest {
            let name = format!("{}, {}", server.kind, server.alg);
            let name = if server.kind == GUARD { format!("**{name}**") } else { name };
            text += &line(&name, &[(server, bare)]);
        }
    }
    for kind in [LEAST, GUARD] {
        let pairs = groups.iter().filter_map(|group| {
            let (bare, rest) = group.split_first()?;
            Some((rest.iter().find(|server| server.kind == kind)?, bare))
        });
        let name = format!("{kind}, all of these");
        let name = if kind == GUARD { format!("**{name}**") } else { name };
        text += &line(&name, &pairs.collect::<Vec<_>>());
    }
    text
}

/// A row of the table: what was measured, each with the bare handler beside it.
fn line(name: &str, pairs: &[(&Driven, &Driven)]) -> String {
    let all = |of: fn(&Driven) -> &[f64]| {
        median(pairs.iter().flat_map(|(server, _)| of(server)).copied().collect())
    };
    let ratio = |of: fn(&Driven) -> &[f64]| {
        let each = pairs.iter().flat_map(|(server, bare)| of(server).iter().zip(of(bare)));
        median(each.map(|(value, bare)| value / bare).collect())
    };
    format!(
        "| {name} | {} | {:.3} | {:.2} | {:.2} |\n",
        number(all(Driven::rates).round()),
        ratio(Driven::rates),
        all(Driven::slowest),
        ratio(Driven::slowest),
    )
}

struct Driven {
    kind: &'static str,
    alg: Alg,
    process: Child,
    url: String,
    authorization: String,
    /// Requests per second.
    rates: Vec<f64>,
    /// The 99th percentile, in milliseconds.
    slowest: Vec<f64>,
}

impl Driven {
    fn start(kind: &'static str, alg: Alg) -> Self {
        let mut process = Command::new(env::current_exe().expect("a path"))
            .args(["serve", kind, &alg.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut url = String::new();
        let stdout = process.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut url).expect("the server says where it is");
        let authorization = format!("Authorization: {}", Tokens::new(alg, 1).same);
        let url = url.trim().to_owned();
        Self { kind, alg, process, url, authorization, rates: Vec::new(), slowest: Vec::new() }
    }

    fn rates(&self) -> &[f64] {
        &self.rates
    }

    fn slowest(&self) -> &[f64] {
        &self.slowest
    }

    fn drive(&mut self, counts: bool) {
        let output = Command::new("wrk")
            .args(["-t1", "-c", CONNECTIONS, "-d", SECONDS, "--latency"])
            .args(["-H", &self.authorization, &self.url])
            .output()
            .expect("started");
        let text = String::from_utf8_lossy(&output.stdout);
        // It has a line for them if there are any.
        assert!(
            output.status.success() && !text.contains("Non-2xx") && !text.contains("Socket errors"),
            "{} {}: {text}",
            self.kind,
            self.alg
        );
        let of = |name: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
            line.unwrap_or_else(|| panic!("wrk says nothing of {name}: {text}")).trim().to_owned()
        };
        if counts {
            self.rates.push(of("Requests/sec:").parse().expect("a number"));
            self.slowest.push(milliseconds(&of("99%")));
        }
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn milliseconds(text: &str) -> f64 {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let value: f64 = digits.parse().expect("a number");
    match &text[digits.len()..] {
        "us" => value / 1_000.0,
        "ms" => value,
        "s" => value * 1_000.0,
        other => panic!("what is `{other}`?"),
    }
}

/// Serves until standard input ends, so that nothing is left when whoever started it is gone.
pub fn serve(kind: &str, alg: &str) {
    let alg = Alg::named(alg).expect("an algorithm");
    if let Some([first, _, ..]) = core_affinity::get_core_ids().as_deref() {
        core_affinity::set_for_current(*first);
    }
    std::thread::spawn(|| {
        let _ = std::io::stdin().lines().count();
        std::process::exit(0);
    });
    System::new()
        .block_on(async {
            let (server, address) = started(kind, alg)?;
            println!("http://{address}/");
            std::io::stdout().flush()?;
            server.await
        })
        .expect("served");
}

fn started(kind: &str, alg: Alg) -> std::io::Result<(Server, std::net::SocketAddr)> {
    macro_rules! run {
        ($app:expr) => {{
            let server =
                HttpServer::new($app).workers(1).disable_signals().bind(("127.0.0.1", 0))?;
            let address = server.addrs().first().copied().expect("bound");
            Ok((server.run(), address))
        }};
    }
    match kind {
        BARE => run!(|| App::new().service(subjects::bare)),
        GUARD => {
            let auth = alg.auth(true).build().expect("complete");
            run!(move || App::new().app_data(auth.clone()).service(subjects::guarded))
        }
        LEAST => {
            let known = Known::of(alg);
            run!(move || App::new().app_data(known.clone()).service(least))
        }
        GRANTS => {
            let decoder = web::Data::new(Decoder::new(alg));
            run!(move || subjects::granted(decoder.clone().into_inner()))
        }
        _ => panic!("nobody serves `{kind}`"),
    }
}
