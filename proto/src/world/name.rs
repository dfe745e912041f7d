//! The rules of names: trimmed at both ends, runs of white space shrunk to one space, then counted in characters.
//! (`limits` and `rules_easily_missed` in the inventory of cross-cutting facts.)

use super::Error;

/// A username: 2 to 32 characters, none of what Discord gives a meaning in text, none of its reserved words.
pub(super) fn username(text: &str) -> Result<Box<str>, Error> {
    let name = within("username", text, 2, 32)?;
    if let Some(part) = ["@", "#", ":", "```"].into_iter().find(|part| name.contains(part)) {
        return Err(Error::Invalid(format!("username: may not contain {part}").into()));
    }
    if ["discordtag", "everyone", "here"].contains(&name.to_lowercase().as_str()) {
        return Err(Error::Invalid("username: discordtag, everyone and here are reserved".into()));
    }
    Ok(name)
}

/// A guild's name: 2 to 100 characters.
pub(super) fn guild(text: &str) -> Result<Box<str>, Error> {
    within("name", text, 2, 100)
}

/// A channel's name: 2 to 100 characters.
pub(super) fn channel(text: &str) -> Result<Box<str>, Error> {
    within("name", text, 2, 100)
}

/// A role's name: 1 to 100 characters.
pub(super) fn role(text: &str) -> Result<Box<str>, Error> {
    within("name", text, 1, 100)
}

/// The name that is shown for a user: 1 to 32 characters.
pub(super) fn shown(field: &str, text: &str) -> Result<Box<str>, Error> {
    within(field, text, 1, 32)
}

/// The hash of an image, which stands in the middle of its address.
pub(super) fn image(field: &str, text: &str) -> Result<(), Error> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if plain && (1..=128).contains(&text.len()) {
        return Ok(());
    }
    let expected = "1 to 128 letters, digits, hyphens and underscores expected";
    Err(Error::Invalid(format!("{field}: {expected}").into()))
}

/// A text that is only shown.
pub(super) fn text(field: &str, text: &str, least: usize, most: usize) -> Result<(), Error> {
    let count = text.chars().count();
    if count < least || count > most {
        return Err(Error::Invalid(format!("{field}: {least} to {most} characters expected, {count} given").into()));
    }
    Ok(())
}

fn within(field: &str, text: &str, least: usize, most: usize) -> Result<Box<str>, Error> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let count = name.chars().count();
    if count < least || count > most {
        return Err(Error::Invalid(format!("{field}: {least} to {most} characters expected, {count} given").into()));
    }
    Ok(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_their_white_space_collapses() {
        assert_eq!(&*username("  Ada \t Lovelace ").unwrap(), "Ada Lovelace");
    }

    #[test]
    fn names_that_discord_refuses_are_refused() {
        let long = "x".repeat(33);
        for name in ["", " a ", "a@b", "a#b", "a:b", "a```b", "Everyone", "here", "discordtag", &long] {
            assert!(username(name).is_err(), "{name:?}");
        }
        assert!(username(&"é".repeat(32)).is_ok(), "characters are counted, not bytes");
        assert!(guild(&"g".repeat(100)).is_ok());
        assert!(guild("g").is_err());
    }
}
