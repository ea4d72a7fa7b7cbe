//! Everybody with the same tokens, a little of each in turn, in one run of one program.

use std::{
    collections::HashMap,
    env,
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    subjects::{
        BARE, BARE_AXUM, BARE_AXUM_07, GUARD, GUARDED, LEAST, MAP, OAUTH, RESPONSE, SIGNATURE,
        Subject, WRAPPER, Which, subjects,
    },
    svg,
    tokens::{Alg, Case, LIVE, Tokens},
};

/// So many times all cases are gone through: a machine that is slower for a while is so for all of them.
const PASSES: usize = 9;
/// So many times those are that have not yet had [`ENOUGH`] rounds, before the machine is taken for too busy.
const MOST_PASSES: usize = 80;
/// So many rounds of each case have to be at full speed.
const ENOUGH: usize = 15;
/// A round was at full speed where the bare handler took at most so much longer than in its fastest tenth of all rounds.
/// What anybody else took in it makes no difference.
const FULL_SPEED: f64 = 1.15;
/// So many rounds each case has at a time; each takes everybody in turn, and starts with another.
const ROUNDS: usize = 5;
/// What a turn takes, about.
const TURN: Duration = Duration::from_millis(4);
/// So many requests are made at a time, outside what is measured: few enough to be as near as those a server has just read.
const BATCH: usize = 64;

/// What is measured of a subject in a case, in nanoseconds a call.
#[derive(Clone, Copy)]
pub struct Time {
    pub total: f64,
    /// Over the bare handler of its framework: the median of the differences within each round.
    pub over: f64,
}

