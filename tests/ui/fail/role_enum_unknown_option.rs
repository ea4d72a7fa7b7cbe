//! Words that mean nothing here.

use auth_runtime::{Role, Scope};

#[derive(Role)]
#[role(rename_al = "kebab-case")]
enum Role {
    #[role(renam = "admin")]
    Admin,
    #[role(skip)]
    Nobody,
}

#[derive(Scope)]
#[scope(rename = "docs")]
enum Scope {
    #[scope(rename_all = "lowercase")]
    Read,
    #[scope("docs:write")]
    Write,
}

fn main() {
    let _ = Role::Admin.name();
}
