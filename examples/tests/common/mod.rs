//! Runs an example, and what its `curl` lines ask for, without `curl`.

use std::{
    io::{BufRead, BufReader, Lines, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdout, Command, Stdio},
};

/// The running program, ended with the test.
pub struct Program {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Starts it on a free port of the loopback interface.
    pub fn start(path: &str) -> Self {
        Self::start_with(path, &[], Stdio::inherit())
    }

    /// The same with further arguments, and somewhere for its log.
    pub fn start_with(path: &str, arguments: &[&str], log: Stdio) -> Self {
        let mut child = Command::new(path)
            .args(["--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, output }
    }

    /// The next line it prints.
    pub fn line(&mut self) -> String {
        self.output.next().expect("the program printed too little").unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a `curl` line asks for.
pub struct Line {
    method: String,
    authority: String,
    path: String,
    headers: Vec<String>,
    body: String,
}

impl Line {
    /// Reads the words as a shell does; variables have to be replaced already.
    pub fn parse(line: &str) -> Self {
        let mut words = shell_words::split(line).unwrap().into_iter();
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
    pub fn send(&self) -> (u16, String, String) {
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
