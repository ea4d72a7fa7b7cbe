//! A real OpenID provider, the npm package `oidc-provider`, on a free port of the loopback interface.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use super::http::{Answer, send};

/// Much longer than it takes, on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(60);

/// Stops with this value, and also with the program whose value it is: its input ends then.
pub(crate) struct Provider {
    process: Child,
    input: ChildStdin,
    output: Receiver<String>,
    issuer: String,
}

impl Provider {
    /// With these settings, which `provider.mjs` describes. `None`, with a line that says so, where it is not installed.
    pub(crate) fn start(settings: &Value) -> Option<Self> {
        match Self::try_start(settings) {
            Ok(provider) => Some(provider),
            Err(why) => {
                let fix =
                    "install Node.js 22 or newer and run `npm ci --prefix tests/identity_provider`";
                assert!(
                    env::var_os("AUTH_TEST_REQUIRE_ALL").is_none(),
                    "AUTH_TEST_REQUIRE_ALL is set, and there is no identity provider to test with ({why}): {fix}"
                );
                // Not by a macro: the harness would keep it to itself.
                let _ = writeln!(io::stderr(), "skipped: no identity provider ({why}): {fix}");
                None
            }
        }
    }

    fn try_start(settings: &Value) -> Result<Self, &'static str> {
        // Beside the package that is being tested, whichever of those that start a provider it is.
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join("tests")
            .join("identity_provider");
        if !folder.join("node_modules").join("oidc-provider").is_dir() {
            return Err("its package is not installed");
        }
        let process = Command::new("node")
            .arg(folder.join("provider.mjs"))
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut process) = process else { return Err("there is no Node.js") };
        let (sender, output) = mpsc::channel();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let input = process.stdin.take().unwrap();
        let mut provider = Self { process, input, output, issuer: String::new() };
        // One that has gone already is looked at below.
        let _ = provider.say(settings);
        match provider.output.recv_timeout(PATIENCE) {
            Ok(line) => {
                let issuer = line.strip_prefix("issuer ").unwrap_or_else(|| panic!("{line}"));
                issuer.clone_into(&mut provider.issuer);
                Ok(provider)
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                let status = provider.process.wait().unwrap();
                assert_eq!(status.code(), Some(3), "the provider did not start");
                Err("its Node.js is too old")
            }
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("the provider does not start"),
        }
    }

    fn say(&mut self, what: &Value) -> io::Result<()> {
        self.input.write_all(format!("{what}\n").as_bytes())?;
        self.input.flush()
    }

    /// Its name, as in the tokens' `iss`.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Publishes these keys from now on; the first of an algorithm signs. One named before is the same as before.
    pub(crate) fn publish(&mut self, keys: &Value) {
        self.say(&json!({ "keys": keys })).unwrap();
        assert_eq!(self.output.recv_timeout(PATIENCE).as_deref(), Ok("keys replaced"));
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Posts a form, with further header lines.
    pub(crate) fn post(&self, path: &str, form: &[(&str, &str)], headers: &[&str]) -> Answer {
        let form: Vec<_> =
            form.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
        let mut all = vec!["Content-Type: application/x-www-form-urlencoded"];
        all.extend(headers);
        send("POST", &self.url(path), &all, &form.join("&"))
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Everything but letters and digits escaped, as nobody minds.
pub(crate) fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect()
}
