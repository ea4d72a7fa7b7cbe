//! A name that a list of names with spaces between them cannot hold.

use auth_runtime::Scope;

#[derive(Scope)]
enum Scope {
    #[scope(rename = "docs:read docs:write")]
    Docs,
    #[scope(rename = " profile")]
    Profile,
}

fn main() {}
