//! Items that are no functions.

use auth_runtime::{require_auth, require_role, public};

#[require_auth]
struct Handler;

#[require_role("admin")]
trait Handlers {}

struct Api;

#[require_auth]
impl Api {}

#[require_auth]
enum Kind {}

#[public]
const X: u8 = 1;

fn main() {}
