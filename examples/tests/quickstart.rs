//! The quickstart is what a new user sees first: its printed lines answer what they promise.

mod common;

use std::{
    net::TcpListener,
    process::{Command, Output},
};

use common::{Line, Program};

const NO_TOKEN: &str = r#"{"error":"Unauthorized","message":"No authentication token provided"}"#;
const BAD_TOKEN: &str = r#"{"error":"Unauthorized","message":"Invalid or expired token"}"#;
const FORBIDDEN: &str =
    r#"{"error":"Forbidden","message":"You do not have permission to access this resource"}"#;

/// The printed lines, and what each is said to answer.
fn printed(program: &mut Program) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    while lines.len() < 9 {
        if let Some(answers) = program.line().strip_prefix("# ") {
            lines.push((answers.to_owned(), program.line()));
        }
    }
    lines
}

#[test]
fn the_printed_lines_answer_what_they_promise() {
    let mut quickstart = Program::start(env!("CARGO_BIN_EXE_quickstart"));
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
    for ((answers, line), (status, body)) in printed(&mut quickstart).into_iter().zip(expected) {
        let (got, head, got_body) = Line::parse(&line).send();
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
