//! Values that are no text in quotes.

use auth_runtime::Role;

const NAME: &str = "admin";

#[derive(Role)]
#[role(rename_all = lowercase)]
enum Role {
    #[role(rename = admin)]
    Admin,
    #[role(rename = 5)]
    Fifth,
    #[role(rename = concat!("a", "b"))]
    Joined,
    #[role(rename = self::NAME)]
    ByConstant,
}

fn main() {
    let _ = NAME;
}
