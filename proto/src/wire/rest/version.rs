//! The versions of the API, and what a client of each expects.

use crate::wire::gateway::Dialect;

/// A version that this library speaks. What is asked for without one is the oldest: Discord's rule for `/api/...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u8);

impl Version {
    /// What `/api/...` without a version means.
    pub const DEFAULT: Version = Version(6);

    /// The version of this number, if it is spoken: 6 to 10.
    pub fn from_number(number: u8) -> Option<Version> {
        (6..=10).contains(&number).then_some(Version(number))
    }

    /// The version whose objects a dialect of the Gateway shows. That of version 3 no path of the API names.
    pub const fn of(dialect: Dialect) -> Version {
        Version(dialect.version() as u8)
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Splits the path of a request: `/api/v10/users/@me` is version 10 and `/users/@me`. `None` when it does not begin
    /// with `/api/`; `Err` when it names a version that is not spoken.
    pub fn of_path(path: &str) -> Option<Result<(Version, &str), UnknownVersion>> {
        let rest = path.strip_prefix("/api").filter(|rest| rest.starts_with('/'))?;
        let (first, after) = match rest[1..].split_once('/') {
            Some((first, _)) => (first, &rest[1 + first.len()..]),
            None => (&rest[1..], ""),
        };
        let Some(number) = first.strip_prefix('v').filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        else {
            return Some(Ok((Version::DEFAULT, rest)));
        };
        Some(match number.parse().ok().and_then(Version::from_number).filter(|_| !number.starts_with('0')) {
            Some(version) => Ok((version, after)),
            None => Err(UnknownVersion),
        })
    }

    /// Permissions are texts, since numbers of that size are not exact everywhere; before, numbers.
    pub const fn has_permissions_as_text(self) -> bool {
        self.0 >= 8
    }

    /// Version 7 sends both, the texts under names of their own.
    pub const fn has_permissions_new(self) -> bool {
        self.0 == 7
    }

    /// Channels are of numbered types; before version 6, of "text" and "voice".
    pub const fn has_channel_numbers(self) -> bool {
        self.0 >= 6
    }

    /// A presence has one `game`; from 8 on only `activities`.
    pub const fn has_game(self) -> bool {
        self.0 < 8
    }

    /// Overwrites are of type 0 and 1; before, of "role" and "member".
    pub const fn has_overwrite_numbers(self) -> bool {
        self.0 >= 8
    }

    /// A guild's `embed_enabled` is called `widget_enabled`.
    pub const fn has_widget(self) -> bool {
        self.0 >= 8
    }

    /// What is wrong in a form is told as a tree under `errors`; before, beside the code, a list of sentences for each
    /// field.
    pub const fn has_error_tree(self) -> bool {
        self.0 >= 8
    }

    /// The wait after too many requests is told in seconds; before, in milliseconds.
    pub const fn counts_seconds(self) -> bool {
        self.0 >= 8
    }

    /// A message takes one `embed`; from 10 on only `embeds`.
    pub const fn takes_embed(self) -> bool {
        self.0 < 10
    }
}

/// A version was named, and is none that is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownVersion;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_version() {
        let version = |number| Version::from_number(number).unwrap();
        for (path, expected) in [
            ("/api/users/@me", Some(Ok((version(6), "/users/@me")))),
            ("/api/v6/users/@me", Some(Ok((version(6), "/users/@me")))),
            ("/api/v10/guilds", Some(Ok((version(10), "/guilds")))),
            ("/api/v9", Some(Ok((version(9), "")))),
            ("/api/v5/guilds", Some(Err(UnknownVersion))),
            ("/api/v11/guilds", Some(Err(UnknownVersion))),
            ("/api/v06/guilds", Some(Err(UnknownVersion))),
            ("/api/v/guilds", Some(Err(UnknownVersion))),
            ("/api/v999/guilds", Some(Err(UnknownVersion))),
            ("/api/voice/regions", Some(Ok((version(6), "/voice/regions")))),
            ("/api", None),
            ("/apis/v6", None),
            ("/", None),
        ] {
            assert_eq!(Version::of_path(path), expected, "{path}");
        }
    }
}
