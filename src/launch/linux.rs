//! Linux and the like: a desktop entry of our own that opens the scheme's links, and a line in the user's `mimeapps.list`
//! that makes it their first choice.
//!
//! Places after the XDG Base Directory Specification. The list is the user's file, which others write too: it is edited in
//! place of one line and replaced in one step, under a lock that games of this library take (nobody else knows one).

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gamebridge_proto::error::{Error, Status};

use super::{Environment, Target, associations, entry, scheme, words};
use crate::files;

/// The longest entry that is read: ours are as long as a path.
const MOST_ENTRY: u64 = 64 << 10;
/// The longest list that is read: that of a user with every program is a hundredth.
const MOST_LIST: u64 = 4 << 20;

/// How often and how long the lock is waited for. Whoever holds it longer is no longer writing.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// The two files of a registration.
struct Places {
    /// The desktop entry.
    entry: PathBuf,
    /// The entry's name, by which the list knows it.
    name: String,
    /// The user's choices.
    list: PathBuf,
}

impl Places {
    fn of(environment: Environment<'_>, application: &str) -> Result<Places, Error> {
        let name = format!("{}.desktop", scheme(application));
        let data = base(environment, "XDG_DATA_HOME", ".local/share")?;
        let config = base(environment, "XDG_CONFIG_HOME", ".config")?;
        Ok(Places { entry: data.join("applications").join(&name), name, list: config.join("mimeapps.list") })
    }
}

/// A base folder. A relative path in a variable counts as none, as the specification says.
fn base(environment: Environment<'_>, variable: &str, below_home: &str) -> Result<PathBuf, Error> {
    let absolute = |path: &PathBuf| path.is_absolute();
    if let Some(folder) = environment(variable).map(PathBuf::from).filter(absolute) {
        return Ok(folder);
    }
    let home =
        environment("HOME").map(PathBuf::from).filter(absolute).or_else(|| std::env::home_dir().filter(absolute));
    home.map(|home| home.join(below_home)).ok_or_else(|| {
        Error::new(Status::Io, format!("no folder to register in: neither {variable} nor HOME is an absolute path"))
    })
}

pub(super) fn register(
    environment: Environment<'_>,
    application: &str,
    name: &str,
    target: &Target<'_>,
) -> Result<(), Error> {
    let (words, link) = match target {
        Target::Program(path) => (vec![path.as_os_str().as_bytes().to_vec()], true),
        Target::Command(line) => (words::command(line.as_bytes())?, true),
        // Steam has registered its own scheme; whatever opens links opens that.
        Target::Steam(game) => (vec![b"xdg-open".to_vec(), format!("steam://rungameid/{game}").into_bytes()], false),
    };
    let text = entry::text(application, name, &words, link)?;
    let places = Places::of(environment, application)?;
    make_folder(&places.entry)?;
    let there = files::read_if_there(&places.entry, MOST_ENTRY).ok().flatten();
    if there.as_deref() != Some(text.as_bytes()) {
        files::write(&places.entry, text.as_bytes())?;
    }
    make_folder(&places.list)?;
    edit(&places, |list| associations::with(list, &entry::mime_type(application), &places.name))
}

pub(super) fn unregister(environment: Environment<'_>, application: &str) -> Result<(), Error> {
    let places = Places::of(environment, application)?;
    edit(&places, |list| associations::without(list, &entry::mime_type(application), &places.name))?;
    match fs::remove_file(&places.entry) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::new(Status::Io, format!("cannot remove {}: {error}", places.entry.display())))
        }
        _ => Ok(()),
    }
}

/// Writes the list anew if that changes it.
fn edit(places: &Places, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<(), Error> {
    let _lock = lock(places.list.parent().unwrap_or(Path::new("/")));
    let before = match fs::symlink_metadata(&places.list) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        _ => files::read(&places.list, MOST_LIST)?,
    };
    let after = change(&before);
    if after == before { Ok(()) } else { files::update(&places.list, &after) }
}

fn make_folder(of: &Path) -> Result<(), Error> {
    let folder = of.parent().unwrap_or(Path::new("/"));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Error::new(Status::Io, format!("cannot make the folder {}: {error}", folder.display())))
}

