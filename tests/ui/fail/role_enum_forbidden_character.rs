//! Characters that RFC 6749 does not allow.

use auth_runtime::Role;

#[derive(Role)]
enum Role {
    #[role(rename = "\"hi\"")]
    Spoken,
    #[role(rename = "ad\\min")]
    Admin,
    Größe,
}

fn main() {}