pub type Key = (Alg, Case, &'static str);
pub type Times = HashMap<Key, Time>;

/// What has to be answered: a bare handler refuses nobody, and floors answer nothing.
pub fn status(subject: &str, case: Case) -> u16 {
    match subject {
        SIGNATURE | MAP => 0,
        BARE | BARE_AXUM | BARE_AXUM_07 => 200,
        _ => case.status(),
    }
}

/// Measures, and writes `compare.md`, `cost.svg` and the numbers as `compare.tsv` into the folder.
pub fn all(folder: &Path) {
    let tokens = Alg::ALL.map(|alg| (alg, Tokens::new(alg, LIVE)));
    let times = measured(&tokens, &Case::ALL, Which::All);
    let bytes = tokens
        .map(|(alg, tokens)| format!("{} bytes for {alg}", tokens.same.len() - "Bearer ".len()));
    let guarded = GUARDED.map(|(name, _)| name);
    let instructions =
        instructions(&[&[BARE, BARE_AXUM, BARE_AXUM_07, LEAST][..], &guarded].concat());
    let text = [
        costs(&times, &bytes.join(", ")),
        signatures(&times),
        format!("{FLOORS}\n\n{}", floors(&times, instructions.as_ref())),
        memory(&allocations()),
        work(instructions.as_ref()),
    ]
    .join("\n");
    fs::write(folder.join("compare.md"), text).expect("written");
    fs::write(folder.join("cost.svg"), svg::chart(&times)).expect("written");
    let mut lines: Vec<_> = times
        .iter()
        .map(|((alg, case, subject), time)| {
            format!("{alg}\t{case}\t{subject}\t{:.1}\t{:.1}\n", time.total, time.over)
        })
        .collect();
    lines.sort();
    fs::write(folder.join("compare.tsv"), lines.concat()).expect("written");
}

/// The guard and what it cannot be cheaper than, of a program built otherwise. Writes `least.md` into the folder.
pub fn least(folder: &Path) {
    let tokens = Alg::ALL.map(|alg| (alg, Tokens::new(alg, LIVE)));
    let only = Which::Only(&[BARE, GUARD, LEAST, RESPONSE, WRAPPER, MAP]);
    let table =
        floors(&measured(&tokens, &FLOORED, only), instructions(&[BARE, GUARD, LEAST]).as_ref());
    fs::write(folder.join("least.md"), table).expect("written");
}

/// A little of everybody in turn.
fn measured(tokens: &[(Alg, Tokens)], cases: &[Case], which: Which<'_>) -> Times {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let _entered = runtime.enter();
    let mut cases: Vec<_> = tokens
        .iter()
        .flat_map(|(alg, tokens)| cases.iter().map(|case| Turns::of(*alg, *case, tokens, which)))
        .collect();
    let mut limit = f64::INFINITY;
    for pass in 0..MOST_PASSES {
        let wanted =
            |turns: &[Turns<'_>]| pass < PASSES || at_full_speed(turns, limit).len() < ENOUGH;
        let some: Vec<_> = cases.iter_mut().filter(|(_, _, turns)| wanted(turns)).collect();
        if some.is_empty() {
            break;
        }
        eprintln!("compare: pass {}, cases: {}", pass + 1, some.len());
        for (_, _, turns) in some {
            interleaved(turns, pass * ROUNDS);
        }
        limit =
            FULL_SPEED * fastest_tenth(cases.iter().flat_map(|(_, _, turns)| bare(turns)).copied());
    }
    cases
        .iter()
        .flat_map(|(alg, case, turns)| {
            let rounds = at_full_speed(turns, limit);
            assert!(
                rounds.len() >= ENOUGH,
                "{alg}, {case}: {} of {} rounds were at full speed, and {ENOUGH} are needed: measure while nothing else runs",
                rounds.len(),
                bare(turns).len(),
            );
            let of = |(subject, time)| ((*alg, *case, subject), time);
            medians(turns, &rounds).map(of).collect::<Vec<_>>()
        })
        .collect()
}

/// What the bare handler took in each round.
fn bare<'a>(turns: &'a [Turns<'_>]) -> &'a [f64] {
    let bare = turns.iter().find(|turns| turns.subject.name == BARE);
    &bare.expect("everybody is measured against it").times
}

/// How long the slowest of the fastest tenth took.
fn fastest_tenth(times: impl Iterator<Item = f64>) -> f64 {
    let mut times: Vec<_> = times.collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 10]
}

/// The rounds of a case in which the bare handler took no longer than this.
fn at_full_speed(turns: &[Turns<'_>], limit: f64) -> Vec<usize> {
    let times = bare(turns).iter().enumerate();
    times.filter(|(_, time)| **time <= limit).map(|(round, _)| round).collect()
}

/// One subject alone, so that callgrind sees nobody else.
pub fn one(subject: &str, alg: &str, case: &str, batches: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let _entered = runtime.enter();
    let alg = Alg::named(alg).expect("an algorithm");
    let case = Case::named(case).expect("a case");
    let batches: usize = batches.parse().expect("a number");
    let tokens = Tokens::new(alg, 1);
    let mut subject = subjects(alg, case, Which::Only(&[subject])).pop().expect("a subject");
    let mut rotation = Rotation::new(tokens.of(case));
    let status = status(subject.name, case);
    for _ in 0..batches {
        subject.run(rotation.next(BATCH), status, &mut |batch| batch());
    }
}

struct Rotation<'a> {
    all: Vec<Option<&'a str>>,
    next: usize,
    taken: Vec<Option<&'a str>>,
}

impl<'a> Rotation<'a> {
    fn new(all: Vec<Option<&'a str>>) -> Self {
        Self { all, next: 0, taken: Vec::new() }
    }

    fn next(&mut self, count: usize) -> &[Option<&'a str>] {
        let rest = self.all.iter().cycle().skip(self.next);
        self.taken.clear();
        self.taken.extend(rest.take(count).copied());
        self.next = (self.next + count) % self.all.len();
        &self.taken
    }
}

/// Some rounds of one case.
fn interleaved(turns: &mut [Turns<'_>], first: usize) {
    for round in first..first + ROUNDS {
        for turn in 0..turns.len() {
            let number = (round + turn) % turns.len();
            turns[number].take();
        }
    }
}

/// Of these rounds.
fn medians(all: &[Turns<'_>], rounds: &[usize]) -> impl Iterator<Item = (&'static str, Time)> {
    let of = |name: &str| all.iter().find(|turns| turns.subject.name == name);
    all.iter().map(move |turns| {
        let mut guarded = GUARDED.iter().chain(&[(RESPONSE, BARE), (WRAPPER, BARE), (LEAST, BARE)]);
        let bare = guarded.find(|(name, _)| *name == turns.subject.name);
        let bare = bare.and_then(|(_, bare)| of(bare));
        let total = |round: &usize| turns.times[*round];
        let over = |round: &usize| total(round) - bare.map_or(0.0, |bare| bare.times[*round]);
        let time = Time {
            total: median(rounds.iter().map(total).collect()),
            over: median(rounds.iter().map(over).collect()),
        };
        (turns.subject.name, time)
    })
}

/// A subject's share of the run.
struct Turns<'a> {
    subject: Subject,
    status: u16,
    rotation: Rotation<'a>,
    batches: usize,
    times: Vec<f64>,
}

impl<'a> Turns<'a> {
    /// Everybody who is there for one case.
    fn of(alg: Alg, case: Case, tokens: &'a Tokens, which: Which<'_>) -> (Alg, Case, Vec<Self>) {
        eprintln!("compare: {alg}, {case}");
        let all = subjects(alg, case, which).into_iter();
        (alg, case, all.map(|subject| Self::new(subject, case, tokens)).collect())
    }

    /// Warm: every token has been seen, if seeing it makes a difference.
    fn new(mut subject: Subject, case: Case, tokens: &'a Tokens) -> Self {
        let mut rotation = Rotation::new(tokens.of(case));
        let status = status(subject.name, case);
        let mut warm = Duration::ZERO;
        let batches = if case == Case::Many && [GUARD, LEAST, MAP].contains(&subject.name) {
            LIVE.div_ceil(BATCH)
        } else {
            8
        };
        for _ in 0..batches {
            warm = timed(&mut subject, rotation.next(BATCH), status);
        }
        let batches = TURN.as_nanos() / warm.as_nanos().max(1);
        let batches = usize::try_from(batches).expect("few").clamp(1, 200);
        Self { subject, status, rotation, batches, times: Vec::new() }
    }

    fn take(&mut self) {
        let mut time = Duration::ZERO;
        for _ in 0..self.batches {
            time += timed(&mut self.subject, self.rotation.next(BATCH), self.status);
        }
        self.times.push(time.as_secs_f64() * 1e9 / (self.batches * BATCH) as f64);
    }
}

fn timed(subject: &mut Subject, authorizations: &[Option<&str>], status: u16) -> Duration {
    let mut time = Duration::ZERO;
    subject.run(authorizations, status, &mut |batch| {
        let start = Instant::now();
        batch();
        time = start.elapsed();
    });
    time
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// `1,234`, or `0.12` where that says more.
pub fn number(value: f64) -> String {
    if value.abs() < 10.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if value < 0.0 { format!("-{grouped}") } else { grouped }
}

fn header(first: &str) -> String {
    let names = GUARDED.map(|(name, _)| name).join(" | ");
    format!("| {first} | {names} |\n|---|{}\n", "--:|".repeat(GUARDED.len()))
}

fn costs(times: &Times, bytes: &str) -> String {
    let mut text = format!(
        "**Time of a request over the same framework's bare handler**, in nanoseconds, and how many times the guard's own. \
         In process, interleaved in one run, medians of {} rounds or more, of which those count in which the machine went at full \
         speed: where the bare handler took at most {:.0} % longer than in its fastest tenth, in {ENOUGH} rounds of each row or \
         more. Tokens have {bytes}.\n\n",
        PASSES * ROUNDS,
        (FULL_SPEED - 1.0) * 100.0,
    );
    text += &header("");
    for case in Case::ALL {
        for alg in Alg::ALL {
            let _ = write!(text, "| {case}, {alg} |");
            let guard = times[&(alg, case, GUARD)].over;
            for (name, _) in GUARDED {
                let _ = match times.get(&(alg, case, name)) {
                    Some(_) if name == GUARD => write!(text, " **{}** |", number(guard)),
                    Some(time) => {
                        let ratio = number(time.over / guard);
                        write!(text, " {} ({ratio} ×) |", number(time.over))
                    }
                    None => write!(text, " not offered |"),
                };
            }
            text.push('\n');
        }
    }
    text
}

fn signatures(times: &Times) -> String {
    let mut text = "**What a token that was never seen cannot be cheaper than**, in nanoseconds: verifying its signature with a \
                    key that is ready.\n\n\
                    | | signature alone | token never seen | of the signature |\n|---|--:|--:|--:|\n"
        .to_owned();
    for alg in Alg::ALL {
        let over = |name| times[&(alg, Case::NeverSeen, name)].over;
        let (guard, signature) = (over(GUARD), over(SIGNATURE));
        let _ = writeln!(
            text,
            "| {alg} | {} | {} | {:.2} × |",
            number(signature),
            number(guard),
            guard / signature
        );
    }
    text
}

/// What the table of [`floors`] says.
const FLOORS: &str = "\
    **What everything else cannot be cheaper than**, in nanoseconds over the bare handler, whose own time is the first column. \
    Alone: finding the token in a map and comparing the whole; what actix-web takes for the same response from a handler that \
    knows it beforehand; and a handler that decides nothing and has another one's arguments extracted, since whatever decides \
    before extractors stands around them. By hand: all of that in one handler over the map that the guard has, with a look at \
    the role, and nothing else: no time, no revocation, no event, no setting, no second header noticed, no identity for the \
    handler (`benches/peers/src/least.rs`).";

/// Where a program by hand can say what the least is.
const FLOORED: [Case; 4] = [Case::Same, Case::Many, Case::NoToken, Case::WrongRole];

fn floors(times: &Times, instructions: Option<&Counts>) -> String {
    let mut text = "| | bare handler | look-up alone | response alone | wrapper alone | least by hand | auth-runtime | \
                    instructions by hand | of auth-runtime |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for case in FLOORED {
        for alg in Alg::ALL {
            let alone = |case, name| {
                let time: Option<&Time> = times.get(&(alg, case, name));
                time.map_or("–".to_owned(), |time| number(time.over))
            };
            let looked_up = match case {
                Case::NoToken => "–".to_owned(),
                Case::WrongRole => alone(Case::Same, MAP),
                _ => alone(case, MAP),
            };
            let counted = |name| {
                let count = instructions.and_then(|counts| over(counts, alg, case, name, BARE));
                count.map_or("–".to_owned(), number)
            };
            let columns = [
                number(times[&(alg, case, BARE)].total),
                looked_up,
                alone(case, RESPONSE),
                alone(Case::Same, WRAPPER),
                alone(case, LEAST),
                format!("**{}**", alone(case, GUARD)),
                counted(LEAST),
                counted(GUARD),
            ];
            let _ = writeln!(text, "| {case}, {alg} | {} |", columns.join(" | "));
        }
    }
    text
}

type Counts = HashMap<(String, String, String), f64>;

/// The other program of this package, beside this one.
fn allocations() -> Counts {
    eprintln!("compare: allocations");
    let program = env::current_exe().expect("a path").with_file_name("allocations");
    let output = Command::new(program).stderr(Stdio::inherit()).output().expect("started");
    assert!(output.status.success(), "counting allocations failed");
    String::from_utf8(output.stdout)
        .expect("text")
        .lines()
        .filter_map(|line| {
            let mut parts = line.split('\t').map(str::to_owned);
            let key = (parts.next()?, parts.next()?, parts.next()?);
            Some((key, parts.next()?.parse().ok()?))
        })
        .collect()
}

fn over(counts: &Counts, alg: Alg, case: Case, name: &str, bare: &str) -> Option<f64> {
    let of = |name: &str| counts.get(&(alg.to_string(), case.to_string(), name.to_owned()));
    Some(of(name)? - of(bare)?)
}

fn rows(counts: &Counts, cases: &[Case]) -> String {
    let mut text = header("");
    for case in cases {
        for alg in Alg::ALL {
            let _ = write!(text, "| {case}, {alg} |");
            for (name, bare) in GUARDED {
                let _ = match over(counts, alg, *case, name, bare) {
                    Some(count) if name == GUARD => write!(text, " **{}** |", number(count)),
                    Some(count) => write!(text, " {} |", number(count)),
                    None if name == OAUTH => write!(text, " not offered |"),
                    None => write!(text, " not measured |"),
                };
            }
            text.push('\n');
        }
    }
    text
}

fn memory(counts: &Counts) -> String {
    let cases = [Case::Same, Case::NeverSeen, Case::NoToken, Case::WrongRole];
    format!(
        "**Heap allocations of a request** over the bare handler's.\n\n{}",
        rows(counts, &cases)
    )
}

/// By callgrind; the difference between two runs, so that what is done once does not count.
fn instructions(subjects: &[&'static str]) -> Option<Counts> {
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: valgrind is not installed, so instructions are not counted");
        return None;
    }
    let mut wanted = Vec::new();
    for case in [Case::Same, Case::NoToken, Case::WrongRole] {
        for alg in Alg::ALL {
            // Without a token there is nothing that depends on it.
            if case == Case::NoToken && alg != Alg::Hs256 {
                continue;
            }
            for &subject in subjects {
                if subject != OAUTH || alg != Alg::Hs256 {
                    wanted.push((alg, case, subject));
                }
            }
        }
    }
    let queue = std::sync::Mutex::new(wanted.into_iter());
    let counts = std::sync::Mutex::new(Counts::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some((alg, case, subject)) = queue.lock().expect("whole").next() else {
                        return;
                    };
                    eprintln!("compare: instructions of {subject}, {alg}, {case}");
                    let of = |batches| collected(alg, case, subject, batches);
                    let (Some(more), Some(fewer)) = (of(3), of(2)) else { continue };
                    let key = (alg.to_string(), case.to_string(), subject.to_owned());
                    counts.lock().expect("whole").insert(key, (more - fewer) / BATCH as f64);
                }
            });
        }
    });
    Some(counts.into_inner().expect("whole"))
}

