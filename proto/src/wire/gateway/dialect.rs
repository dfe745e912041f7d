//! The versions of the Gateway, and what each does otherwise than the next.
//!
//! A version that only Discord's documents name has no place here: 4 and 5 lie between two that are described, and are spoken
//! as 6. Source: the inventories `dialects.yaml`, `gateway_v3.yaml`, `gateway_v6.yaml` and `current_gateway_v10.yaml`.

use std::time::Duration;

/// A version of the Gateway that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Dialect {
    /// Before July 2017: no HELLO, no RESUME, no ACK. The heartbeat's interval stands in READY.
    V3 = 3,
    /// July 2017.
    V6 = 6,
    /// As 6, with permissions as strings beside the numbers.
    V7 = 7,
    /// September 2020: intents are required.
    V8 = 8,
    /// Threads.
    V9 = 9,
    /// February 2022: the content of messages is an intent.
    #[default]
    V10 = 10,
}

/// What a connection's bytes are wrapped in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Nothing.
    #[default]
    None,
    /// Each message of JSON may be a zlib text of its own (RFC 1950). Asked for in IDENTIFY, so HELLO is never one.
    Payload,
    /// One zlib text for the whole connection, flushed after each message.
    ZlibStream,
    /// One Zstandard frame for the whole connection, flushed after each message.
    ZstdStream,
}

impl Compression {
    /// Every way, with the name that a parameter gives it.
    pub const ALL: [(&'static str, Compression); 4] = [
        ("none", Compression::None),
        ("payload", Compression::Payload),
        ("zlib-stream", Compression::ZlibStream),
        ("zstd-stream", Compression::ZstdStream),
    ];

    /// The way of this name.
    pub fn named(name: &str) -> Option<Compression> {
        Compression::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, way)| way)
    }

    /// What the address says after `compress=`, if anything.
    pub const fn query(self) -> Option<&'static str> {
        match self {
            Compression::None | Compression::Payload => None,
            Compression::ZlibStream => Some("zlib-stream"),
            Compression::ZstdStream => Some("zstd-stream"),
        }
    }
}

impl Dialect {
    /// Every dialect, the oldest first.
    pub const ALL: [Dialect; 6] = [Dialect::V3, Dialect::V6, Dialect::V7, Dialect::V8, Dialect::V9, Dialect::V10];

    /// What is spoken for this version. 4 and 5 are spoken as 6, without promises.
    pub const fn of_version(version: u32) -> Option<Dialect> {
        Some(match version {
            3 => Dialect::V3,
            4..=6 => Dialect::V6,
            7 => Dialect::V7,
            8 => Dialect::V8,
            9 => Dialect::V9,
            10 => Dialect::V10,
            _ => return None,
        })
    }

    /// Its number in the address.
    pub const fn version(self) -> u32 {
        self as u32
    }

    /// Whether the server speaks first, with HELLO, and answers heartbeats. Without, READY brings the interval, a heartbeat
    /// carries the client's clock, and nothing can be resumed.
    pub const fn greets(self) -> bool {
        self as u8 > Dialect::V3 as u8
    }

    /// Whether a session has to say what it wants to be told.
    pub const fn requires_intents(self) -> bool {
        self as u8 >= Dialect::V8 as u8
    }

    /// Whether IDENTIFY's properties are named `$os` and so on. Servers take either, but 10 takes only `os`.
    pub const fn dollar_properties(self) -> bool {
        self as u8 <= Dialect::V7 as u8
    }

    /// Whether a presence has one `game` in place of `activities`.
    pub const fn single_game(self) -> bool {
        self as u8 <= Dialect::V7 as u8
    }

    /// Whether permissions are numbers (then 7 has strings beside them) and not strings.
    pub const fn numeric_permissions(self) -> bool {
        self as u8 <= Dialect::V7 as u8
    }

    /// Whether threads exist, and their events come.
    pub const fn threads(self) -> bool {
        self as u8 >= Dialect::V9 as u8
    }

    /// Whether the content of messages takes an intent of its own.
    pub const fn content_is_an_intent(self) -> bool {
        self as u8 >= Dialect::V10 as u8
    }

    /// Whether GUILD_MEMBERS_CHUNK says its nonce, its number and how many there are.
    pub const fn numbered_chunks(self) -> bool {
        self as u8 >= Dialect::V8 as u8
    }

    /// How often a presence may be set: so many times in so long.
    pub const fn presence_pace(self) -> (usize, Duration) {
        if self.single_game() { (5, Duration::from_secs(60)) } else { (5, Duration::from_secs(20)) }
    }

    /// What a connection asks for when its program does not say.
    pub const fn default_compression(self) -> Compression {
        match self {
            // Its documents know no compression of the stream.
            Dialect::V3 => Compression::None,
            Dialect::V6 | Dialect::V7 => Compression::ZlibStream,
            Dialect::V8 | Dialect::V9 | Dialect::V10 => Compression::ZstdStream,
        }
    }

    /// Whether it knows this compression.
    pub const fn knows(self, compression: Compression) -> bool {
        match compression {
            Compression::None | Compression::Payload => true,
            Compression::ZlibStream => self as u8 >= Dialect::V6 as u8,
            Compression::ZstdStream => self as u8 >= Dialect::V8 as u8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_spoken_as_the_dialect_that_is_described() {
        let spoken = |version| Dialect::of_version(version).map(Dialect::version);
        for (version, as_version) in [
            (0, None),
            (2, None),
            (3, Some(3)),
            (4, Some(6)),
            (5, Some(6)),
            (6, Some(6)),
            (7, Some(7)),
            (8, Some(8)),
            (9, Some(9)),
            (10, Some(10)),
            (11, None),
        ] {
            assert_eq!(spoken(version), as_version, "{version}");
        }
        assert_eq!(Dialect::default(), Dialect::V10);
    }

    #[test]
    fn what_differs_between_dialects() {
        let table = Dialect::ALL.map(|dialect| {
            let (times, within) = dialect.presence_pace();
            (
                dialect.version(),
                [
                    dialect.greets(),
                    dialect.requires_intents(),
                    dialect.dollar_properties(),
                    dialect.single_game(),
                    dialect.numeric_permissions(),
                    dialect.threads(),
                    dialect.content_is_an_intent(),
                    dialect.numbered_chunks(),
                ]
                .map(u8::from),
                (times, within.as_secs()),
                dialect.default_compression(),
            )
        });
        assert_eq!(
            table,
            [
                (3, [0, 0, 1, 1, 1, 0, 0, 0], (5, 60), Compression::None),
                (6, [1, 0, 1, 1, 1, 0, 0, 0], (5, 60), Compression::ZlibStream),
                (7, [1, 0, 1, 1, 1, 0, 0, 0], (5, 60), Compression::ZlibStream),
                (8, [1, 1, 0, 0, 0, 0, 0, 1], (5, 20), Compression::ZstdStream),
                (9, [1, 1, 0, 0, 0, 1, 0, 1], (5, 20), Compression::ZstdStream),
                (10, [1, 1, 0, 0, 0, 1, 1, 1], (5, 20), Compression::ZstdStream),
            ]
        );
        for dialect in Dialect::ALL {
            assert!(dialect.knows(dialect.default_compression()) && dialect.knows(Compression::Payload));
        }
    }

    #[test]
    fn compressions_are_found_by_name() {
        for (name, way) in Compression::ALL {
            assert_eq!(Compression::named(name), Some(way));
            assert_eq!(way.query().is_some(), name.ends_with("-stream"));
        }
        assert_eq!(Compression::named("gzip"), None);
    }
}
