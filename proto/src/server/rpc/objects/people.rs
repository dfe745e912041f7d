//! What others are to the local user, and what they invite to.

use super::{View, activity, user_or_null};
use crate::wire::json::{Object, or_null};
use crate::world::{ApplicationId, ChannelId, MessageId, UserId};

/// RELATIONSHIP_UPDATE's data: what a user is to the local one now, and whether they are there.
pub(in crate::server::rpc) fn relationship(out: &mut Vec<u8>, view: View<'_>, of: UserId) {
    let presence = view.world.presence(of);
    Object::begin(out)
        .int("type", view.world.relationship(of) as i64)
        .with("user", |out| user_or_null(out, view.world, of))
        .with("presence", |out| {
            Object::begin(out)
                .str("status", presence.status.name())
                .with("activity", |out| {
                    let shown = presence.activity.as_ref();
                    let shown = shown.and_then(|(of, shown)| Some((shown, view.world.application(*of)?)));
                    or_null(out, shown, |out, (shown, application)| activity::write_public(out, shown, &application));
                })
                .end();
        })
        .end();
}

/// ACTIVITY_INVITE's data: who invites, to what, and where the invitation stands. What they play is shown even when their
/// presence does not say it: then only by the application's name.
pub(in crate::server::rpc) fn invitation(
    out: &mut Vec<u8>,
    view: View<'_>,
    (from, application): (UserId, ApplicationId),
    (channel, message): (ChannelId, MessageId),
) {
    let presence = view.world.presence(from);
    let shown = presence.activity.as_ref().filter(|(of, _)| *of == application);
    let shown = shown.map_or_else(Default::default, |(_, shown)| shown.clone());
    Object::begin(out)
        .int("type", 1)
        .with("user", |out| user_or_null(out, view.world, from))
        .with("activity", |out| {
            or_null(out, view.world.application(application), |out, application| {
                activity::write_public(out, &shown, &application);
            });
        })
        .id("channel_id", channel.get())
        .id("message_id", message.get())
        .end();
}
