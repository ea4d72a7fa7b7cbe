//! What the examples share: two flags, a port on the loopback interface, and lines to paste.

use std::{
    env,
    fmt::Display,
    io::{Write, stdout},
    net::TcpListener,
    process::exit,
    time::Duration,
};

/// How long the printed tokens are good: whoever reads slowly is not to hear that they have expired.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads `--port N` and `--help`, and opens the port on 127.0.0.1.
///
/// Anything else ends the program with one line that says what to write instead: exit code 2 for a wrong flag, 1 for a
/// port that cannot be had.
#[must_use]
pub fn listen(about: &str) -> TcpListener {
    start(about, None).0
}

/// The same as [`listen`], and `--config FILE`: the path of the file that the program is set up by, `default` unless given.
#[must_use]
pub fn listen_and_configure(about: &str, default: &str) -> (TcpListener, String) {
    start(about, Some(default))
}

fn start(about: &str, config: Option<&str>) -> (TcpListener, String) {
    let flags = match Flags::read(env::args().skip(1), config) {
        Ok(Some(flags)) => flags,
        Ok(None) => {
            println!(
                "{about}\n\nFlags:\n  --port N       the port on 127.0.0.1, 8080 unless given; 0 picks a free one"
            );
            if let Some(default) = config {
                println!("  --config FILE  what it is set up by, {default} unless given");
            }
            println!("  --help         this text");
            exit(0);
        }
        Err(problem) => fail(2, problem),
    };
    let port = flags.port;
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(listener) => (listener, flags.config),
        Err(error) => fail(
            1,
            format!(
                "cannot listen on 127.0.0.1:{port} ({error}): try another port with `--port 8081`"
            ),
        ),
    }
}

fn fail(code: i32, problem: impl Display) -> ! {
    eprintln!("{problem}");
    exit(code);
}

/// What the program was started with.
#[derive(Debug, PartialEq, Eq)]
struct Flags {
    port: u16,
    /// Empty where there is nothing to set up.
    config: String,
}

impl Flags {
    /// `None` if help was asked for; `--config` is known where there is a default.
    fn read(
        mut arguments: impl Iterator<Item = String>,
        config: Option<&str>,
    ) -> Result<Option<Self>, String> {
        let mut flags = Self { port: 8080, config: config.unwrap_or_default().to_owned() };
        while let Some(argument) = arguments.next() {
            let (flag, inside) = match argument.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_owned())),
                None => (&*argument, None),
            };
            let mut value = |what, example| {
                let value = inside.clone().or_else(|| arguments.next());
                value.ok_or_else(|| format!("`{flag}` needs {what}: write `{flag} {example}`"))
            };
            match flag {
                "--help" | "-h" => return Ok(None),
                "--port" => {
                    let value = value("a number", "8081")?;
                    flags.port = value.parse().map_err(|_| {
                        format!("`{value}` is no port: write a number from 0 to 65535, such as `--port 8081`")
                    })?;
                }
                "--config" if config.is_some() => {
                    flags.config = value("a file", "production.toml")?;
                }
                _ => {
                    let known = if config.is_some() { ", `--config FILE`" } else { "" };
                    return Err(format!(
                        "unknown flag `{argument}`: expected `--port N`{known} or `--help`"
                    ));
                }
            }
        }
        Ok(Some(flags))
    }
}

/// Prints one line to paste into a shell, under what it will answer.
///
/// Ends the program if nobody reads any more (`… | head`).
pub fn paste(answers: &str, command: &str) {
    if writeln!(stdout(), "# {answers}\n{command}\n").is_err() {
        exit(0);
    }
}

/// `http://127.0.0.1:PORT` of a listener.
///
/// # Panics
///
/// If the operating system does not know the port it gave.
#[must_use]
pub fn url(listener: &TcpListener) -> String {
    format!("http://{}", listener.local_addr().expect("an open port has an address"))
}

#[cfg(test)]
mod tests {
    use super::Flags;

    fn read(arguments: &[&str], config: Option<&str>) -> Result<Option<Flags>, String> {
        Flags::read(arguments.iter().map(ToString::to_string), config)
    }

    #[test]
    fn flags_are_read_and_mistakes_say_what_to_write() {
        let flags = |port, config: &str| Ok(Some(Flags { port, config: config.to_owned() }));
        assert_eq!(read(&[], None), flags(8080, ""));
        assert_eq!(read(&["--port", "0"], None), flags(0, ""));
        assert_eq!(read(&["--port=8081"], None), flags(8081, ""));
        assert_eq!(read(&["--help"], None), Ok(None));
        assert_eq!(read(&[], Some("a.toml")), flags(8080, "a.toml"));
        let both = ["--config", "b.toml", "--port=0"];
        assert_eq!(read(&both, Some("a.toml")), flags(0, "b.toml"));
        assert_eq!(read(&["--config=b=.toml"], Some("a.toml")), flags(8080, "b=.toml"));
        for (arguments, part) in [
            (["--port", "70000"].as_slice(), "from 0 to 65535"),
            (&["--port", "http"], "`http` is no port"),
            (&["--port"], "needs a number"),
            (&["--prot", "1"], "unknown flag `--prot`"),
            (&["8081"], "unknown flag `8081`"),
            (&["--config", "b.toml"], "unknown flag `--config`"),
        ] {
            let problem = read(arguments, None).unwrap_err();
            assert!(problem.contains(part) && !problem.contains('\n'), "{problem}");
        }
        let problem = read(&["--config"], Some("a.toml")).unwrap_err();
        assert_eq!(problem, "`--config` needs a file: write `--config production.toml`");
    }
}
