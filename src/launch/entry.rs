//! The text of a desktop entry: the file by which a Linux desktop knows a program and what links it opens.
//!
//! Two layers of quoting, after the Desktop Entry Specification: an argument of `Exec` is quoted as one, then all of it
//! escaped as any string of such a file. Entries are UTF-8, so a path that is not cannot be held.

use std::fmt::Write;

use gamebridge_proto::error::{Error, Status};

/// The word that stands for the link that was opened.
const LINK: &str = "%u";

/// The file. With `link` the link is its last argument, if no word is `%u` already.
///
/// # Errors
/// [`Status::Unsupported`] when a word is not UTF-8 or holds a control character that cannot be written.
pub(super) fn text(application: &str, name: &str, words: &[Vec<u8>], link: bool) -> Result<String, Error> {
    let mut exec = String::new();
    let mut placed = false;
    for (at, word) in words.iter().enumerate() {
        let word = std::str::from_utf8(word).map_err(|error| {
            let sentence = "a path that is not UTF-8, and the desktop entries of Linux hold none";
            Error::new(Status::Unsupported, format!("command: {sentence} (word {at}, byte {})", error.valid_up_to()))
        })?;
        if word.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
            let sentence = format!("command: a control character, and desktop entries hold none (word {at})");
            return Err(Error::new(Status::Unsupported, sentence));
        }
        if at > 0 {
            exec.push(' ');
        } else if word.contains('%') {
            exec.push_str(through_env(word)?);
        }
        if link && at > 0 && word == LINK {
            placed = true;
            exec.push_str(LINK);
        } else {
            exec.push_str(&argument(word));
        }
    }
    if link && !placed {
        exec.push(' ');
        exec.push_str(LINK);
    }
    let mut text = String::from("[Desktop Entry]\nType=Application\n");
    let _ = writeln!(text, "Name={}", string(name));
    let _ = writeln!(text, "Exec={}", string(&exec));
    // It is here for the links, and would stand beside the game's own entry in the menu.
    text.push_str("NoDisplay=true\nTerminal=false\nCategories=Game;\n");
    let _ = writeln!(text, "MimeType={};", mime_type(application));
    Ok(text)
}

/// What stands before a program with a percent sign. Desktops replace `%%` in the arguments, but GLib's (GNOME, Cinnamon,
/// Xfce) look for the program under the name as it is written, and take the entry for one of a program that is not there. So
/// `env` is the program, and ours its argument.
fn through_env(program: &str) -> Result<&'static str, Error> {
    match program.contains('=') {
        false => Ok("env "),
        // It would set a variable.
        true => Err(Error::new(
            Status::Unsupported,
            "command: a program with both a % and a = in its path, which no desktop entry holds",
        )),
    }
}

/// The type under which desktops keep who opens the application's links.
pub(super) fn mime_type(application: &str) -> String {
    format!("x-scheme-handler/{}", super::scheme(application))
}

