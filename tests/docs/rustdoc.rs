//! The "Authorization" section on the pages that `cargo doc` makes of a user's crate: here, of the examples.

use std::{env, fs, path::PathBuf, process::Command};

/// Makes the pages of one example, and gives their folder.
fn pages(example: &str) -> PathBuf {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let output = Command::new(cargo)
        .current_dir(&root)
        .args(["doc", "--quiet", "--no-deps", "-p", "auth-examples", "--bin", example])
        .arg("--target-dir")
        .arg(&target)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    target.join("doc").join(example)
}

/// The text of one page, without markup.
fn text(page: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in page.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

#[test]
fn a_handler_s_page_says_what_is_required_and_which_statuses_follow() {
    let pages = pages("quickstart");
    let page = |name: &str| {
        let path = pages.join(format!("struct.{name}.html"));
        text(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}")))
    };
    for (handler, parts) in [
        (
            "home",
            ["Greets whoever comes.", "Public: anybody may call this, without credentials."]
                .as_slice(),
        ),
        (
            "me",
            &["Says who the caller is.", "Requires an authenticated caller.", "401 Unauthorized"],
        ),
        (
            "delete_user",
            &[
                "Removes a user.",
                "Requires an authenticated caller with role admin.",
                "401 Unauthorized",
                "403 Forbidden",
            ],
        ),
        ("add_note", &["Requires an authenticated caller with any of the roles admin, editor."]),
    ] {
        let page = page(handler);
        assert!(page.contains("Authorization"), "{handler}: {page}");
        for part in parts {
            assert!(page.contains(part), "{handler} lacks {part:?}: {page}");
        }
    }
}
