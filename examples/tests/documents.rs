//! The README of `documents`: every line answers what stands beside it, from top to bottom.

mod common;

use std::collections::BTreeMap;

use common::{Line, Program};

const README: &str = include_str!("../src/bin/documents/README.md");

/// The variables that the program says to export.
fn variables(program: &mut Program) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    while variables.len() < 7 {
        if let Some(variable) = program.line().strip_prefix("export ") {
            let (name, value) = variable.split_once('=').unwrap();
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    variables
}

/// What `` `a`, b `` promises: the parts in backticks.
fn promised(answer: &str) -> impl Iterator<Item = &str> {
    answer.split('`').skip(1).step_by(2)
}

#[test]
fn every_line_of_the_readme_answers_what_it_says() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_documents"));
    let variables = variables(&mut program);
    let mut lines = 0;
    for row in README.lines().filter(|line| line.starts_with("| `curl ")) {
        let (ask, answer) = row.trim_matches(['|', ' ']).split_once("` | ").unwrap();
        let ask = ask.trim_start_matches('`');
        // Long names first: `$ANN` is the beginning of `$ANN_READS`.
        let ask = variables
            .iter()
            .rev()
            .fold(ask.to_owned(), |ask, (name, value)| ask.replace(&format!("${name}"), value));
        assert!(!ask.contains('$'), "{ask}");
        let (status, head, body) = Line::parse(&ask).send();
        let expected: u16 = answer.get(..3).unwrap().parse().unwrap();
        assert_eq!(status, expected, "{row}\n{head}\n\n{body}");
        for part in promised(answer) {
            assert!(head.contains(part) || body.contains(part), "{row}\n{head}\n\n{body}");
        }
        lines += 1;
    }
    assert_eq!(lines, README.matches("`curl ").count());
    assert!(lines > 15);
}
