//! Launch registration: what Discord starts when a friend is joined whose game does not run here.
//!
//! A game registers the scheme `discord-<application id>` for the user who plays; Discord opens `discord-<id>://`, the
//! system starts the game, and the secret comes after, once the game has subscribed to ACTIVITY_JOIN. Where that is
//! written is each system's own: one file here per system, behind one interface, and beside them the texts that are
//! written, which are pure and tested everywhere. Nothing is started here, and no shell has a hand in it. The one thing to
//! know before changing it: a game registers at every start, so what is there already is not written again.
//! The scheme's form is that of Discord's own register functions; the places are those of each system's documentation.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use gamebridge_proto::error::{Error, Status};

#[cfg(any(test, all(unix, not(target_os = "macos"))))]
mod associations;
#[cfg(any(test, all(unix, not(target_os = "macos"))))]
mod entry;
#[cfg(any(test, unix))]
mod words;

#[cfg(all(unix, not(target_os = "macos")))]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

#[cfg(any(test, target_os = "macos"))]
mod record;
#[cfg(any(test, windows))]
mod template;

/// What is to be registered.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The application's id: digits.
    pub application: &'a str,
    /// What people read when their system asks which program may open the link; the program's file name unless given.
    pub name: Option<&'a str>,
    /// What is started.
    pub start: Start<'a>,
}

/// What is started when a player joins.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// This very program, without arguments of its own (inside an AppImage, the AppImage).
    ThisProgram,
    /// The path of a program; or a command line, quoted as this system's users quote them: as for a shell, which expands
    /// nothing, or as in the registry of Windows. The link that was opened is its last argument, unless it says where by
    /// a word `%u` (Windows: `%1`).
    Command(&'a OsStr),
    /// The Steam game of this id, through Steam. The link does not reach the game then; the secret does.
    Steam(&'a str),
}

/// What is started, looked at.
enum Target<'a> {
    Program(PathBuf),
    Command(&'a OsStr),
    Steam(&'a str),
}

/// Where the parts of a registration lie.
type Environment<'a> = &'a dyn Fn(&str) -> Option<std::ffi::OsString>;

/// Registers what starts the game, for this user. What was registered before for the same application is replaced.
///
/// # Errors
/// [`Status::Argument`] naming the field; [`Status::Io`] when the system refused; [`Status::Unsupported`] for a path that
/// this system's registration cannot hold.
pub fn register(launch: &Launch<'_>) -> Result<(), Error> {
    register_in(&|name| std::env::var_os(name), launch)
}

/// Takes back what [`register`] wrote for this application. It is no error that there was nothing.
///
/// # Errors
/// As for [`register`].
pub fn unregister(application: &str) -> Result<(), Error> {
    unregister_in(&|name| std::env::var_os(name), application)
}

fn register_in(environment: Environment<'_>, launch: &Launch<'_>) -> Result<(), Error> {
    let application = id("application_id", launch.application)?;
    let target = match launch.start {
        Start::ThisProgram => Target::Program(this_program(environment)?),
        Start::Steam(game) => Target::Steam(id("steam_id", game)?),
        Start::Command(command) if command.is_empty() => {
            return Err(Error::argument("command: a program or a command line expected, an empty text given"));
        }
        // A word without a slash is a program that the system looks for, whatever folder of that name is here.
        Start::Command(command) if is_path(command) && Path::new(command).is_dir() => {
            return Err(Error::argument("command: a program expected, and this is a folder"));
        }
        // A path with spaces that nobody quoted is a path all the same.
        Start::Command(command) if Path::new(command).is_file() => Target::Program(absolute(command)?),
        Start::Command(command) => Target::Command(command),
    };
    let name = match launch.name {
        Some(name) => readable(name)?.to_owned(),
        None => name_of(&target, application),
    };
    system::register(environment, application, &name, &target)
}

fn unregister_in(environment: Environment<'_>, application: &str) -> Result<(), Error> {
    system::unregister(environment, id("application_id", application)?)
}

/// The scheme, and the name of its file or key.
#[cfg(any(test, not(target_os = "macos")))]
fn scheme(application: &str) -> String {
    format!("discord-{application}")
}

/// An id becomes part of paths and of keys, so it is nothing but digits.
fn id<'a>(field: &str, given: &'a str) -> Result<&'a str, Error> {
    if given.is_empty() {
        return Err(Error::argument(format!("{field}: an id expected, an empty text given")));
    }
    if !given.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::argument(format!("{field}: digits only expected")));
    }
    match given.parse::<u64>() {
        Ok(number) if number != 0 && given.len() <= 20 => Ok(given),
        _ => Err(Error::argument(format!("{field}: a number of 64 bits that is not 0 expected"))),
    }
}

