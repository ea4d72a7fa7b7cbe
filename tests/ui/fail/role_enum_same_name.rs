//! Two variants, one name.

use auth_runtime::{Role, Scope};

#[derive(Role)]
enum Role {
    Admin,
    #[role(rename = "admin")]
    Root,
}

#[derive(Scope)]
#[scope(rename_all = "lowercase")]
enum Scope {
    ReadDocs,
    Readdocs,
}

fn main() {}
