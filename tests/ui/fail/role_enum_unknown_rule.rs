//! A rule that is none.

use auth_runtime::{Role, Scope};

#[derive(Role)]
#[role(rename_all = "kebap-case")]
enum Role {
    Admin,
}

#[derive(Scope)]
#[scope(rename_all = "UPPER")]
enum Scope {
    Read,
}

fn main() {}
