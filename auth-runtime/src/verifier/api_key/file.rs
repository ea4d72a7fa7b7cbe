//! API keys in a TOML file, which may be edited while the application runs.

use std::{
    collections::BTreeSet,
    fmt,
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::{Duration, SystemTime},
};

use serde::Deserialize;

use super::{ApiKey, ApiKeyStore, Lookup, MemoryStore, hex};

/// How often the file is looked at.
const POLL: Duration = Duration::from_secs(1);

/// Keeps keys in a TOML file and watches it: an edit counts about a second later. An edit that breaks the file keeps the
/// keys there were, and is logged at error level with the place. Cloning is cheap.
///
/// ```toml
/// [[key]]
/// id = "3f9a1c2b7d4e5f60"
/// hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
/// label = "ci"
/// subject = "svc-ci"
/// roles = ["deployer"]
/// scopes = ["builds:write"]
/// expires_at = 1893456000
/// ```
///
/// [`ApiKey::to_toml`] writes such an entry for a new key.
///
/// # Examples
///
/// ```
/// use auth_runtime::api_key::{ApiKey, FileStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("auth-runtime-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("keys.toml");
/// let (text, key) = ApiKey::generate("svc-ci")?;
/// std::fs::write(&path, key.to_toml())?;
/// let store = FileStore::open(&path)?;
///
/// std::fs::write(&path, "[[key]]\nid = 7")?;
/// let error = store.reload().unwrap_err(); // the key from before is still good
/// assert!(error.to_string().contains("keys.toml"));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FileStore(Arc<Inner>);

struct Inner {
    path: PathBuf,
    keys: MemoryStore,
    /// What the file looked like when it was last read.
    seen: Mutex<Option<Seen>>,
}

/// Size and time, which change with almost every edit, and what changes with all others: a key in the place of another is
/// as long, and whoever deploys files may set their time.
type Seen = (u64, Option<SystemTime>, Inode);

/// A file of keys that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the API keys in {path} cannot be used: {problem}", path = .path.display())]
pub struct FileStoreError {
    path: PathBuf,
    problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    key: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    hash: String,
    #[serde(default)]
    label: String,
    subject: String,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
    expires_at: Option<u64>,
}

impl FileStore {
    /// Reads the file and starts to watch it. The watch ends with the last clone.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is no list of keys. The message says where, and what is allowed there.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, FileStoreError> {
        let inner =
            Arc::new(Inner { path: path.into(), keys: MemoryStore::new(), seen: Mutex::new(None) });
        let store = Self(inner);
        store.reload()?;
        let watched = Arc::downgrade(&store.0);
        let watch = thread::Builder::new().name("auth-api-keys".to_owned());
        watch.spawn(move || watch_file(&watched)).map_err(|error| FileStoreError {
            path: store.0.path.clone(),
            problem: format!("it cannot be watched: {error}"),
        })?;
        Ok(store)
    }

    /// Reads the file now.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open). The keys there were stay good.
    pub fn reload(&self) -> Result<(), FileStoreError> {
        self.0.reload()
    }
}

impl Inner {
    fn reload(&self) -> Result<(), FileStoreError> {
        self.reload_by(|| fs::read_to_string(&self.path))
    }

    fn reload_by(&self, text: impl FnOnce() -> io::Result<String>) -> Result<(), FileStoreError> {
        let problem = |problem: String| FileStoreError { path: self.path.clone(), problem };
        // Held to the end: of two who read at once, the one who was slow must not put back what there was before.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing was seen of what could not be read, so the watch tries again.
        *seen = None;
        let looks = look(&self.path);
        let text = text().map_err(|error| problem(error.to_string()))?;
        *seen = looks;
        self.keys.replace(read(&text).map_err(problem)?);
        Ok(())
    }