/// An argument of `Exec`: in double quotes unless it is plain; a percent sign is doubled, or it would begin a field code.
fn argument(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_+@:,./%".contains(c);
    let doubled = word.replace('%', "%%");
    if !word.is_empty() && word.chars().all(plain) {
        return doubled;
    }
    let mut quoted = String::from("\"");
    for c in doubled.chars() {
        if matches!(c, '"' | '`' | '$' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// A string value.
fn string(value: &str) -> String {
    let mut escaped = String::new();
    for (at, c) in value.char_indices() {
        match c {
            '\\' => escaped.push_str(r"\\"),
            '\n' => escaped.push_str(r"\n"),
            '\t' => escaped.push_str(r"\t"),
            '\r' => escaped.push_str(r"\r"),
            // Blanks around the equal sign are not the value's.
            ' ' if at == 0 => escaped.push_str(r"\s"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Reads a value of the entry as the specification says that desktops do, without our code.
    fn value(entry: &str, key: &str) -> String {
        let line = entry.lines().find_map(|line| line.strip_prefix(&format!("{key}="))).expect(key);
        let mut value = String::new();
        let mut chars = line.trim_start().chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                value.push(c);
                continue;
            }
            value.push(match chars.next().expect("an escape ends") {
                's' => ' ',
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '\\' => '\\',
                other => panic!("\\{other} is no escape"),
            });
        }
        value
    }

    /// The words that a desktop would start with this link.
    pub(in crate::launch) fn started(entry: &str, link: &str) -> Vec<String> {
        let exec = value(entry, "Exec");
        let (mut words, mut word, mut chars) = (Vec::new(), None::<String>, exec.chars().peekable());
        let mut quoted = false;
        while let Some(c) = chars.next() {
            match c {
                '"' => {
                    quoted = !quoted;
                    word.get_or_insert_default();
                }
                '\\' if quoted => word.get_or_insert_default().push(chars.next().expect("an escape ends")),
                ' ' if !quoted => words.extend(word.take()),
                '%' => match chars.next() {
                    Some('%') => word.get_or_insert_default().push('%'),
                    Some('u') if !quoted => word.get_or_insert_default().push_str(link),
                    other => panic!("% and {other:?}, quoted: {quoted}"),
                },
                c if !quoted && "'><~|&;$*?#()`\\\t\n".contains(c) => panic!("{c:?} needs quotes"),
                c => word.get_or_insert_default().push(c),
            }
        }
        assert!(!quoted, "a quote that does not end: {exec}");
        words.extend(word);
        words
    }

    #[test]
    fn whatever_the_words_are_they_arrive_as_they_were() {
        for nasty in [
            "/opt/game",
            "/opt/my game",
            "/opt/my  game ",
            r#"/opt/"game""#,
            "/opt/it's",
            "/opt/100%",
            "/opt/%u",
            "/opt/%f %U%%",
            r"/opt/back\slash",
            r"/opt/\\",
            r"\s\n",
            "/opt/$HOME/`id`",
            "/opt/a=b",
            "/opt/tab\tand\nline",
            "/opt/Süper ☃",
            "~;|&*?#()<>",
            "",
        ] {
            let words = [b"/opt/run me".to_vec(), nasty.as_bytes().to_vec()];
            let entry = text("7", "x", &words, true).unwrap();
            assert_eq!(started(&entry, "discord-7://"), ["/opt/run me", nasty, "discord-7://"], "{entry}");
            if !nasty.is_empty() {
                let entry = text("7", "x", &words[1..], true).unwrap();
                let env = nasty.contains('%').then_some("env");
                let expected: Vec<&str> = env.into_iter().chain([nasty, "discord-7://"]).collect();
                assert_eq!(started(&entry, "discord-7://"), expected, "{entry}");
            }
        }
    }

    #[test]
    fn the_link_stands_where_the_command_says_and_last_otherwise() {
        let words = |line: &str| line.split(' ').map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
        let entry = text("7", "x", &words("game --link %u --fast"), true).unwrap();
        assert_eq!(started(&entry, "L"), ["game", "--link", "L", "--fast"]);
        let entry = text("7", "x", &words("xdg-open steam://rungameid/440"), false).unwrap();
        assert_eq!(started(&entry, "L"), ["xdg-open", "steam://rungameid/440"]);
    }

    #[test]
    fn the_name_is_one_value_whatever_is_in_it() {
        for name in ["Super Game", r"a\nb", " leading", r"\", "Name=x;[y]"] {
            let entry = text("7", name, &[b"game".to_vec()], true).unwrap();
            assert_eq!(value(&entry, "Name"), name);
            assert_eq!(entry.lines().filter(|line| line.starts_with('[')).count(), 1);
        }
    }

    #[test]
    fn it_opens_the_links_of_the_application() {
        let entry = text("192741864418312192", "x", &[b"game".to_vec()], true).unwrap();
        assert_eq!(value(&entry, "MimeType"), "x-scheme-handler/discord-192741864418312192;");
        assert!(entry.starts_with("[Desktop Entry]\nType=Application\n"));
    }

    #[test]
    fn what_an_entry_cannot_hold_is_refused() {
        for word in [&b"/opt/\xff"[..], b"/opt/\x07", b"/opt/\x1b[0m", b"/opt/100%/a=b"] {
            let error = text("7", "x", &[word.to_vec()], true).unwrap_err();
            assert_eq!(error.status, Status::Unsupported);
            assert!(error.message.starts_with("command: "), "{error}");
        }
    }
}
