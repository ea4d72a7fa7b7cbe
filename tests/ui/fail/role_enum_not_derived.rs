//! What does not name a role or a scope, and a role that is misspelt.

use auth_runtime::{Identity, Role};

enum Plain {
    Admin,
}

#[derive(Role)]
enum Role {
    Admin,
}

fn main() {
    let _ = |identity: &Identity| {
        let _ = identity.has_role(Plain::Admin);
        let _ = identity.has_role(Role::Admn);
        let _ = identity.has_scope(Role::Admin);
    };
}
