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
            [
                "Greets whoever comes.",
                "Public: anybody may call this, without credentials.",
                "bad ones are a 401.",
            ]
            .as_slice(),
        ),
        (
            "me",
            &["Says who the caller is.", "Requires an authenticated caller.", "401 Unauthorized"],
        ),
        (
            "delete_user",
            &["Removes a user.", "Requires role admin.", "401 Unauthorized", "403 Forbidden"],
        ),
        ("add_note", &["Requires role admin or role editor."]),
    ] {
        let page = page(handler);
        assert!(page.contains("Authorization"), "{handler}: {page}");
        for part in parts {
            assert!(page.contains(part), "{handler} lacks {part:?}: {page}");
        }
    }
}

#[test]
fn the_policy_stands_in_words_and_links_to_what_it_names() {
    let pages = pages("documents");
    let page = |name: &str| {
        let path = pages.join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    for (name, parts) in [
        (
            "struct.usage.html",
            [
                "Requires role Role::Admin, or role Role::Auditor, or scope Scope::Read and being the owner of user.",
                "403 Forbidden, insufficient_scope",
                "ask for access",
            ]
            .as_slice(),
        ),
        (
            // The module's rule and the handler's own.
            "documents/struct.add.html",
            &["Requires scope Scope::Write and document.owner == identity.subject().", "log in or refresh"],
        ),
        (
            "documents/struct.remove.html",
            &["Requires scope Scope::Write and authentication within the last 5 minutes.", "authenticate anew"],
        ),
        ("documents/struct.about.html", &["Public: anybody may call this, without credentials."]),
        ("admin/struct.count.html", &["Requires role Role::Admin.", "404 Not Found", "stays hidden"]),
    ] {
        let html = page(name);
        let text = text(&html);
        for part in parts {
            assert!(text.contains(part), "{name} lacks {part:?}: {text}");
        }
    }
    for (name, link) in [
        ("struct.usage.html", "enum.Role.html#variant.Auditor"),
        ("struct.usage.html", "enum.Scope.html#variant.Read"),
        ("admin/struct.count.html", "../enum.Role.html#variant.Admin"),
    ] {
        assert!(page(name).contains(&format!("href=\"{link}\"")), "{name} lacks {link}");
    }
}
