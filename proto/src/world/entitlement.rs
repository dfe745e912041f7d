//! Entitlements: what users own of an application.

use super::{ApplicationId, Change, Changes, EntitlementId, Error, GuildId, SkuId, UserId, World, limits};
use crate::time::Instant;

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
    /// Whether it was used up already.
    pub consumed: bool,
}

impl Entitlement {
    /// Whether it counts at this moment, in Unix milliseconds. One that ran out stays what it is, as at Discord.
    pub fn is_active(&self, unix_ms: u64) -> bool {
        !self.deleted
            && self.starts_ms.is_none_or(|starts| starts <= unix_ms)
            && self.ends_ms.is_none_or(|ends| unix_ms < ends)
    }
}

impl World {
    pub(super) fn check_entitlement(&self, entitlement: &Entitlement) -> Result<(), Error> {
        let Entitlement { application, user, kind, guild, starts_ms, ends_ms, .. } = entitlement;
        self.known_application(*application)?;
        self.known_user(*user)?;
        if let Some(guild) = guild
            && !self.guilds.contains_key(guild)
        {
            return Err(Error::UnknownGuild(*guild));
        }
        if !(1..=8).contains(kind) {
            return Err(Error::Invalid(format!("type: 1 to 8 expected, {kind} given").into()));
        }
        if let (Some(starts), Some(ends)) = (starts_ms, ends_ms)
            && starts >= ends
        {
            return Err(Error::Invalid("ends_at: a moment after starts_at expected".into()));
        }
        Ok(())
    }

    pub(super) fn create_entitlement(
        &mut self,
        now: Instant,
        new: NewEntitlement,
        out: &mut Changes,
    ) -> Result<(), Error> {
        let NewEntitlement { sku, application, user, kind, guild, starts_ms, ends_ms, consumed } = new;
        let (id, none) = (EntitlementId::from(0), SkuId::from(0));
        let (sku, deleted) = (sku.unwrap_or(none), false);
        let mut entitlement =
            Entitlement { id, sku, application, user, kind, guild, starts_ms, ends_ms, consumed, deleted };
        self.check_entitlement(&entitlement)?;
        limits::room("entitlements", self.entitlements.len(), limits::ENTITLEMENTS)?;
        if entitlement.sku == none {
            entitlement.sku = SkuId(self.next_id(now));
        }
        entitlement.id = EntitlementId(self.next_id(now));
        out.push(Change::EntitlementCreated(entitlement.id));
        self.entitlements.insert(entitlement.id, entitlement);
        Ok(())
    }

    pub(super) fn delete_entitlement(&mut self, id: EntitlementId, out: &mut Changes) -> Result<(), Error> {
        let mut gone = self.entitlements.remove(&id).ok_or(Error::UnknownEntitlement(id))?;
        gone.deleted = true;
        out.push(Change::EntitlementDeleted(Box::new(gone)));
        Ok(())
    }
}
