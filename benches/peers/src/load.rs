//! Release servers on the loopback interface, one worker each, driven by `wrk`.
//!
//! Everybody gets the same request as the bare handler that it is compared with, and where there are two cores, servers have
//! one of them. What `wrk` gets from one of them alone changes from second to second as the machine does. So who is compared
//! with the bare handler serves at the same time as it on the same core: what either gets of the core is counted, and how
//! many requests it answers with that.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
};

use actix_web::{App, HttpServer, dev::Server, rt::System, web};
use core_affinity::CoreId;
use rustix::time::{ClockId, clock_gettime};

use crate::{
    compare::{median, number},
    least::{Known, least},
    subjects::{self, BARE, Decoder, GRANTS, GUARD, LEAST},
    tokens::{Alg, Tokens},
};

/// So many times everybody is measured alone.
const ALONE: usize = 7;
/// So many times everybody is measured beside the bare handler, twice each time.
const BESIDE: usize = 8;
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
    let mut all: Vec<_> = Alg::ALL
        .into_iter()
        .flat_map(|alg| kinds.iter().map(move |kind| Measured::new(kind, alg)))
        .collect();
    for round in 0..BESIDE {
        eprintln!("load: round {} of {BESIDE}", round + 1);
        for measured in &mut all {
            if round < ALONE {
                measured.alone();
            }
            measured.beside_bare();
        }
    }
    let place =
        if last_core().is_some() { "a core of their own" } else { "the same core as `wrk`" };
    let mut text = format!(
        "**Requests per second over loopback**: release servers with one worker on {place}, `wrk` with {CONNECTIONS} connections \
         and the same token all along, which the bare handler is sent as well. Requests per second and the 99th percentile are what \
         `wrk` gets from one server alone, medians of {ALONE} turns of {SECONDS}. The last column is measured side by side, in {} \
         turns of {SECONDS}: both serve at once on one core, and it is counted how many requests each answers with the time that \
         it has of the core, so that it makes no difference whether the machine is slower in some turns. How far the bare handler \
         comes out from itself there says how much of it is chance.\n\n\
         | | requests per second | p99 in ms | of the bare handler's | requests for the same time of a core, of the bare handler's |\n\
         |---|--:|--:|--:|--:|\n",
        2 * BESIDE,
    );
    for alg in Alg::ALL {
        for kind in kinds {
            let of = |kind| all.iter().filter(move |it| (it.kind, it.alg) == (kind, alg));
            text += &line(&alg.to_string(), of(*kind), of(BARE));
        }
    }
    for kind in kinds.iter().filter(|kind| **kind != GRANTS) {
        let of = |kind| all.iter().filter(move |it| it.kind == kind);
        text += &line("all of these", of(*kind), of(BARE));
    }
    text
}

/// A row of the table: somebody, and the bare handler with the same algorithms.
fn line<'a>(
    which: &str,
    of: impl Iterator<Item = &'a Measured>,
    bare: impl Iterator<Item = &'a Measured>,
) -> String {
    let (of, bare): (Vec<_>, Vec<_>) = (of.collect(), bare.collect());
    let name = match of[0].kind {
        BARE => format!("bare handler, {which}"),
        GUARD => format!("**{GUARD}, {which}**"),
        kind => format!("{kind}, {which}"),
    };
    let all = |of: &[&Measured], values: fn(&Measured) -> &[f64]| {
        median(of.iter().flat_map(|measured| values(measured)).copied().collect())
    };
    let slowest = all(&of, |measured| &measured.slowest);
    format!(
        "| {name} | {} | {slowest:.2} | {:.2} | {:.3} |\n",
        number(all(&of, |measured| &measured.rates).round()),
        slowest / all(&bare, |measured| &measured.slowest),
        all(&of, |measured| &measured.of_bare),
    )
}

/// What was measured of one handler with one algorithm.
struct Measured {
    kind: &'static str,
    alg: Alg,
    /// Requests per second.
    rates: Vec<f64>,
    /// The 99th percentile, in milliseconds.
    slowest: Vec<f64>,
    /// How many requests it answers with so much of a core with which the bare handler answers one.
    of_bare: Vec<f64>,
}

impl Measured {
    fn new(kind: &'static str, alg: Alg) -> Self {
        Self { kind, alg, rates: Vec::new(), slowest: Vec::new(), of_bare: Vec::new() }
    }

    fn alone(&mut self) {
        let [turn] = together([self.kind], self.alg);
        eprintln!(
            "load: {}, {}: {:.0} % of a core",
            self.kind,
            self.alg,
            turn.rate * turn.busy * 100.0
        );
        self.rates.push(turn.rate);
        self.slowest.push(turn.slowest);
    }

    /// Once as the second of the two and once as the first, in case that makes a difference.
    fn beside_bare(&mut self) {
        let [bare, other] = together([BARE, self.kind], self.alg);
        let second = bare.busy / other.busy;
        let [other, bare] = together([self.kind, BARE], self.alg);
        self.of_bare.push((second * bare.busy / other.busy).sqrt());
    }
}

