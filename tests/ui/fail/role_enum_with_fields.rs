//! A variant with data.

use auth_runtime::Role;

#[derive(Role)]
enum Role {
    Admin,
    Owner(u32),
    Member { _tenant: u32 },
    Empty(),
}

fn main() {
    let _ = auth_runtime::RoleName::role_name(&Role::Owner(1));
}
