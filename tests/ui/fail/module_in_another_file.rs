//! What stands in another file cannot be seen.

use auth_runtime::require_auth;

#[require_auth]
#[path = "api/handlers.rs"]
mod handlers;

fn main() {}
