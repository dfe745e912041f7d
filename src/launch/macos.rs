//! macOS: a file of Discord's own, `games/<id>.json`, with the command that it runs. A bundle that declares the scheme in its
//! `Info.plist` needs no registration: the system learns of it when the game is installed.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use gamebridge_proto::error::{Error, Status};

use super::{Environment, Target, record, words};
use crate::files;

/// The longest file that is read: ours are as long as a command.
const MOST: u64 = 64 << 10;

fn place(environment: Environment<'_>, application: &str) -> Result<PathBuf, Error> {
    let home = environment("HOME").map(PathBuf::from).or_else(std::env::home_dir).filter(|home| home.is_absolute());
    let home = home.ok_or_else(|| Error::new(Status::Io, "no folder to register in: HOME is no absolute path"))?;
    Ok(home.join("Library/Application Support/discord/games").join(format!("{application}.json")))
}

pub(super) fn register(
    environment: Environment<'_>,
    application: &str,
    _: &str,
    target: &Target<'_>,
) -> Result<(), Error> {
    let text = |bytes: &[u8]| {
        let sentence = "command: a path that is not UTF-8, and the file of Discord holds none";
        String::from_utf8(bytes.to_vec()).map_err(|_| Error::new(Status::Unsupported, sentence))
    };
    let command = match target {
        Target::Program(path) => words::quoted(&text(path.as_os_str().as_bytes())?),
        // Each word quoted anew, so that a shell expands nothing in it either.
        Target::Command(line) => {
            let words = words::command(line.as_bytes())?;
            let words: Result<Vec<String>, Error> = words.iter().map(|word| Ok(words::quoted(&text(word)?))).collect();
            words?.join(" ")
        }
        Target::Steam(game) => format!("steam://rungameid/{game}"),
    };
    let (place, content) = (place(environment, application)?, record::text(&command));
    if let Some(folder) = place.parent() {
        let sentence = |error| Error::new(Status::Io, format!("cannot make the folder {}: {error}", folder.display()));
        fs::create_dir_all(folder).map_err(sentence)?;
    }
    if files::read_if_there(&place, MOST).ok().flatten().as_deref() == Some(&content[..]) {
        return Ok(());
    }
    files::update(&place, &content)
}

pub(super) fn unregister(environment: Environment<'_>, application: &str) -> Result<(), Error> {
    let place = place(environment, application)?;
    match fs::remove_file(&place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::new(Status::Io, format!("cannot remove {}: {error}", place.display())))
        }
        _ => Ok(()),
    }
}
