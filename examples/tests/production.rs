//! The example `production`, run by its file against a real identity provider: what its documentation says is answered.
//!
//! Where the provider is not installed this test says that it is skipped; with `AUTH_TEST_REQUIRE_ALL` it fails.

#[allow(dead_code, reason = "shared with the tests of examples that need no file")]
mod common;
#[path = "../../tests/identity_provider/http.rs"]
mod http;
#[allow(dead_code, reason = "shared with the tests of what the provider's tokens open")]
#[path = "../../tests/identity_provider/provider.rs"]
mod provider;

use std::{
    env, fs,
    path::PathBuf,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use common::{Line, Program};
use http::send;
use provider::Provider;
use serde_json::{Value, json};

const SOURCE: &str = include_str!("../src/bin/production.rs");
const SETTINGS: &str = include_str!("../production.toml");
const DEMO: &str = include_str!("../../tests/identity_provider/demo.json");
/// Where demonstration and documentation have the provider.
const PROVIDER: &str = "http://127.0.0.1:9000";

/// The provider of the documentation, on this port.
fn provider(port: u16) -> Option<Provider> {
    let mut settings: Value = serde_json::from_str(DEMO).unwrap();
    assert_eq!(settings["port"], 9000);
    settings["port"] = json!(port);
    Provider::start(&settings)
}

/// The lines of the documentation's shell for a client, with the addresses of this run.
fn documented(provider: &str, application: &str) -> Vec<String> {
    let lines = SOURCE.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    lines
        .filter(|line| line.starts_with("curl ") || line.starts_with("TOKEN="))
        .map(|line| line.replace(PROVIDER, provider).replace("http://127.0.0.1:8080", application))
        .collect()
}

/// What `$(curl … | sed …)` yields.
fn token(line: &str) -> String {
    let (curl, sed) = line
        .strip_prefix("TOKEN=$(")
        .unwrap()
        .strip_suffix(')')
        .unwrap()
        .split_once(" | ")
        .unwrap();
    assert_eq!(sed, r#"sed 's/.*"access_token":"\([^"]*\)".*/\1/'"#);
    let mut words = shell_words::split(curl).unwrap().into_iter();
    assert_eq!(words.next().as_deref(), Some("curl"));
    let (mut headers, mut form, mut url) = (Vec::new(), Vec::new(), String::new());
    while let Some(word) = words.next() {
        match &*word {
            "-s" => {}
            "-u" => {
                headers.push(format!("Authorization: Basic {}", base64(&words.next().unwrap())));
            }
            "-d" => form.push(words.next().unwrap()),
            _ => url = word,
        }
    }
    headers.push("Content-Type: application/x-www-form-urlencoded".to_owned());
    let headers: Vec<_> = headers.iter().map(String::as_str).collect();
    let answer = send("POST", &url, &headers, &form.join("&"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn base64(text: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(text)
}

/// A folder of its own, gone with the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[track_caller]
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(60), "not in time: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_documented_lines_are_answered_as_documented_whoever_starts_first() {
    // Where it will be; and a token, of which nothing can be said as long as the provider is away.
    let Some(first) = provider(0) else { return };
    let issuer = first.issuer().to_owned();
    let lines = documented(&issuer, "");
    assert_eq!(lines.len(), 4);
    let early = token(&lines[0]);
    drop(first);

    let folder = env::temp_dir().join(format!("auth-example-production-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let folder = Folder(folder);
    let file = folder.0.join("production.toml");
    let settings = SETTINGS.replace(PROVIDER, &issuer);
    fs::write(&file, &settings).unwrap();
    let mut program = Program::start_with(
        env!("CARGO_BIN_EXE_production"),
        &["--config", file.to_str().unwrap()],
        Stdio::from(fs::File::create(folder.0.join("log")).unwrap()),
    );
    let logged = |part: &str| {
        let log = folder.0.join("log");
        eventually(part, || fs::read_to_string(&log).unwrap().contains(part));
    };
    let line = program.line();
    let application = line.strip_prefix("listening on ").unwrap();
    let get = |path: &str, token: &str| {
        let credentials = format!("Authorization: Bearer {token}");
        send("GET", &format!("{application}{path}"), &[&credentials], "")
    };
    let open = |path: &str| send("GET", &format!("{application}{path}"), &[], "");

    logged("until they are there, tokens are answered 503");
    assert_eq!(get("/documents", &early).status, 503);
    assert_eq!(open("/health/ready").status, 503);
    assert_eq!(open("/health/live").status, 200);

    let _provider = provider(issuer.rsplit(':').next().unwrap().parse().unwrap()).unwrap();
    eventually("ready", || open("/health/ready").status == 200);
    logged("INFO production: ready");
    let lines = documented(&issuer, application);
    let token = token(&lines[0]);
    for (line, expected, part) in [
        (&lines[1], 200, "documents, as robot may see them"),
        (&lines[2], 401, r#"realm="documents""#),
        (&lines[3], 403, r#"scope="docs:write""#),
    ] {
        let (status, head, body) = Line::parse(&line.replace("$TOKEN", &token)).send();
        assert_eq!(status, expected, "{line}\n{head}\n\n{body}");
        assert!(head.contains(part) || body.contains(part), "{head}\n\n{body}");
    }
    assert_eq!(get("/users/robot/drafts", &token).status, 200);
    assert_eq!(get("/users/ann/drafts", &token).status, 403);
    let metadata = open("/.well-known/oauth-protected-resource");
    let metadata: Value = serde_json::from_str(&metadata.body).unwrap();
    assert_eq!(metadata["resource"], "https://documents.example.com");
    assert_eq!(metadata["authorization_servers"], json!([issuer]));

    // Roles, which another client has.
    let admin = self::token(&lines[0].replace("robot:robot-secret", "admin-robot:admin-secret"));
    for (token, expected) in [(&token, 403), (&admin, 200)] {
        let line = format!(
            r#"curl -i -X DELETE -H "Authorization: Bearer {token}" {application}/documents/7"#
        );
        assert_eq!(Line::parse(&line).send().0, expected);
    }

    // Without a restart; and a mistake changes nothing.
    let realm = |name: &str| {
        let challenge = open("/documents");
        challenge.header("www-authenticate").unwrap().contains(&format!(r#"realm="{name}""#))
    };
    let changed =
        |name: &str| settings.replace(r#"realm = "documents""#, &format!("realm = \"{name}\""));
    fs::write(&file, changed("papers")).unwrap();
    eventually("the new realm", || realm("papers"));
    fs::write(&file, format!("{}\nprofil = 1\n", changed("mistaken"))).unwrap();
    logged("did you mean");
    assert!(realm("papers"));
    assert_eq!(get("/documents", &token).status, 200);
    fs::write(&file, changed("books")).unwrap();
    eventually("a realm after a mistake", || realm("books"));
    assert_eq!(get("/documents", &token).status, 200);
}
