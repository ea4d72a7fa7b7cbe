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
    let port = match port(env::args().skip(1)) {
        Ok(Some(port)) => port,
        Ok(None) => {
            println!(
                "{about}\n\nFlags:\n  --port N   the port on 127.0.0.1, 8080 unless given; 0 picks a free one\n  --help     this text"
            );
            exit(0);
        }
        Err(problem) => fail(2, problem),
    };
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(listener) => listener,
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

/// The port asked for; `None` if help was.
fn port(mut arguments: impl Iterator<Item = String>) -> Result<Option<u16>, String> {
    let mut port = 8080;
    while let Some(argument) = arguments.next() {
        let value = match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--port" => arguments.next().ok_or("`--port` needs a number: write `--port 8081`")?,
            other => match other.strip_prefix("--port=") {
                Some(value) => value.to_owned(),
                None => {
                    return Err(format!("unknown flag `{other}`: expected `--port N` or `--help`"));
                }
            },
        };
        port = value.parse().map_err(|_| {
            format!("`{value}` is no port: write a number from 0 to 65535, such as `--port 8081`")
        })?;
    }
    Ok(Some(port))
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
    use super::port;

    fn read(arguments: &[&str]) -> Result<Option<u16>, String> {
        port(arguments.iter().map(ToString::to_string))
    }

    #[test]
    fn flags_are_read_and_mistakes_say_what_to_write() {
        assert_eq!(read(&[]), Ok(Some(8080)));
        assert_eq!(read(&["--port", "0"]), Ok(Some(0)));
        assert_eq!(read(&["--port=8081"]), Ok(Some(8081)));
        assert_eq!(read(&["--help"]), Ok(None));
        for (arguments, part) in [
            (["--port", "70000"].as_slice(), "from 0 to 65535"),
            (&["--port", "http"], "`http` is no port"),
            (&["--port"], "needs a number"),
            (&["--prot", "1"], "unknown flag `--prot`"),
            (&["8081"], "unknown flag `8081`"),
        ] {
            let problem = read(arguments).unwrap_err();
            assert!(problem.contains(part) && !problem.contains('\n'), "{problem}");
        }
    }
}
