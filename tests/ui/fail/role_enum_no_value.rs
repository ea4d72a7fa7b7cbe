//! Options without a value, and attributes without options.

use auth_runtime::{Role, Scope};

#[derive(Role)]
#[role(rename_all, crate)]
enum Role {
    #[role(rename)]
    Admin,
    #[role]
    Editor,
    #[role = "reader"]
    Reader,
}

#[derive(Scope)]
#[scope(crate = "auth_runtime")]
enum Scope {
    #[scope(rename("read"))]
    Read,
    #[scope(rename = )]
    Write,
}

fn main() {}
