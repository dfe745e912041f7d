//! MESSAGE_CREATE, MESSAGE_UPDATE, MESSAGE_DELETE and NOTIFICATION_CREATE.

use super::{everybody, sees};
use crate::server::rpc::objects::View;
use crate::server::rpc::{Cx, Door, Sink, objects};
use crate::wire::json::{Object, or_null};
use crate::world::{Change, ChannelId, MessageId};

impl Door {
    /// Who hears of messages in a channel may read it, and made it or holds `messages.read`.
    pub(super) fn tell_of_message(&mut self, cx: &mut Cx<'_, impl Sink>, change: &Change) -> usize {
        let (event, channel, message) = match change {
            Change::MessagePosted { channel, message } => ("MESSAGE_CREATE", *channel, *message),
            Change::MessageEdited { channel, message } => ("MESSAGE_UPDATE", *channel, *message),
            Change::MessageDeleted { channel, message } => ("MESSAGE_DELETE", *channel, *message),
            Change::Notified { channel, message } => {
                return self.publish(cx, "NOTIFICATION_CREATE", 0, everybody, |out, view| {
                    or_null(out, view.world.message(*channel, *message), |out, known| {
                        objects::notification(out, view, known);
                    });
                });
            }
            _ => return 0,
        };
        if !sees(cx.world, channel) {
            return 0;
        }
        let to =
            |caller: &crate::server::rpc::caller::Caller, world: &crate::world::World| caller.reads(world, channel);
        self.publish(cx, event, channel.get(), to, |out, view| {
            Object::begin(out)
                .id("channel_id", channel.get())
                .with("message", |out| message_or_id(out, view, channel, message))
                .end();
        })
    }
}

/// A message, or of one that is gone its id.
fn message_or_id(out: &mut Vec<u8>, view: View<'_>, channel: ChannelId, message: MessageId) {
    match view.world.message(channel, message) {
        Some(known) => objects::message(out, view, known),
        None => Object::begin(out).id("id", message.get()).end(),
    }
}
