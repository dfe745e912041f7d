//! Snowflakes: Discord's 64-bit ids, and a type for each thing that has one.
//!
//! An id tells when it was made. Layout: 42 bits of milliseconds since the first second of 2015 (UTC), 5 bits of worker,
//! 5 bits of process, 12 bits that count within the millisecond (`snowflake` in the inventory of cross-cutting facts).
//! In JSON an id is always a string of decimal digits.

use std::fmt;

/// The Unix time, in milliseconds, that snowflakes count from: 2015-01-01T00:00:00Z.
pub const EPOCH_MS: u64 = 1_420_070_400_000;

/// An id of Discord's form, of whatever kind of thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Snowflake(pub u64);

impl Snowflake {
    /// Composes an id. `unix_ms` before 2015 counts as its first millisecond; `worker` and `process` have 5 bits,
    /// `increment` has 12, what lies above is cut off.
    pub const fn new(unix_ms: u64, worker: u8, process: u8, increment: u16) -> Self {
        Snowflake(
            unix_ms.saturating_sub(EPOCH_MS) << 22
                | (worker as u64 & 0x1F) << 17
                | (process as u64 & 0x1F) << 12
                | (increment as u64 & 0xFFF),
        )
    }

    /// When it was made, in Unix milliseconds.
    pub const fn unix_ms(self) -> u64 {
        (self.0 >> 22) + EPOCH_MS
    }

    /// The worker that made it.
    pub const fn worker(self) -> u8 {
        (self.0 >> 17 & 0x1F) as u8
    }

    /// The process that made it.
    pub const fn process(self) -> u8 {
        (self.0 >> 12 & 0x1F) as u8
    }

    /// Its number within its millisecond.
    pub const fn increment(self) -> u16 {
        (self.0 & 0xFFF) as u16
    }
}

impl fmt::Display for Snowflake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Hands out ids that grow strictly, whatever the clock does: a full or repeated millisecond borrows from the next one.
#[derive(Clone, Debug, Default)]
pub struct Generator {
    last_ms: u64,
    increment: u16,
}

impl Generator {
    /// Told from Discord's own ids by the process number, and never 0.
    const PROCESS: u8 = 1;

    /// The next id, for this moment.
    pub fn next(&mut self, unix_ms: u64) -> Snowflake {
        let now = unix_ms.max(EPOCH_MS);
        if now > self.last_ms {
            (self.last_ms, self.increment) = (now, 0);
        } else if self.increment < 0xFFF {
            self.increment += 1;
        } else {
            (self.last_ms, self.increment) = (self.last_ms + 1, 0);
        }
        self.last()
    }

    /// The one that was handed out last.
    pub fn last(&self) -> Snowflake {
        Snowflake::new(self.last_ms, 0, Self::PROCESS, self.increment)
    }

    /// Hands out greater ones than this from now on.
    pub fn go_on_after(&mut self, id: Snowflake) {
        if self.last() < id {
            let ours = Snowflake::new(id.unix_ms(), 0, Self::PROCESS, id.increment()) == id;
            (self.last_ms, self.increment) = (id.unix_ms(), if ours { id.increment() } else { 0xFFF });
        }
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Snowflake);

        impl $name {
            /// The bare number.
            pub const fn get(self) -> u64 {
                self.0.0
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                $name(Snowflake(number))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// The id of a user.
    UserId,
    /// The id of a guild.
    GuildId,
    /// The id of an application: what clients call `client_id`.
    ApplicationId,
    /// The id of a channel.
    ChannelId,
    /// The id of a role; @everyone's is its guild's.
    RoleId,
    /// The id of a message.
    MessageId,
    /// The id of an entitlement.
    EntitlementId,
    /// The id of something that can be owned.
    SkuId,
    /// The id of a command that an application offers.
    CommandId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snowflakes_have_discords_layout() {
        // The example that Discord documents: 175928847299117063.
        let id = Snowflake(175_928_847_299_117_063);
        assert_eq!((id.unix_ms(), id.worker(), id.process(), id.increment()), (1_462_015_105_796, 1, 0, 7));
        assert_eq!(Snowflake::new(1_462_015_105_796, 1, 0, 7), id);
    }

    #[test]
    fn ids_grow_when_the_clock_stands_still_or_goes_back() {
        let mut generator = Generator::default();
        let mut last = generator.next(EPOCH_MS + 5);
        for step in 0..10_000u64 {
            let next = generator.next(EPOCH_MS + 5 - step % 3);
            assert!(next > last);
            last = next;
        }
        assert_eq!(last.unix_ms(), EPOCH_MS + 5 + 2);
    }

    #[test]
    fn an_id_is_never_zero() {
        assert_ne!(Generator::default().next(0), Snowflake(0));
    }
}
