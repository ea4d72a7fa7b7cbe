//! Examples whose printed lines say what each answers: API keys, and the proxy.

mod common;

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use common::{Line, Program};

/// The next printed line, and what it is said to answer.
fn next(program: &mut Program) -> (String, String) {
    loop {
        if let Some(answers) = program.line().strip_prefix("# ") {
            return (answers.to_owned(), program.line());
        }
    }
}

#[test]
fn api_keys_answer_what_is_printed() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_api_keys"));
    for status in [200, 403, 401] {
        let (answers, line) = next(&mut program);
        assert!(answers.starts_with(&status.to_string()), "{answers}");
        let (got, head, _) = Line::parse(&line).send();
        assert_eq!(got, status, "{line}");
        let asks = head.contains(r#"www-authenticate: ApiKey realm="api", header="X-API-Key""#);
        assert_eq!(asks, status == 401, "{head}");
    }
}

/// What `curl -x PROXY [--proxy-header LINE] URL` sends.
fn through_proxy(line: &str) -> String {
    let words = shell_words::split(line).unwrap();
    let after = |flag: &str| {
        let position = words.iter().position(|word| word == flag)?;
        words.get(position + 1)
    };
    let proxy = after("-x").unwrap().strip_prefix("http://").unwrap();
    assert!(proxy.starts_with("127.0.0.1:"));
    let header = after("--proxy-header").map(|line| format!("{line}\r\n")).unwrap_or_default();
    let url = words.last().unwrap();
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(proxy).unwrap();
    write!(stream, "GET {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{header}\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A25
#[test]
fn the_proxy_answers_what_is_printed() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_forward_proxy"));
    for status in [407, 200, 403] {
        let (answers, line) = next(&mut program);
        assert!(answers.starts_with(&status.to_string()), "{answers}");
        let answer = through_proxy(&line);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert_eq!(answer.contains("proxy-authenticate: Bearer realm=\"api\""), status == 407);
        assert_eq!(answer.contains("which does not see the proxy's credentials"), status == 200);
        assert!(!answer.contains("www-authenticate"));
    }
}
