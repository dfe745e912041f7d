//! Entitlements.

use crate::wire::json::Object;
use crate::world::{Entitlement, Timestamp};

/// An entitlement as ENTITLEMENT_CREATE and ENTITLEMENT_DELETE show it.
pub(in crate::server::rpc) fn entitlement(out: &mut Vec<u8>, entitlement: &Entitlement) {
    let mut object = Object::begin(out)
        .id("id", entitlement.id.get())
        .id("sku_id", entitlement.sku.get())
        .id("application_id", entitlement.application.get())
        .id("user_id", entitlement.user.get())
        .int("type", entitlement.kind.into())
        .bool("deleted", entitlement.deleted);
    for (name, moment) in [("starts_at", entitlement.starts_ms), ("ends_at", entitlement.ends_ms)] {
        object = object.opt_str(name, moment.map(|moment| Timestamp(moment).to_string()).as_deref());
    }
    if let Some(guild) = entitlement.guild {
        object = object.id("guild_id", guild.get());
    }
    object.bool("consumed", entitlement.consumed).end();
}
