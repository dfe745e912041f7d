//! Windows: the scheme as a class of the current user, in the registry. Nothing there needs an administrator.

use std::ffi::OsStr;
use std::os::windows::ffi::OsStrExt;
use std::ptr;

use gamebridge_proto::error::{Error, Status};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_SUCCESS};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_CURRENT_USER, KEY_READ, KEY_WRITE, REG_OPTION_NON_VOLATILE, REG_SZ, RRF_RT_REG_SZ, RegCloseKey,
    RegCreateKeyExW, RegDeleteTreeW, RegGetValueW, RegSetValueExW,
};

use super::{Environment, Target, scheme, template};

const CLASSES: &str = r"Software\Classes";

pub(super) fn register(_: Environment<'_>, application: &str, name: &str, target: &Target<'_>) -> Result<(), Error> {
    let (command, icon) = match target {
        Target::Program(path) => {
            let path = text(path.as_os_str())?;
            (template::of_program(path)?, Some(format!("\"{path}\",0")))
        }
        Target::Command(line) => (template::of_command(text(line)?)?, None),
        Target::Steam(game) => {
            let steam = read(r"Software\Valve\Steam", "SteamExe")
                .ok_or_else(|| Error::new(Status::Io, "steam_id: no Steam is installed for this user"))?;
            (template::of_steam(&steam, game)?, None)
        }
    };
    let class = format!(r"{CLASSES}\{}", scheme(application));
    // The mark of a scheme goes last: until then the class opens nothing.
    write(&format!(r"{class}\shell\open\command"), "", &command)?;
    if let Some(icon) = icon {
        write(&format!(r"{class}\DefaultIcon"), "", &icon)?;
    }
    write(&class, "", &format!("URL:{name}"))?;
    write(&class, "URL Protocol", "")
}

pub(super) fn unregister(_: Environment<'_>, application: &str) -> Result<(), Error> {
    remove(&format!(r"{CLASSES}\{}", scheme(application)))
}

fn text(given: &OsStr) -> Result<&str, Error> {
    given.to_str().ok_or_else(|| Error::argument("command: not valid Unicode"))
}

/// UTF-16, ended by a NUL.
fn wide(text: &str) -> Vec<u16> {
    OsStr::new(text).encode_wide().chain([0]).collect()
}

fn refused(key: &str, code: u32) -> Error {
    let why = std::io::Error::from_raw_os_error(code.cast_signed());
    Error::new(Status::Io, format!("the registry refused HKEY_CURRENT_USER\\{key}: {why}"))
}

/// A key that is open.
struct Key(HKEY);

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the key was opened by us, and is closed once.
        unsafe { RegCloseKey(self.0) };
    }
}

/// Writes a value of the current user's, unless it is there already.
fn write(key: &str, value: &str, content: &str) -> Result<(), Error> {
    if read(key, value).as_deref() == Some(content) {
        return Ok(());
    }
    let (path, name, data) = (wide(key), wide(value), wide(content));
    let mut handle = ptr::null_mut();
    // SAFETY: the path is ended by a NUL, and the handle is ours to write to.
    let code = unsafe {
        RegCreateKeyExW(
            HKEY_CURRENT_USER,
            path.as_ptr(),
            0,
            ptr::null(),
            REG_OPTION_NON_VOLATILE,
            KEY_READ | KEY_WRITE,
            ptr::null(),
            &raw mut handle,
            ptr::null_mut(),
        )
    };
    if code != ERROR_SUCCESS {
        return Err(refused(key, code));
    }
    let handle = Key(handle);
    let bytes = u32::try_from(size_of_val(&data[..])).map_err(|_| Error::argument("command: too long"))?;
    // SAFETY: the key is open; the name is ended by a NUL, and the data has as many bytes as is said.
    let code = unsafe { RegSetValueExW(handle.0, name.as_ptr(), 0, REG_SZ, data.as_ptr().cast(), bytes) };
    if code == ERROR_SUCCESS { Ok(()) } else { Err(refused(key, code)) }
}

/// A text of the current user's; `None` when there is none.
fn read(key: &str, value: &str) -> Option<String> {
    let (path, name) = (wide(key), wide(value));
    let mut text = vec![0u16; 16 * 1024];
    let mut bytes = u32::try_from(size_of_val(&text[..])).ok()?;
    // SAFETY: the names are ended by NULs; the text has as many bytes as is said, and the count is ours to write to.
    let code = unsafe {
        RegGetValueW(
            HKEY_CURRENT_USER,
            path.as_ptr(),
            name.as_ptr(),
            RRF_RT_REG_SZ,
            ptr::null_mut(),
            text.as_mut_ptr().cast(),
            &raw mut bytes,
        )
    };
    if code != ERROR_SUCCESS {
        return None;
    }
    text.truncate(bytes as usize / 2);
    let end = text.iter().position(|unit| *unit == 0).unwrap_or(text.len());
    String::from_utf16(&text[..end]).ok()
}

/// Removes a key of the current user's with all below it.
fn remove(key: &str) -> Result<(), Error> {
    let path = wide(key);
    // SAFETY: the path is ended by a NUL.
    match unsafe { RegDeleteTreeW(HKEY_CURRENT_USER, path.as_ptr()) } {
        ERROR_SUCCESS | ERROR_FILE_NOT_FOUND => Ok(()),
        code => Err(refused(key, code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::{Launch, Start, register_in, unregister_in};

    /// An application that nobody has: the process' number, behind digits of no Discord id.
    #[test]
    fn a_class_of_the_users_is_written_and_taken_back() {
        let application = format!("9{}", std::process::id());
        let class = format!(r"{CLASSES}\discord-{application}");
        let none = |_: &str| None;
        let launch = Launch { application: &application, name: Some("Süper Game"), start: Start::ThisProgram };
        register_in(&none, &launch).unwrap();
        let path = std::env::current_exe().unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(read(&class, "").unwrap(), "URL:Süper Game");
        assert_eq!(read(&class, "URL Protocol").unwrap(), "");
        assert_eq!(read(&format!(r"{class}\shell\open\command"), "").unwrap(), format!("\"{path}\" \"%1\""));
        assert_eq!(read(&format!(r"{class}\DefaultIcon"), "").unwrap(), format!("\"{path}\",0"));
        unregister_in(&none, &application).unwrap();
        unregister_in(&none, &application).unwrap();
        assert_eq!(read(&class, ""), None);
    }
}
