//! Files that a test writes for the application to read.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// A folder of its own, gone with the test.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// An empty one. No other test of the same program may call its own the same.
    ///
    /// # Panics
    ///
    /// If this machine has no room for temporary files.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("auth-tests-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it, and says where that is.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
