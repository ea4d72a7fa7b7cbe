//! Anything but an enum.

use auth_runtime::{Role, Scope};

#[derive(Role)]
struct Admin;

#[derive(Scope)]
union Either {
    _one: u8,
    _two: i8,
}

#[derive(Role)]
struct Tenant<T>(T);

fn main() {
    // Neither says anything about a missing implementation, nor about a missing function.
    let _ = auth_runtime::RoleName::role_name(&Admin);
    let _ = Admin.name();
}
