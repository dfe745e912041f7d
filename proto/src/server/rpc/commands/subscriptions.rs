//! SUBSCRIBE and UNSUBSCRIBE.

use super::{Answer, Call, Effect, channels, guilds};
use crate::server::rpc::refusal::Refusal;
use crate::server::rpc::subscription::Topic;
use crate::server::rpc::{Cx, Door, Sink};
use crate::wire::catalog::{self, Row, Scopes};
use crate::wire::json::Object;
use crate::wire::rpc::{self, ErrorCode};

impl Door {
    /// SUBSCRIBE. What the event is about has to be there and, if it is a channel, to be seen; whether it still is gets
    /// looked at again with each event.
    pub(super) fn subscribe(&mut self, cx: &mut Cx<'_, impl Sink>, call: Call<'_>, data: &mut Vec<u8>) -> Answer {
        let (row, topic) = topic(call)?;
        call.caller.session(call.row.name)?;
        match row.args.first().map(|arg| arg.name) {
            Some("guild_id") => {
                guilds::joined(cx.world, topic.subject.into())?;
            }
            Some(_) => {
                let channel = channels::visible(cx.world, topic.subject.into())?;
                if let Scopes::InChannel { foreign, .. } = row.scopes
                    && !call.caller.reads(cx.world, channel.id)
                {
                    return Err(call.caller.lacks(row.name, foreign));
                }
            }
            None => {}
        }
        let most = self.config.limits.subscriptions;
        if !self.subscriptions.add(call.caller.peer, topic, most) {
            return Err(Refusal::new(ErrorCode::InvalidEvent, format!("{most} subscriptions are the most")));
        }
        Object::begin(data).str("evt", topic.event).end();
        Ok(Effect { subscribed: Some(topic.event), ..Effect::default() })
    }

    /// UNSUBSCRIBE. Also from what is gone by now.
    pub(super) fn unsubscribe(&mut self, call: Call<'_>, data: &mut Vec<u8>) -> Answer {
        let (_, topic) = topic(call)?;
        call.caller.session(call.row.name)?;
        self.subscriptions.remove(call.caller.peer, topic);
        Object::begin(data).str("evt", topic.event).end();
        Ok(Effect::default())
    }
}

/// What a SUBSCRIBE or UNSUBSCRIBE is about. `evt` stands beside `args`, so the event's own row checks them.
pub(in crate::server::rpc) fn topic(call: Call<'_>) -> Result<(&'static Row, Topic), Refusal> {
    let invalid = |sentence: &'static str| Refusal::new(ErrorCode::InvalidEvent, sentence);
    let name = call.root.member("evt").as_str().ok_or(invalid("evt: the name of an event expected, as a string"))?;
    let row = rpc::event(name).ok_or(invalid("evt: there is no such event"))?;
    if !row.callable {
        return Err(invalid("evt: this event comes unasked and can't be subscribed to"));
    }
    call.caller.permit(row.name, row.scopes)?;
    catalog::check(row, call.args).map_err(Refusal::argument)?;
    let subject = row.args.first().and_then(|arg| call.args.member(arg.name).as_id());
    Ok((row, Topic { event: row.name, subject: subject.unwrap_or(0) }))
}
