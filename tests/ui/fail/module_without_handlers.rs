//! Nothing would be guarded.

use auth_runtime::{public, require_role};

#[require_role("admin")]
mod api {}

#[public]
pub mod helpers {
    pub async fn helper() -> u32 {
        7
    }
}

fn main() {}