    fn has_changed(&self) -> bool {
        look(&self.path) != *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn look(path: &Path) -> Option<Seen> {
    let data = fs::metadata(path).ok()?;
    Some((data.len(), data.modified().ok(), inode(&data)))
}

/// Device and number, and when anything about it was last changed, which nobody can set.
#[cfg(unix)]
type Inode = (u64, u64, i64, i64);

#[cfg(unix)]
fn inode(data: &Metadata) -> Inode {
    use std::os::unix::fs::MetadataExt;

    (data.dev(), data.ino(), data.ctime(), data.ctime_nsec())
}

/// Elsewhere size and time have to do.
#[cfg(not(unix))]
type Inode = ();

#[cfg(not(unix))]
fn inode(_: &Metadata) -> Inode {}

fn watch_file(watched: &Weak<Inner>) {
    let mut told = None;
    loop {
        thread::sleep(POLL);
        let Some(store) = watched.upgrade() else { return };
        if !store.has_changed() {
            continue;
        }
        match store.reload() {
            Ok(()) => {
                tracing::info!(path = %store.path.display(), "the API keys were read again");
                told = None;
            }
            Err(error) => {
                let error = Some(error.to_string());
                if let (Some(problem), true) = (&error, error != told) {
                    tracing::error!("{problem}; the keys from before stay good: mend the file");
                }
                told = error;
            }
        }
    }
}

fn read(text: &str) -> Result<Vec<ApiKey>, String> {
    let document: Document = toml::from_str(text).map_err(|error| without_source(&error))?;
    let mut ids = BTreeSet::new();
    let mut keys = Vec::with_capacity(document.key.len());
    for (index, entry) in document.key.into_iter().enumerate() {
        let plain = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if !plain(&entry.id) {
            // It may be the key itself, and is not repeated.
            let place = index + 1;
            return Err(format!("key {place}: an id holds letters, digits, `-` and `_`"));
        }
        let place = format!("key {} (`{}`)", index + 1, entry.id);
        if entry.subject.is_empty() {
            return Err(format!("{place}: `subject` says for whom the key is, and is empty"));
        }
        if !ids.insert(entry.id.clone()) {
            return Err(format!("{place}: the id stands twice"));
        }
        let hash = unhex(&entry.hash).ok_or_else(|| {
            format!("{place}: `hash` is the SHA-256 of the secret as 64 hexadecimal digits, never the secret itself")
        })?;
        let Entry { id, hash: _, label, subject, roles, scopes, expires_at } = entry;
        keys.push(ApiKey { id, hash, label, subject, roles, scopes, expires_at });
    }
    Ok(keys)
}

/// Where and what, without the line itself or the text that stands there: somebody may have written a secret.
fn without_source(error: &toml::de::Error) -> String {
    const TEXT: &str = "invalid type: string";
    let message = error.message();
    let message = match message.rsplit_once(", expected ") {
        Some((found, wanted)) if found.starts_with(TEXT) => format!("{TEXT}, expected {wanted}"),
        _ => message.to_owned(),
    };
    match error.span() {
        Some(span) => format!("{message} (at byte {})", span.start),
        None => message,
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

impl ApiKey {
    /// This key as an entry for the file of a [`FileStore`].
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut entry = toml::Table::new();
        entry.insert("id".to_owned(), self.id.clone().into());
        entry.insert("hash".to_owned(), hex(&self.hash).into());
        entry.insert("label".to_owned(), self.label.clone().into());
        entry.insert("subject".to_owned(), self.subject.clone().into());
        entry.insert("roles".to_owned(), self.roles.clone().into());
        entry.insert("scopes".to_owned(), self.scopes.clone().into());
        if let Some(end) = self.expires_at {
            // TOML has no larger numbers; a key that ends later does not end.
            if let Ok(end) = i64::try_from(end) {
                entry.insert("expires_at".to_owned(), end.into());
            }
        }
        format!("[[key]]\n{entry}")
    }
}

impl ApiKeyStore for FileStore {
    fn find(&self, id: &str) -> Lookup {
        self.0.keys.find(id)
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("path", &self.0.path).field("keys", &self.0.keys).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A file of its own, gone with the test.
    struct File(PathBuf);

    impl File {
        fn new(name: &str, text: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("auth-keys-{}-{name}.toml", std::process::id()));
            fs::write(&path, text).unwrap();
            Self(path)
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    fn has(store: &FileStore, key: &ApiKey) -> bool {
        matches!(store.find(key.id()), Lookup::Ready(Ok(Some(_))))
    }

    #[test]
    fn an_edit_counts_and_a_broken_one_keeps_what_there_was() {
        let (_, one) = ApiKey::generate("one").unwrap();
        let (_, two) = ApiKey::generate("two").unwrap();
        let file = File::new("edit", &one.to_toml());
        let store = FileStore::open(&file.0).unwrap();
        assert!(has(&store, &one) && !has(&store, &two));

        fs::write(&file.0, format!("{}\n{}", one.to_toml(), two.to_toml())).unwrap();
        // Nobody asks for it: the file is watched.
        let seen = (0..100).any(|_| {
            thread::sleep(Duration::from_millis(100));
            has(&store, &two)
        });
        assert!(seen);

        for broken in [
            "[[key]]\nid = 7",
            "nonsense",
            "[[key]]\nid = \"a\"\nhash = \"s3cret\"\nsubject = \"x\"",
        ] {
            fs::write(&file.0, broken).unwrap();
            let error = store.reload().unwrap_err().to_string();
            assert!(error.contains("auth-keys-") && !error.contains("s3cret"), "{error}");
            assert!(has(&store, &one) && has(&store, &two));
        }
        fs::write(&file.0, two.to_toml()).unwrap();
        store.reload().unwrap();
        assert!(!has(&store, &one) && has(&store, &two));
    }

    /// Whoever takes a key out wants it gone.
    #[test]
    fn l5_no_edit_goes_unnoticed() {
        let (_, one) = ApiKey::generate("one").unwrap();
        let (_, two) = ApiKey::generate("two").unwrap();
        let file = File::new("unnoticed", &one.to_toml());
        // Nobody watches this one.
        let store =
            Inner { path: file.0.clone(), keys: MemoryStore::new(), seen: Mutex::new(None) };
        store.reload().unwrap();
        assert!(!store.has_changed());

        let failure = store.reload_by(|| Err(io::Error::other("too many open files")));
        assert!(failure.is_err() && store.has_changed(), "it is tried again");
        store.reload().unwrap();
        assert!(!store.has_changed());

        // As long as before, and with the time of before, as a deployment may set it.
        let time = fs::metadata(&file.0).unwrap().modified().unwrap();
        assert_eq!(one.to_toml().len(), two.to_toml().len());
        fs::write(&file.0, two.to_toml()).unwrap();
        fs::File::options().write(true).open(&file.0).unwrap().set_modified(time).unwrap();
        assert_eq!(store.has_changed(), cfg!(unix));
    }

    /// The watch and `reload` may read at once.
    #[test]
    fn l5_whoever_is_slow_to_read_puts_nothing_back() {
        let (_, one) = ApiKey::generate("one").unwrap();
        let (_, two) = ApiKey::generate("two").unwrap();
        let file = File::new("slow", &one.to_toml());
        let store = FileStore::open(&file.0).unwrap();
        let (reading, begun) = mpsc::channel();
        let (edited, goes_on) = mpsc::channel();
        thread::scope(|scope| {
            let (slow, before) = (store.clone(), one.to_toml());
            scope.spawn(move || {
                let slow = slow.0.reload_by(|| {
                    reading.send(()).unwrap();
                    // Long enough for the other one, unless that waits for this.
                    let _ = goes_on.recv_timeout(Duration::from_millis(300));
                    Ok(before)
                });
                assert!(slow.is_ok());
            });
            begun.recv().unwrap();
            fs::write(&file.0, two.to_toml()).unwrap();
            store.reload().unwrap();
            let _ = edited.send(());
        });
        assert!(has(&store, &two) && !has(&store, &one));
    }

    #[test]
    fn a_new_key_goes_through_the_file_unchanged() {
        let (_, key) = ApiKey::generate("svc").unwrap();
        let key = key.label("a \"label\"").role("r").scope("s").expires_at(7);
        let read = read(&key.to_toml()).unwrap().remove(0);
        assert_eq!((&read.id, read.hash, &read.label), (&key.id, key.hash, &key.label));
        assert_eq!(
            (&read.roles, &read.scopes, read.expires_at),
            (&key.roles, &key.scopes, Some(7))
        );
    }

    #[test]
    fn mistakes_say_what_is_allowed() {
        let hash = "0".repeat(64);
        for (text, part) in [
            ("[[key]]\nid = \"a b\"\nhash = \"x\"\nsubject = \"s\"".to_owned(), "an id holds"),
            (
                "[[key]]\nid = \"a\"\nhash = \"x\"\nsubject = \"s\"".to_owned(),
                "64 hexadecimal digits",
            ),
            (
                format!("[[key]]\nid = \"a\"\nhash = \"{hash}\"\nsubject = \"\""),
                "for whom the key is",
            ),
            (
                format!("[[key]]\nid = \"a\"\nhash = \"{hash}\"\nsubject = \"s\"\nrole = \"x\""),
                "unknown field `role`",
            ),
            (
                format!("[[key]]\nid = \"a\"\nhash = \"{hash}\"\nsubject = \"s\"\n").repeat(2),
                "twice",
            ),
        ] {
            let problem = read(&text).map(|_| ()).unwrap_err();
            assert!(problem.contains(part), "{problem}");
        }
        assert!(FileStore::open("/no/such/file").is_err());
    }

    /// Whoever mends a file of keys has keys at hand, and errors go to the log.
    #[test]
    fn l4_no_mistake_repeats_what_may_be_a_key() {
        for (text, part) in [
            ("key = \"authk_01.s3cret\"", "expected a sequence"),
            ("authk_01.s3cret", "key with no value"),
            ("[[key]]\nid = \"authk_01.s3cret\"\nhash = \"\"\nsubject = \"s\"", "an id holds"),
            ("[[key]]\nid = \"a\"\nhash = \"s3cret\"\nsubject = \"s\"", "64 hexadecimal digits"),
            ("[[key]]\nid = \"a\"\nroles = \"s3cret, expected x\"", "expected a sequence"),
            ("[[key]]\nid = \"a\"\nexpires_at = \"s3cret\"", "expected u64"),
        ] {
            let problem = read(text).map(|_| ()).unwrap_err();
            assert!(problem.contains(part) && !problem.contains("s3cret"), "{problem}");
        }
    }
}
