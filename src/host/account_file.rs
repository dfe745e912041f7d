//! The guest's file: who the guest is, kept where the host says, so that the next start meets the same one.
//!
//! A JSON object with `id`, `username`, `discriminator`, `global_name` and `avatar`, and no secret. It is written beside its
//! place and renamed into it, so whoever reads it finds the old one or the new one, and nothing between. The one thing to
//! know before changing it: a file that is there and can't be read is an error that ends the start. A fresh guest in its
//! place would be another player than yesterday's, and would write over what a person might still mend.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::time::Instant;
use gamebridge_proto::value::{Document, Kind, Value};
use gamebridge_proto::wire::json::Object;
use gamebridge_proto::world::{NewUser, User, UserId, World};

use crate::files;

/// More than a guest can have.
const MOST_BYTES: u64 = 16 * 1024;

/// From a change of the guest to its file: a peer that renames it without end must not keep the disk busy.
const KEEP_AFTER: Duration = Duration::from_secs(1);

/// The guest as its file has it.
#[derive(Debug)]
pub(super) struct Kept {
    path: PathBuf,
    guest: Option<User>,
    /// When a change is to be written.
    due: Option<Instant>,
}

impl Kept {
    /// Nothing was written yet.
    pub(super) fn new(path: PathBuf) -> Kept {
        Kept { path, guest: None, due: None }
    }

    /// When [`Kept::write`] has to be called, if anything is to be written.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Looks whether the guest is another than in the file.
    pub(super) fn notice(&mut self, now: Instant, world: &World) {
        let differs = || self.guest.as_ref().is_some_and(|guest| guest != world.local_user());
        if self.due.is_none() && world.local_user_is_guest() && differs() {
            self.due = Some(now + KEEP_AFTER);
        }
    }

    /// Writes the guest to the file, if it differs.
    ///
    /// # Errors
    /// As of [`write`].
    pub(super) fn write(&mut self, world: &World) -> Result<(), Error> {
        self.due = None;
        let guest = world.local_user();
        // A snapshot that was loaded may have made the user somebody else, who is kept nowhere.
        if self.guest.as_ref() == Some(guest) || !world.local_user_is_guest() {
            return Ok(());
        }
        // One that can't be written is tried again at the next change, and not without end.
        self.guest = Some(guest.clone());
        write(&self.path, guest)
    }
}

/// The guest of this file; `None` when there is no such file yet.
///
/// # Errors
/// `Io` with the path and what is wrong: it can't be read, is no file, is too long, or holds no guest.
pub(super) fn read(path: &Path) -> Result<Option<(UserId, NewUser)>, Error> {
    let read = files::read_if_there(path, MOST_BYTES).map_err(|error| unusable(&error.message))?;
    let Some(text) = read else { return Ok(None) };
    let mut document = Document::new();
    document.parse(&text).map_err(|error| wrong(path, &format!("not JSON: {error}")))?;
    guest(document.root()).map(Some).map_err(|why| wrong(path, &why))
}

/// What this path's error says.
pub(super) fn wrong(path: &Path, why: &str) -> Error {
    unusable(&format!("{}: {why}", path.display()))
}

fn unusable(why: &str) -> Error {
    let sentence = format!("rpc: account_file: {why}; mend the file, or remove it to begin as a new guest");
    Error::new(Status::Io, sentence)
}

fn guest(root: Value<'_>) -> Result<(UserId, NewUser), String> {
    if root.kind() != Kind::Object {
        return Err("a JSON object expected".to_owned());
    }
    let text = |name: &'static str| match root.member(name) {
        value if value.is_none() => Ok(None),
        value => value.as_str().map(|text| Some(Box::<str>::from(text))).ok_or(format!("{name}: a string expected")),
    };
    let id = root.member("id").as_id().filter(|id| *id != 0).ok_or("id: a snowflake expected")?;
    let username = text("username")?.ok_or("username: missing")?;
    // What a name may be is the world's to say; it says it a moment later, and for a file it is said here.
    let username = NewUser::check_username(&username).map_err(|error| error.to_string())?;
    let discriminator = text("discriminator")?.unwrap_or_else(|| "0".into());
    let is_one =
        &*discriminator == "0" || discriminator.len() == 4 && discriminator.bytes().all(|byte| byte.is_ascii_digit());
    if !is_one {
        return Err("discriminator: four digits expected, or \"0\"".to_owned());
    }
    let (global_name, avatar) = (text("global_name")?, text("avatar")?);
    Ok((UserId::from(id), NewUser { discriminator, global_name, avatar, ..NewUser::named(&username) }))
}

