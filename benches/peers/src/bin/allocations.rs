//! Heap allocations of one call each, by a counting allocator; a program of its own, so that it slows nobody down elsewhere.
//!
//! Prints `algorithm TAB case TAB subject TAB allocations`.

use auth_peers::{
    compare::status,
    subjects::{Which, subjects},
    tokens::{Alg, Case, Tokens},
};

const CALLS: usize = 64;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let _entered = runtime.as_ref().expect("a runtime").enter();
    for alg in Alg::ALL {
        let tokens = Tokens::new(alg, 1);
        for case in [Case::Same, Case::NeverSeen, Case::NoToken, Case::WrongRole] {
            let authorizations = tokens.of(case);
            let authorizations: Vec<_> =
                authorizations.iter().copied().cycle().take(CALLS).collect();
            for mut subject in subjects(alg, case, Which::All) {
                let status = status(subject.name, case);
                subject.run(&authorizations, status, &mut |batch| batch());
                let mut count = 0;
                subject.run(&authorizations, status, &mut |batch| {
                    count = allocation_counter::measure(batch).count_total;
                });
                println!("{alg}\t{case}\t{}\t{}", subject.name, count as f64 / CALLS as f64);
            }
        }
    }
}
