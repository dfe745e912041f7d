//! Registering what starts the game.

#[cfg(unix)]
use std::ffi::CStr;
use std::ffi::{OsStr, c_char};

use gamebridge_proto::error::Error;

use super::boundary::{status, text};
use super::calls::sized;
use super::types::gb_status;
use crate::launch::{self, Launch, Start};

/// What starts a game when a player joins who does not have it running. Start with `GB_LAUNCH_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gb_launch {
    /// `sizeof(gb_launch)`
    pub size: u32,
    /// The application's id: digits.
    pub application_id: *const c_char,
    /// The game's name, which people read when their system asks what may open the link. NULL for the program's file name.
    pub name: *const c_char,
    /// The path of a program, or a command line quoted as on this system (no shell expands it). The link that was opened
    /// is its last argument, unless a word `%u` (Windows: `%1`) says where. NULL for this very program.
    pub command: *const c_char,
    /// Or the id of a game that Steam starts; NULL for none.
    pub steam_id: *const c_char,
}

/// Registers what starts the game when its player joins a friend and it is not running: the scheme
/// `discord-<application id>`, for the user who runs this. Discord delivers the secret later, once the game has subscribed
/// to ACTIVITY_JOIN. Call it at every start: what is there already is not written again, and what is there for another path
/// is replaced. It needs no client. `GB_ERR_UNSUPPORTED`: the path is one that this system's registration cannot hold.
///
/// Threads: any. Reads and writes small files (Windows: the registry). Since 0.1.
///
/// # Safety
/// `launch` is NULL or points to as many bytes as its `size` says; its texts are NULL or ended by a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_register_launch(launch: *const gb_launch) -> gb_status {
    status(|| {
        let none = std::ptr::null();
        let defaults = gb_launch { size: 0, application_id: none, name: none, command: none, steam_id: none };
        // SAFETY: as the caller promises; the struct is plain data.
        unsafe {
            let given = sized(launch, defaults, "launch")?;
            let start = match (given.command.is_null(), given.steam_id.is_null()) {
                (true, true) => Start::ThisProgram,
                (true, false) => Start::Steam(text(given.steam_id, "steam_id")?),
                (false, true) => Start::Command(path(given.command)?),
                (false, false) => {
                    return Err(Error::argument("command: NULL expected beside a steam_id: Steam starts the game"));
                }
            };
            let name = if given.name.is_null() { None } else { Some(text(given.name, "name")?) };
            launch::register(&Launch { application: text(given.application_id, "application_id")?, name, start })
        }
    })
}

/// Takes back what `gb_register_launch` wrote for this application, for the user who runs this. It is no error that there
/// was nothing.
///
/// Threads: any. As for `gb_register_launch`. Since 0.1.
///
/// # Safety
/// `application_id` is NULL or ended by a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_unregister_launch(application_id: *const c_char) -> gb_status {
    // SAFETY: as the caller promises.
    status(|| launch::unregister(unsafe { text(application_id, "application_id") }?))
}

/// A path is bytes on Unix, and no text.
///
/// # Safety
/// `command` is not NULL, and ended by a NUL that lives for `'a`.
#[cfg(unix)]
unsafe fn path<'a>(command: *const c_char) -> Result<&'a OsStr, Error> {
    use std::os::unix::ffi::OsStrExt;
    // SAFETY: as the caller promises.
    Ok(OsStr::from_bytes(unsafe { CStr::from_ptr(command) }.to_bytes()))
}

/// # Safety
/// As on Unix.
#[cfg(not(unix))]
unsafe fn path<'a>(command: *const c_char) -> Result<&'a OsStr, Error> {
    // SAFETY: as the caller promises.
    Ok(OsStr::new(unsafe { text(command, "command") }?))
}
