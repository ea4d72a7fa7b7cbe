//! `auth-peers compare FOLDER | load FOLDER | least FOLDER | caches FOLDER | one SUBJECT ALGORITHM CASE BATCHES | serve KIND
//! ALGORITHM`
//!
//! The first four write Markdown into a folder; `benches/run` puts it together. The others are what they start.

use std::{env, path::Path, process::ExitCode};

use auth_peers::{caches, compare, load};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["compare", folder] => compare::all(Path::new(folder)),
        ["load", folder] => load::all(Path::new(folder)),
        ["least", folder] => {
            compare::least(Path::new(folder));
            load::of_least(Path::new(folder));
        }
        ["caches", folder] => caches::all(Path::new(folder)),
        ["one", subject, alg, case, batches] => compare::one(subject, alg, case, batches),
        ["serve", kind, alg] => load::serve(kind, alg),
        _ => {
            eprintln!(
                "expected `compare FOLDER`, `load FOLDER`, `least FOLDER`, `caches FOLDER`, `one SUBJECT ALGORITHM CASE BATCHES` \
                 or `serve KIND ALGORITHM`"
            );
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