fn is_path(command: &OsStr) -> bool {
    command.as_encoded_bytes().iter().any(|byte| std::path::is_separator(char::from(*byte)))
}

/// What is started later is started from another folder.
fn absolute(path: &OsStr) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|error| Error::new(Status::Io, format!("command: {error}")))
}

fn readable(name: &str) -> Result<&str, Error> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > 128 {
        return Err(Error::argument(format!("name: 1 to 128 characters expected, {length} given")));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::argument("name: no line breaks and no other control characters expected"));
    }
    Ok(name)
}

/// The program that runs, or the AppImage that it came in.
fn this_program(environment: Environment<'_>) -> Result<PathBuf, Error> {
    let program = std::env::current_exe().map_err(|error| {
        Error::new(Status::Io, format!("command: the path of this program is not to be had: {error}"))
    })?;
    if let Some(image) = image_of(environment, &program) {
        return Ok(image);
    }
    if !program.is_file() {
        // The system still tells where it was.
        let sentence = "command: the file of this program is gone; it was replaced or removed while it runs";
        return Err(Error::new(Status::Io, sentence));
    }
    Ok(program)
}

/// The file of an AppImage: the program itself lies in a folder that is gone when the game is. Whatever an AppImage starts
/// inherits these variables, as a game does from a launcher: they count for a program in their folder, and for no other.
fn image_of(environment: Environment<'_>, program: &Path) -> Option<PathBuf> {
    let (image, folder) = (PathBuf::from(environment("APPIMAGE")?), PathBuf::from(environment("APPDIR")?));
    let inside = program.starts_with(folder.canonicalize().ok()?);
    (inside && image.is_absolute() && image.is_file()).then_some(image)
}

/// What a program without a name is called: its file's name; of a game that Steam starts nothing better is known.
fn name_of(target: &Target<'_>, application: &str) -> String {
    let stem = match target {
        Target::Program(path) => path.file_stem().map(|stem| stem.to_string_lossy().into_owned()),
        Target::Command(_) | Target::Steam(_) => None,
    };
    let name: String = stem.unwrap_or_default().chars().filter(|c| !c.is_control()).take(128).collect();
    if name.trim().is_empty() { format!("Discord game {application}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_digits_and_the_error_names_the_field() {
        assert_eq!(id("application_id", "192741864418312192").unwrap(), "192741864418312192");
        for (given, expected) in [
            ("", "an empty text"),
            ("12a", "digits only"),
            ("../1", "digits only"),
            ("1\n", "digits only"),
            (" 1", "digits only"),
            ("-1", "digits only"),
            ("١٢", "digits only"),
            ("0", "not 0"),
            ("18446744073709551616", "64 bits"),
            ("000000000000000000001", "64 bits"),
        ] {
            let error = id("steam_id", given).unwrap_err();
            assert_eq!(error.status, Status::Argument);
            assert!(error.message.starts_with("steam_id: ") && error.message.contains(expected), "{given}: {error}");
        }
    }

    #[test]
    fn a_name_is_a_line_that_people_can_read() {
        assert_eq!(readable("Süper ☃ Game").unwrap(), "Süper ☃ Game");
        for wrong in ["", "  ", "two\nlines", "\u{7}", &"x".repeat(129)] {
            assert!(readable(wrong).unwrap_err().message.starts_with("name: "), "{wrong:?}");
        }
    }

    #[test]
    fn an_appimage_is_registered_for_a_program_inside_of_it_and_for_no_other() {
        let place = crate::files::tests::Place::new();
        let (image, mounted) = (place.0.join("Launcher.AppImage"), place.0.canonicalize().unwrap().join("mounted"));
        std::fs::write(&image, "").unwrap();
        std::fs::create_dir(&mounted).unwrap();
        let inherited = |name: &str| match name {
            "APPIMAGE" => Some(image.clone().into_os_string()),
            _ => Some(mounted.clone().into_os_string()),
        };
        assert_eq!(image_of(&inherited, &mounted.join("usr/bin/launcher")), Some(image.clone()));
        for other in ["/opt/game/run", "/opt/mounted/game"] {
            assert_eq!(image_of(&inherited, Path::new(other)), None, "a game that the launcher started");
        }
        assert_eq!(this_program(&inherited).unwrap(), std::env::current_exe().unwrap());
        let only_image = |name: &str| inherited(name).filter(|_| name == "APPIMAGE");
        assert_eq!(image_of(&only_image, &mounted.join("game")), None);
    }

    #[test]
    fn a_program_without_a_name_has_its_files() {
        let name = |path: &str| name_of(&Target::Program(path.into()), "7");
        assert_eq!(name("/games/Super Game/super-game.x86_64"), "super-game");
        assert_eq!(name("/games/a\nb"), "ab");
        assert_eq!(name_of(&Target::Steam("440"), "7"), "Discord game 7");
    }
}
