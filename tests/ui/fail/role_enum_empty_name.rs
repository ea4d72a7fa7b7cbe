//! A name of nothing.

use auth_runtime::Role;

#[derive(Role)]
enum Role {
    #[role(rename = "")]
    Admin,
    #[role(rename = " ")]
    Editor,
}

fn main() {}