fn collected(alg: Alg, case: Case, subject: &str, batches: usize) -> Option<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*measured*"])
        .arg("--callgrind-out-file=/dev/null")
        .arg(env::current_exe().expect("a path"))
        .args(["one", subject, &alg.to_string(), &case.to_string(), &batches.to_string()])
        .output()
        .expect("started");
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text.lines().find_map(|line| Some(line.split_once("Collected : ")?.1.trim()));
    let count = collected.filter(|_| output.status.success()).and_then(|count| count.parse().ok());
    if count.is_none() {
        println!("skipped: {subject}, {alg}, {case} does not run under valgrind: {text}");
    }
    count
}

fn work(counts: Option<&Counts>) -> String {
    let Some(counts) = counts else {
        return "Instructions were not counted: valgrind is not installed.\n".to_owned();
    };
    // Who has no row without a token has the same as the first.
    let table = rows(counts, &[Case::Same, Case::WrongRole, Case::NoToken]);
    let table: String = table
        .lines()
        .filter(|line| !line.starts_with("| no token") || line.contains(&Alg::Hs256.to_string()))
        .map(|line| line.replace("no token, HS256", "no token") + "\n")
        .collect();
    format!(
        "**Instructions of a request** over the bare handler's, counted by callgrind.\n\n{table}"
    )
}
