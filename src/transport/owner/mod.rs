//! Whose process listens on a port of this machine.
//!
//! A port anybody can take, and a client that is about to show a token has to know whom it shows it to (`security.md`,
//! row 8). Where the system can't be asked, [`CAN_TELL`] is false, and a client with a token does not search ports.

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "unknown.rs"]
mod platform;

use gamebridge_proto::error::{Error, Status};

pub use platform::CAN_TELL;

/// Refuses a port of the loopback interface on which another user listens. The superuser is no other user: it can read our
/// memory anyway.
pub(super) fn check(port: u16) -> Result<(), Error> {
    match platform::stranger(port) {
        None => Ok(()),
        Some(user) => Err(Error::new(
            Status::Auth,
            format!("port {port} of 127.0.0.1 belongs to user {user}, who is not us: nothing was sent to it"),
        )),
    }
}
