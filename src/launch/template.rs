//! What stands in the registry of Windows: the command that the shell starts when a link is opened.
//!
//! The shell puts the link in place of `%1`, and reads other signs after a percent as further parts of it; there is no way to
//! write a percent sign that it would leave alone.

use gamebridge_proto::error::{Error, Status};

/// The command of a program: its path in quotes, then the link.
///
/// # Errors
/// [`Status::Unsupported`] for a path in which the shell would replace something.
pub(super) fn of_program(path: &str) -> Result<String, Error> {
    if path.contains('"') {
        return Err(Error::argument("command: a path with a quotation mark, which no file of Windows has"));
    }
    let code = |after: &str| after.starts_with(|c: char| c.is_ascii_digit() || "*~dDhHiIlLsSuUvVwW%".contains(c));
    if path.match_indices('%').any(|(at, _)| code(&path[at + 1..])) {
        let sentence = "command: a path in which Windows would replace what stands after the %";
        return Err(Error::new(Status::Unsupported, sentence));
    }
    Ok(format!("\"{path}\" \"%1\""))
}

/// A command line as it was given, with the link as its last argument unless it says where.
///
/// # Errors
/// [`Status::Argument`] for control characters.
pub(super) fn of_command(line: &str) -> Result<String, Error> {
    let line = line.trim();
    if line.is_empty() || line.chars().any(char::is_control) {
        return Err(Error::argument("command: a command line without line breaks and control characters expected"));
    }
    let says_where = ["%1", "%l", "%L"].iter().any(|code| line.contains(code));
    Ok(if says_where { line.to_owned() } else { format!("{line} \"%1\"") })
}

/// A Steam game's, by Steam's own program, whose path Steam writes with slashes.
///
/// # Errors
/// As for [`of_program`].
pub(super) fn of_steam(steam: &str, game: &str) -> Result<String, Error> {
    let program = of_program(&steam.replace('/', "\\"))?;
    Ok(program.replace("\"%1\"", &format!("steam://rungameid/{game}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_quoted_and_given_the_link() {
        for path in [r"C:\game.exe", r"C:\Program Files (x86)\My Game\game.exe", r"C:\100% fun\gäme.exe", r"\\?\C:\x"]
        {
            assert_eq!(of_program(path).unwrap(), format!("\"{path}\" \"%1\""));
        }
        for path in [r"C:\%1\game.exe", r"C:\%localappdata%\game.exe", r"C:\50%%\x", r"C:\%*"] {
            assert_eq!(of_program(path).unwrap_err().status, Status::Unsupported, "{path}");
        }
        assert_eq!(of_program("C:\\a\"b").unwrap_err().status, Status::Argument);
    }

    #[test]
    fn a_command_line_stays_as_it_is_and_is_given_the_link() {
        assert_eq!(of_command(r#""C:\my game\g.exe" --fast"#).unwrap(), r#""C:\my game\g.exe" --fast "%1""#);
        assert_eq!(of_command(r#"g.exe --link="%1" -x"#).unwrap(), r#"g.exe --link="%1" -x"#);
        assert!(of_command(" \n ").is_err() && of_command("g.exe\n\"%1\"").is_err());
    }

    #[test]
    fn a_steam_game_is_started_by_steam() {
        let command = of_steam("c:/program files (x86)/steam/steam.exe", "440").unwrap();
        assert_eq!(command, r#""c:\program files (x86)\steam\steam.exe" steam://rungameid/440"#);
    }
}