/// Two games that start together must not write the list over each other's line. Without a lock it goes on: what is there
/// to lose is a line that the next start writes again.
fn lock(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    for _ in 0..LOCK_TRIES {
        match folder.try_lock() {
            Ok(()) => return Some(folder),
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(fs::TryLockError::Error(_)) => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::ffi::{OsStr, OsString};

    use super::*;
    use crate::files::tests::Place;
    use crate::launch::entry::tests::started;
    use crate::launch::{Launch, Start, register_in, unregister_in};

    /// A user with folders of the test's own.
    struct User(Place);

    impl User {
        fn new() -> User {
            User(Place::new())
        }

        fn environment(&self) -> impl Fn(&str) -> Option<OsString> {
            let folder = self.0.0.clone();
            move |name| match name {
                "XDG_DATA_HOME" => Some(folder.join("data").into()),
                "XDG_CONFIG_HOME" => Some(folder.join("config").into()),
                "APPIMAGE" | "APPDIR" | "HOME" => None,
                other => panic!("{other} was asked for"),
            }
        }

        fn register(&self, application: &str, start: Start<'_>) -> Result<(), Error> {
            register_in(&self.environment(), &Launch { application, name: Some("Super Game"), start })
        }

        fn entry(&self, application: &str) -> String {
            fs::read_to_string(self.0.0.join(format!("data/applications/discord-{application}.desktop"))).unwrap()
        }

        fn list(&self) -> String {
            fs::read_to_string(self.0.0.join("config/mimeapps.list")).unwrap()
        }
    }

    /// Of programs' files.
    const NAMES: [&str; 9] =
        ["my game", r#"a "quoted" one"#, "it's", "100%", "%u", r"back\slash", "$(id)`id`", "a=b", "☃"];

    fn command(text: &str) -> Start<'_> {
        Start::Command(OsStr::new(text))
    }

    #[test]
    fn the_entry_and_the_choice_are_written_and_taken_back() {
        let user = User::new();
        user.register("77", command("/opt/super --fast")).unwrap();
        assert_eq!(started(&user.entry("77"), "discord-77://"), ["/opt/super", "--fast", "discord-77://"]);
        assert!(user.entry("77").contains("\nName=Super Game\n"));
        assert_eq!(user.list(), "[Default Applications]\nx-scheme-handler/discord-77=discord-77.desktop;\n");
        // Looked for where programs are, though a folder of that name is here.
        user.register("77", command("src")).unwrap();
        assert_eq!(started(&user.entry("77"), "L"), ["src", "L"]);
        user.register("78", Start::Steam("440")).unwrap();
        assert_eq!(started(&user.entry("78"), "x"), ["xdg-open", "steam://rungameid/440"]);
        unregister_in(&user.environment(), "77").unwrap();
        unregister_in(&user.environment(), "77").unwrap();
        assert_eq!(user.list(), "[Default Applications]\nx-scheme-handler/discord-78=discord-78.desktop;\n");
        assert!(!user.0.0.join("data/applications/discord-77.desktop").exists());
        assert!(fs::read_dir(user.0.0.join("data/applications")).unwrap().count() == 1, "nothing is left beside them");
    }

    #[test]
    fn this_program_is_registered_by_its_path() {
        let user = User::new();
        user.register("7", Start::ThisProgram).unwrap();
        let path = std::env::current_exe().unwrap();
        assert_eq!(started(&user.entry("7"), "L"), [path.to_str().unwrap(), "L"]);
    }

    #[test]
    fn the_path_of_a_file_is_a_program_however_it_looks() {
        let user = User::new();
        for name in NAMES {
            let path = user.0.0.join(name);
            fs::write(&path, "").unwrap();
            user.register("7", Start::Command(path.as_os_str())).unwrap();
            let started = started(&user.entry("7"), "L");
            assert_eq!(started[started.len() - 2..], [path.to_str().unwrap(), "L"], "{name}");
        }
    }

    /// What GLib does with a link, GNOME's library: not by our reading of the specification.
    #[test]
    fn a_desktop_that_others_wrote_starts_what_was_registered() {
        use std::os::unix::fs::PermissionsExt;
        if !Path::new("/usr/bin/gio").exists() {
            return eprintln!("skipped: GLib's gio is not on this machine");
        }
        let user = User::new();
        let noted = user.0.0.join("noted");
        for name in NAMES {
            let path = user.0.0.join(name);
            let note = words::quoted(noted.to_str().unwrap());
            let script = format!("#!/bin/sh\nprintf '%s|%s' \"$0\" \"$*\" > {note}.new && mv {note}.new {note}\n");
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
            user.register("7", Start::Command(path.as_os_str())).unwrap();
            let mut gio = std::process::Command::new("/usr/bin/gio");
            gio.args(["open", "discord-7://"]).env("XDG_DATA_HOME", user.0.0.join("data"));
            let opened = gio.env("XDG_CONFIG_HOME", user.0.0.join("config")).output().unwrap();
            assert!(opened.status.success(), "{name}: {}", String::from_utf8_lossy(&opened.stderr));
            // It does not wait for what it starts.
            let patience = std::time::Instant::now() + Duration::from_secs(20);
            while !noted.exists() {
                assert!(std::time::Instant::now() < patience, "{name} was not started");
                std::thread::sleep(Duration::from_millis(2));
            }
            assert_eq!(fs::read_to_string(&noted).unwrap(), format!("{}|discord-7://", path.display()));
            fs::remove_file(&noted).unwrap();
        }
    }

    #[test]
    fn a_pipe_or_a_folder_in_place_of_the_entry_keeps_nobody_waiting() {
        let user = User::new();
        fs::create_dir_all(user.0.0.join("data/applications")).unwrap();
        let entry = user.0.0.join("data/applications/discord-7.desktop");
        let name = std::ffi::CString::new(entry.to_str().unwrap()).unwrap();
        // SAFETY: the name is ended by a NUL.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        user.register("7", Start::ThisProgram).unwrap();
        assert!(user.entry("7").starts_with("[Desktop Entry]"));
        fs::remove_file(&entry).unwrap();
        fs::create_dir(&entry).unwrap();
        assert_eq!(user.register("7", Start::ThisProgram).unwrap_err().status, Status::Io);
    }

    #[test]
    fn a_path_that_is_not_utf8_is_refused_and_nothing_is_written() {
        let user = User::new();
        let path = user.0.0.join(OsStr::from_bytes(b"\xff\xfe"));
        fs::write(&path, "").unwrap();
        let error = user.register("7", Start::Command(path.as_os_str())).unwrap_err();
        assert_eq!(error.status, Status::Unsupported);
        assert!(error.message.starts_with("command: ") && error.message.contains("UTF-8"), "{error}");
        assert!(!user.0.0.join("data").exists() && !user.0.0.join("config").exists());
    }

    #[test]
    fn nothing_is_written_for_what_is_refused() {
        let user = User::new();
        for (application, start, field) in [
            ("../7", Start::ThisProgram, "application_id"),
            ("7", Start::Steam("440/"), "steam_id"),
            ("7", command(""), "command"),
            ("7", command("'"), "command"),
            ("7", command("/"), "command"),
        ] {
            let error = user.register(application, start).unwrap_err();
            assert_eq!(error.status, Status::Argument);
            assert!(error.message.starts_with(&format!("{field}: ")), "{error}");
        }
        assert_eq!(unregister_in(&user.environment(), "x").unwrap_err().status, Status::Argument);
        assert!(!user.0.0.join("data").exists() && !user.0.0.join("config").exists());
    }

    #[test]
    fn what_is_there_already_is_not_written_again() {
        use std::os::unix::fs::MetadataExt;
        let user = User::new();
        let inodes = || {
            let of = |path: &str| fs::metadata(user.0.0.join(path)).unwrap().ino();
            (of("config/mimeapps.list"), of("data/applications/discord-7.desktop"))
        };
        user.register("7", Start::ThisProgram).unwrap();
        let before = inodes();
        user.register("7", Start::ThisProgram).unwrap();
        assert_eq!(inodes(), before);
    }

    #[test]
    fn the_users_list_keeps_its_lines_its_link_and_its_mode() {
        use std::os::unix::fs::PermissionsExt;
        let user = User::new();
        let (config, elsewhere) = (user.0.0.join("config"), user.0.0.join("dotfiles.list"));
        fs::create_dir(&config).unwrap();
        fs::write(&elsewhere, "# mine\n[Default Applications]\ntext/html=fox.desktop\n").unwrap();
        fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&elsewhere, config.join("mimeapps.list")).unwrap();
        user.register("7", Start::ThisProgram).unwrap();
        assert_eq!(
            fs::read_to_string(&elsewhere).unwrap(),
            "# mine\n[Default Applications]\ntext/html=fox.desktop\nx-scheme-handler/discord-7=discord-7.desktop;\n"
        );
        assert_eq!(fs::metadata(&elsewhere).unwrap().permissions().mode() & 0o777, 0o640);
        unregister_in(&user.environment(), "7").unwrap();
        assert_eq!(user.list(), "# mine\n[Default Applications]\ntext/html=fox.desktop\n");
    }

    #[test]
    fn a_list_that_cannot_be_read_is_left_alone() {
        let user = User::new();
        fs::create_dir_all(user.0.0.join("config/mimeapps.list")).unwrap();
        let error = user.register("7", Start::ThisProgram).unwrap_err();
        assert_eq!(error.status, Status::Io);
        assert!(error.message.contains("mimeapps.list"), "{error}");
    }

    #[test]
    fn games_that_register_together_keep_each_others_lines() {
        let user = User::new();
        std::thread::scope(|scope| {
            for number in 1..=8 {
                let user = &user;
                scope.spawn(move || user.register(&number.to_string(), Start::ThisProgram).unwrap());
            }
        });
        assert_eq!(user.list().lines().count(), 9, "{}", user.list());
    }

    #[test]
    fn a_relative_folder_counts_as_none() {
        let home = |name: &str| match name {
            "HOME" => Some(OsString::from("/home/me")),
            "XDG_DATA_HOME" => Some(OsString::from("data")),
            _ => None,
        };
        let places = Places::of(&home, "7").unwrap();
        assert_eq!(places.entry, Path::new("/home/me/.local/share/applications/discord-7.desktop"));
        assert_eq!(places.list, Path::new("/home/me/.config/mimeapps.list"));
    }
}
