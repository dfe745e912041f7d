//! The two functions by which Discord learns how to start a game for an invitation, and the `autoRegister` of
//! `Discord_Initialize`. The core writes it; the old interface has no way to say that it could not.

use std::ffi::{CStr, OsString, c_char};

use gamebridge::launch::{self, Launch, Start};

use crate::{ID, guarded, text};

/// What `autoRegister` asks for: this program, or with a Steam id the game that Steam knows by it.
pub fn for_invitations(application: &str, steam: &str) {
    register(application, if steam.is_empty() { Start::ThisProgram } else { Start::Steam(steam) });
}

fn register(application: &str, start: Start<'_>) {
    // discord-rpc says it on standard error, which is the game's.
    let _ = launch::register(&Launch { application, name: None, start });
}

#[cfg(unix)]
fn command_line(command: &CStr) -> OsString {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(command.to_bytes()).to_owned()
}

#[cfg(not(unix))]
fn command_line(command: &CStr) -> OsString {
    OsString::from(command.to_string_lossy().into_owned())
}

/// Has Discord start this command line for an invitation; with NULL, or an empty one, this program.
///
/// # Safety
/// Texts are NULL or end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn Discord_Register(application_id: *const c_char, command: *const c_char) {
    guarded((), || {
        // SAFETY: the caller vouches for the text.
        let application = text::legible(unsafe { text::bytes(application_id, ID) }, ID);
        // SAFETY: not NULL, and it ends with a NUL.
        let command = if command.is_null() { c"" } else { unsafe { CStr::from_ptr(command) } };
        let line = command_line(command);
        register(&application, if line.is_empty() { Start::ThisProgram } else { Start::Command(&line) });
    });
}

/// Has Discord start a game through Steam.
///
/// # Safety
/// Texts are NULL or end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn Discord_RegisterSteamGame(application_id: *const c_char, steam_id: *const c_char) {
    guarded((), || {
        // SAFETY: the caller vouches for the texts.
        let application = text::legible(unsafe { text::bytes(application_id, ID) }, ID);
        // SAFETY: likewise.
        let steam = text::legible(unsafe { text::bytes(steam_id, ID) }, ID);
        register(&application, Start::Steam(&steam));
    });
}
