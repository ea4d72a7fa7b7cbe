//! An option that is given twice.

use auth_runtime::Role;

#[derive(Role)]
#[role(rename_all = "lowercase", rename_all = "UPPERCASE")]
#[role(crate = ::auth_runtime)]
#[role(crate = ::auth_runtime)]
enum Role {
    #[role(rename = "root", rename = "admin")]
    Admin,
}

fn main() {}