/// Takes the place of what was there, in one step.
///
/// # Errors
/// `Io` with the path and what the system said; what was there before is there still.
pub(super) fn write(path: &Path, user: &User) -> Result<(), Error> {
    let mut text = Vec::new();
    Object::begin(&mut text)
        .id("id", user.id.get())
        .str("username", &user.username)
        .str("discriminator", &user.discriminator)
        .opt_str("global_name", user.global_name.as_deref())
        .opt_str("avatar", user.avatar.as_deref())
        .end();
    text.push(b'\n');
    files::write(path, &text)
        .map_err(|error| Error { message: format!("rpc: account_file: {}", error.message).into(), ..error })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::files::tests::Place;

    fn ada() -> User {
        let mut world = gamebridge_proto::world::World::new(
            gamebridge_proto::world::Config {
                local_user: NewUser { global_name: Some("Ada L.".into()), ..NewUser::named("Ada") },
                local_id: Some(UserId::from(77)),
                ..Default::default()
            },
            Zeros,
        )
        .unwrap();
        let _ = &mut world;
        world.local_user().clone()
    }

    struct Zeros;

    impl gamebridge_proto::world::Entropy for Zeros {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let place = Place::new();
        assert!(read(&place.file()).unwrap().is_none(), "there is none at first");
        for _ in 0..2 {
            write(&place.file(), &ada()).unwrap();
            let (id, guest) = read(&place.file()).unwrap().unwrap();
            assert_eq!((id, &*guest.username, guest.global_name.as_deref()), (UserId::from(77), "Ada", Some("Ada L.")));
        }
        let names: Vec<_> = fs::read_dir(&place.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["file.json"], "nothing is left beside it");
    }

    #[test]
    fn a_file_that_holds_no_guest_is_named_with_what_is_wrong() {
        let place = Place::new();
        let long = format!("{{\"id\":\"1\",\"username\":\"{}\"}}", "x".repeat(20_000));
        for (text, says) in [
            ("", "not JSON"),
            ("\u{0}\u{1}garbage", "not JSON"),
            ("[]", "a JSON object expected"),
            ("{}", "id: a snowflake expected"),
            (r#"{"id":"0","username":"Ada"}"#, "id: a snowflake expected"),
            (r#"{"id":"1"}"#, "username: missing"),
            (r#"{"id":"1","username":5}"#, "username: a string expected"),
            (r#"{"id":"1","username":"@"}"#, "username"),
            (r#"{"id":"1","username":"Ada","discriminator":"12"}"#, "discriminator"),
            (&long, "16384 bytes at most"),
        ] {
            fs::write(place.file(), text).unwrap();
            let error = read(&place.file()).unwrap_err();
            assert!(error.message.contains(says), "{text:.40}: {}", error.message);
            assert!(error.message.contains("file.json"), "{}", error.message);
            assert_eq!(fs::read_to_string(place.file()).unwrap(), text, "it stays as it was");
        }
        fs::remove_file(place.file()).unwrap();
        fs::create_dir(place.file()).unwrap();
        assert!(read(&place.file()).is_err(), "a folder is no file");
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_nothing_behind() {
        let place = Place::new();
        let path = place.0.join("missing").join("guest.json");
        assert!(write(&path, &ada()).unwrap_err().message.contains("cannot write"));
        fs::create_dir(place.file()).unwrap();
        assert!(write(&place.file(), &ada()).is_err(), "a folder stands in its place");
        assert_eq!(fs::read_dir(&place.0).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn it_is_the_users_own_and_a_pipe_keeps_nobody_waiting() {
        use std::os::unix::fs::PermissionsExt;
        let place = Place::new();
        write(&place.file(), &ada()).unwrap();
        assert_eq!(fs::metadata(place.file()).unwrap().permissions().mode() & 0o777, 0o600);
        let pipe = place.0.join("pipe");
        let name = std::ffi::CString::new(pipe.to_str().unwrap()).unwrap();
        // SAFETY: the name is ended by a NUL.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        assert!(read(&pipe).unwrap_err().message.contains("a file expected"));
        // A link in its place is replaced, and what it leads to is not touched.
        let (link, target) = (place.0.join("link"), place.0.join("target"));
        fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write(&link, &ada()).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
    }
}
