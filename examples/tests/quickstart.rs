//! The quickstart is what a new user sees first: its printed lines answer what they promise.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
};

const NO_TOKEN: &str = r#"{"error":"Unauthorized","message":"No authentication token provided"}"#;
const BAD_TOKEN: &str = r#"{"error":"Unauthorized","message":"Invalid or expired token"}"#;
const FORBIDDEN: &str =
    r#"{"error":"Forbidden","message":"You do not have permission to access this resource"}"#;

/// The running program, ended with the test.
struct Quickstart {
    child: Child,
    /// What it printed: what a line answers, and the line.
    lines: Vec<(String, String)>,
}

impl Quickstart {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_quickstart"))
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = Vec::new();
        while lines.len() < 9 {
            let line = output.next().expect("the program printed too little").unwrap();
            if let Some(answers) = line.strip_prefix("# ") {
                lines.push((answers.to_owned(), output.next().unwrap().unwrap()));
            }
        }
        Self { child, lines }
    }
}

impl Drop for Quickstart {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a printed `curl` line asks for. The lines use single quotes and nothing else that a shell would interpret.
struct Line {
    method: String,
    authority: String,
    path: String,
    headers: Vec<String>,
    body: String,
}

impl Line {
    fn parse(line: &str) -> Self {
        let mut words = Vec::new();
        for (index, part) in line.split('\'').enumerate() {
            if index % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        let mut words = words.into_iter();
        assert_eq!(words.next().as_deref(), Some("curl"));
        let mut parsed = Self {
            method: String::new(),
            authority: String::new(),
            path: String::new(),
            headers: Vec::new(),
            body: String::new(),
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "-i" => {}
                "-X" => parsed.method = words.next().unwrap(),
                "-H" => parsed.headers.push(words.next().unwrap()),
                "-d" => {
                    parsed.body = words.next().unwrap();
                    "POST".clone_into(&mut parsed.method);
                }
                url => {
                    let (authority, path) =
                        url.strip_prefix("http://").unwrap().split_once('/').unwrap();
                    authority.clone_into(&mut parsed.authority);
                    parsed.path = format!("/{path}");
                }
            }
        }
        if parsed.method.is_empty() {
            "GET".clone_into(&mut parsed.method);
        }
        parsed
    }

    /// Status, head and body of the answer.
    fn send(&self) -> (u16, String, String) {
        let Self { method, authority, path, headers, body } = self;
        assert!(authority.starts_with("127.0.0.1:"));
        let mut stream = TcpStream::connect(authority).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Length: {}\r\n{}\r\n{body}",
            body.len(),
            headers.iter().flat_map(|header| [header.as_str(), "\r\n"]).collect::<String>(),
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_owned(), body.to_owned())
    }
}

#[test]
fn the_printed_lines_answer_what_they_promise() {
    let quickstart = Quickstart::start();
    let expected = [
        (401, Some(NO_TOKEN)),
        (200, Some("you are bob with the roles [\"user\"]\n")),
        (403, Some(FORBIDDEN)),
        (200, Some("user 7 is gone\n")),
        (401, Some(BAD_TOKEN)),
        (401, Some(NO_TOKEN)),
        (400, None),
        (201, Some("noted: buy milk\n")),
        (200, Some("hello stranger\n")),
    ];
    for ((answers, line), (status, body)) in quickstart.lines.iter().zip(expected) {
        let (got, head, got_body) = Line::parse(line).send();
        assert_eq!(got, status, "{line}");
        assert!(answers.contains(&status.to_string()), "{answers}");
        assert_eq!(
            head.contains("www-authenticate: Bearer realm=\"api\""),
            status == 401,
            "{head}"
        );
        if let Some(body) = body {
            assert_eq!(got_body, body, "{line}");
        }
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quickstart")).args(arguments).output().unwrap()
}

#[test]
fn bad_input_gets_one_clear_line() {
    for (arguments, part) in [
        (["--prot", "1"].as_slice(), "expected `--port N` or `--help`"),
        (&["--port", "eighty"], "`eighty` is no port"),
        (&["--port", "65536"], "from 0 to 65535"),
        (&["--port"], "`--port` needs a number"),
    ] {
        let output = run(arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(part) && errors.lines().count() == 1, "{errors}");
        assert!(output.stdout.is_empty());
    }

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&["--port", &port]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("try another port") && errors.lines().count() == 1, "{errors}");
}
