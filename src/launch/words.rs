//! A command line's words, as a POSIX shell would split them that expands nothing: quotes and backslashes, and no more.

use gamebridge_proto::error::Error;

/// The words of a command line that is run later, from another folder: a program that is named by a relative path is
/// named by its whole path. One without a slash is looked for where the system looks for programs.
///
/// # Errors
/// As for [`split`].
#[cfg(unix)]
pub(super) fn command(line: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let mut words = split(line)?;
    if let Some(program) = words.first_mut().filter(|program| program.contains(&b'/')) {
        *program = super::absolute(OsStr::from_bytes(program))?.into_os_string().into_vec();
    }
    Ok(words)
}

/// Splits a command line. Bytes, since a path is bytes.
///
/// # Errors
/// A quote that does not end, a backslash at the end, or no word at all.
fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' | b'\n' => words.extend(word.take()),
            b'\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match bytes.next() {
                        Some(b'\'') => break,
                        Some(byte) => word.push(byte),
                        None => return Err(Error::argument("command: a ' that does not end")),
                    }
                }
            }
            b'"' => {
                let word = word.get_or_insert_default();
                loop {
                    match bytes.next() {
                        Some(b'"') => break,
                        Some(b'\\') => match bytes.next() {
                            Some(byte @ (b'"' | b'\\' | b'$' | b'`')) => word.push(byte),
                            Some(byte) => word.extend([b'\\', byte]),
                            None => return Err(Error::argument("command: a \" that does not end")),
                        },
                        Some(byte) => word.push(byte),
                        None => return Err(Error::argument("command: a \" that does not end")),
                    }
                }
            }
            b'\\' => match bytes.next() {
                Some(byte) => word.get_or_insert_default().push(byte),
                None => return Err(Error::argument("command: a \\ at its end")),
            },
            byte => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    match words.first().is_some_and(|first| !first.is_empty()) {
        true => Ok(words),
        false => Err(Error::argument("command: a program expected")),
    }
}

/// One word for a shell: in single quotes, whatever is in it, unless it is plain.
#[cfg(any(test, target_os = "macos"))]
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_+@:,./".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_are_undone_and_nothing_is_expanded() {
        let table: [(&str, &[&str]); 9] = [
            ("game", &["game"]),
            ("  /opt/game  --fast\t1 ", &["/opt/game", "--fast", "1"]),
            (r#""/opt/my game" 'a "b" c'"#, &["/opt/my game", r#"a "b" c"#]),
            (r"/opt/my\ game \'", &["/opt/my game", "'"]),
            (r#""a\"b\\c\$d\`e\f""#, &[r#"a"b\c$d`e\f"#]),
            (r"'a\b'", &[r"a\b"]),
            (r#"game "" ''"#, &["game", "", ""]),
            (r#"a"b"'c'd"#, &["abcd"]),
            ("game $HOME `x` ~ * ; | %u", &["game", "$HOME", "`x`", "~", "*", ";", "|", "%u"]),
        ];
        for (line, words) in table {
            let split = split(line.as_bytes()).unwrap();
            assert_eq!(split, words.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>(), "{line}");
        }
        assert_eq!(split(b"/opt/\xff\xfe x").unwrap(), [b"/opt/\xff\xfe".to_vec(), b"x".to_vec()]);
    }

    #[cfg(unix)]
    #[test]
    fn a_program_beside_this_folder_is_named_by_its_whole_path() {
        let here = std::env::current_dir().unwrap();
        let first = |line: &str| String::from_utf8(command(line.as_bytes()).unwrap().swap_remove(0)).unwrap();
        assert_eq!(first("./run --fast"), here.join("run").to_str().unwrap());
        assert_eq!(first("'bin/my game' x"), here.join("bin/my game").to_str().unwrap());
        assert_eq!(first("/opt/run ./x"), "/opt/run");
        assert_eq!(first("game ./x"), "game");
    }

    #[test]
    fn what_does_not_end_is_refused() {
        for line in ["'a", "\"a", "\"a\\", "a\\", "", "  ", "''"] {
            assert!(split(line.as_bytes()).unwrap_err().message.starts_with("command: "), "{line}");
        }
    }

    #[test]
    fn a_quoted_word_is_one_word() {
        assert_eq!(quoted("/opt/game"), "/opt/game");
        for word in ["game", "my game", "it's", "'", "$HOME `x` \\ \"", "~/x", "a=b", ""] {
            assert_eq!(split(format!("x {}", quoted(word)).as_bytes()).unwrap()[1], word.as_bytes());
        }
    }
}
