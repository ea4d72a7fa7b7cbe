//! Types in a name.

use std::marker::PhantomData;

use auth_runtime::{Role, Scope};

#[derive(Role)]
enum Role<'a, T: Copy> {
    Admin,
    #[allow(dead_code)]
    Phantom(PhantomData<&'a T>),
}

#[derive(Scope)]
enum Scope
where
    u8: Copy,
{
    Read,
}

fn main() {
    let _ = Role::<u8>::Admin.name();
    let _ = Scope::Read.name();
}
