//! An enum that names nothing.

use auth_runtime::Role;

#[derive(Role)]
enum Nobody {}

fn main() {}
