//! A folder that only this test uses.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Private, and gone with this object.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("gb-semantics-{}-{number}", std::process::id()));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                // A process of this number was here before, and ended without tidying up.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => {
                    made.expect("a folder of our own");
                    return Folder(path);
                }
            }
        }
    }

    pub fn text(&self) -> String {
        self.0.display().to_string()
    }

    pub fn socket(&self) -> String {
        self.0.join("discord-ipc-0").display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
