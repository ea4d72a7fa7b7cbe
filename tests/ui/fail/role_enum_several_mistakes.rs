//! Every mistake is reported at once, and nothing else.

use auth_runtime::{Identity, Role};

#[derive(Role)]
#[role(rename_all = "Kebab", cratee = ::auth_runtime)]
enum Role {
    Admin(u8),
    #[role(rename = "night shift")]
    NightShift,
}

fn is_admin(identity: &Identity) -> bool {
    identity.has_role(Role::NightShift) || identity.has_role(&Role::Admin(1))
}

fn main() {
    let _ = is_admin;
}
