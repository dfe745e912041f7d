//! Where things lie in the repository and in its `target` folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new("."))
}

/// Cargo's target folder, wherever the caller has put it.
pub fn target() -> &'static Path {
    static TARGET: OnceLock<PathBuf> = OnceLock::new();
    TARGET.get_or_init(|| match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    })
}

/// A folder of xtask's own under `target/xtask`, made when it is not there.
pub fn own(name: &str) -> PathBuf {
    made(target().join("xtask").join(name))
}

/// The folder, made when it is not there.
pub fn made(folder: PathBuf) -> PathBuf {
    if let Err(error) = fs::create_dir_all(&folder) {
        panic!("cannot make the folder {}: {error}", folder.display());
    }
    folder
}

/// A private folder for sockets (0700), short enough for a socket's address (108 bytes), removed when this value goes.
pub struct Private(PathBuf);

impl Private {
    /// A new empty one.
    pub fn new() -> Private {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("gb-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let folder = made(folder);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            if let Err(error) = fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)) {
                panic!("cannot close the folder {} to others: {error}", folder.display());
            }
        }
        Private(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
