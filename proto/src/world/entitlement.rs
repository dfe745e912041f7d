//! Entitlements: what users own of an application.

use super::{ApplicationId, EntitlementId, GuildId, SkuId, UserId};

/// Something that a user owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// Its id.
    pub id: EntitlementId,
    /// Of what.
    pub sku: SkuId,
    /// Whose.
    pub application: ApplicationId,
    /// The owner.
    pub user: UserId,
    /// How it came, 1 to 8 (Discord's numbers).
    pub kind: u8,
    /// For which guild.
    pub guild: Option<GuildId>,
    /// From when, in Unix milliseconds.
    pub starts_ms: Option<u64>,
    /// Until when.
    pub ends_ms: Option<u64>,
    /// Whether it was used up.
    pub consumed: bool,
    /// Whether it is gone. One that is gone is only ever seen in [`super::Change::EntitlementDeleted`].
    pub deleted: bool,
}

/// What a new entitlement is made from.
#[derive(Clone, Debug)]
pub struct NewEntitlement {
    /// Of what; a number of the world's own unless given.
    pub sku: Option<SkuId>,
    /// Whose.
    pub application: ApplicationId,
    /// The owner.
    pub user: UserId,
    /// How it came, 1 to 8.
    pub kind: u8,
    /// For which guild.
    pub guild: Option<GuildId>,
    /// From when.
    pub starts_ms: Option<u64>,
    /// Until when.
    pub ends_ms: Option<u64>,
}