/// What a turn came to.
struct Turn {
    /// Requests per second.
    rate: f64,
    /// The 99th percentile, in milliseconds.
    slowest: f64,
    /// What a request took of the core, in seconds.
    busy: f64,
}

/// Servers that are started for this, since each of them has its own luck with where in memory it comes to stand, each with
/// a `wrk` of its own, at the same time.
fn together<const N: usize>(kinds: [&str; N], alg: Alg) -> [Turn; N] {
    let authorization = format!("Authorization: {}", Tokens::new(alg, 1).same);
    let mut servers = kinds.map(|kind| Driven::start(kind, alg, &authorization));
    let before = servers.each_mut().map(Driven::busy);
    let running = servers.each_ref().map(|server| server.drive(&authorization));
    let said = running.map(|wrk| wrk.wait_with_output().expect("it ends"));
    let after = servers.each_mut().map(Driven::busy);
    std::array::from_fn(|number| {
        let text = String::from_utf8_lossy(&said[number].stdout);
        // It has a line for them if there are any.
        assert!(
            said[number].status.success()
                && !text.contains("Non-2xx")
                && !text.contains("Socket errors"),
            "{} {alg}: {text}",
            kinds[number],
        );
        let line = |wanted: fn(&str) -> Option<&str>| {
            let found = text.lines().find_map(|line| wanted(line.trim()));
            found.unwrap_or_else(|| panic!("wrk does not say everything: {text}")).trim()
        };
        let requests = line(|line| Some(line.split_once(" requests in")?.0));
        let requests: f64 = requests.parse().expect("a number");
        Turn {
            rate: line(|line| line.strip_prefix("Requests/sec:")).parse().expect("a number"),
            slowest: milliseconds(line(|line| line.strip_prefix("99%"))),
            busy: (after[number] - before[number]) / requests,
        }
    })
}

struct Driven {
    process: Child,
    asks: ChildStdin,
    says: BufReader<ChildStdout>,
    address: String,
}

impl Driven {
    /// Has answered once, so that it has started all that it starts.
    fn start(kind: &str, alg: Alg, authorization: &str) -> Self {
        let mut process = Command::new(env::current_exe().expect("a path"))
            .args(["serve", kind, &alg.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let asks = process.stdin.take().expect("piped");
        let mut says = BufReader::new(process.stdout.take().expect("piped"));
        let address = read(&mut says);
        let mut stream = TcpStream::connect(&address).expect("it listens");
        write!(
            stream,
            "GET / HTTP/1.1\r\nHost: {address}\r\n{authorization}\r\nConnection: close\r\n\r\n"
        )
        .and_then(|()| io::copy(&mut stream, &mut io::sink()))
        .expect("an answer");
        Self { process, asks, says, address }
    }

    /// How long it has had a core, in seconds.
    fn busy(&mut self) -> f64 {
        self.asks.write_all(b"\n").expect("it listens");
        read(&mut self.says).parse().expect("a number")
    }

    /// Servers are on the first core, and `wrk` is on the last, where who starts it is. That is a thread of its own, since
    /// servers would be there as well if they were started from there.
    fn drive(&self, authorization: &str) -> Child {
        let start = || {
            if let Some(core) = last_core() {
                assert!(core_affinity::set_for_current(core), "cannot go to {core:?}");
            }
            Command::new("wrk")
                .args(["-t1", "-c", CONNECTIONS, "-d", SECONDS, "--latency"])
                .args(["-H", authorization, &format!("http://{}/", self.address)])
                .stdout(Stdio::piped())
                .spawn()
        };
        thread::scope(|scope| scope.spawn(start).join()).expect("no panic").expect("started")
    }
}

/// The last of several.
fn last_core() -> Option<CoreId> {
    core_affinity::get_core_ids().filter(|cores| cores.len() > 1)?.pop()
}

/// A line that a server says.
fn read(says: &mut impl BufRead) -> String {
    let mut line = String::new();
    assert!(says.read_line(&mut line).expect("text") > 0, "the server has ended");
    line.trim().to_owned()
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

/// Serves until standard input ends, so that nothing is left when whoever started it is gone. Says where, and for each line
/// of standard input how long it has had a core, in seconds.
pub fn serve(kind: &str, alg: &str) {
    let alg = Alg::named(alg).expect("an algorithm");
    if let Some([first, _, ..]) = core_affinity::get_core_ids().as_deref() {
        assert!(core_affinity::set_for_current(*first), "cannot go to {first:?}");
    }
    thread::spawn(|| {
        for _ in io::stdin().lines().map_while(Result::ok) {
            let busy = clock_gettime(ClockId::ProcessCPUTime);
            let busy = busy.tv_sec as f64 + busy.tv_nsec as f64 / 1e9;
            if writeln!(io::stdout(), "{busy}").is_err() {
                break;
            }
        }
        std::process::exit(0);
    });
    System::new()
        .block_on(async {
            let (server, address) = started(kind, alg)?;
            println!("{address}");
            io::stdout().flush()?;
            server.await
        })
        .expect("served");
}

fn started(kind: &str, alg: Alg) -> io::Result<(Server, SocketAddr)> {
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
