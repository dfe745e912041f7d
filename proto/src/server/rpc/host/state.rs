//! STATE: what the server holds, by parts.

use super::objects;
use crate::server::rpc::Door;
use crate::server::rpc::objects::{activity, texts};
use crate::server::rpc::peer::{Peer, Standing};
use crate::value::Value;
use crate::wire::host::STATE_PARTS;
use crate::wire::json::{Object, array, or_null, push_id, push_str};
use crate::world::World;

impl Door {
    /// The parts that are asked for, all of them unless any are; each once, in the catalog's order.
    pub(super) fn state(&self, world: &World, parts: Value<'_>, out: &mut Vec<u8>) {
        let wanted = |part: &str| parts.is_none() || parts.iter().any(|named| named.as_str() == Some(part));
        let mut object = Object::begin(out);
        for part in STATE_PARTS.iter().filter(|part| wanted(part)) {
            object = object.with(part, |out| self.state_part(world, part, out));
        }
        object.end();
    }

    fn state_part(&self, world: &World, part: &str, out: &mut Vec<u8>) {
        match part {
            "user" => objects::user(out, world, world.local_user()),
            "guest" => out.extend_from_slice(if world.local_user_is_guest() { b"true" } else { b"false" }),
            "account" => self.write_account(world, out),
            "peers" => array(out, &self.peers, |out, (number, peer)| self.peer_state(out, *number, peer)),
            "activities" => {
                let sessions = world.sessions().filter_map(|session| Some((session, session.activity.as_ref()?)));
                array(out, sessions, |out, (session, shown)| {
                    Object::begin(out)
                        .id("user_id", session.user.get())
                        .id("application_id", session.application.get())
                        .with("activity", |out| {
                            or_null(out, world.application(session.application), |out, application| {
                                activity::write(out, shown, &application);
                            });
                        })
                        .end();
                });
            }
            "join_requests" => array(out, world.join_requests(), objects::join_request),
            "users" => array(out, world.users(), |out, user| objects::user(out, world, user)),
            "guilds" => array(out, world.guilds(), objects::guild),
            "channels" => array(out, world.channels(), objects::channel),
            "messages" => {
                let messages = world.channels().flat_map(|channel| world.messages(channel.id));
                array(out, messages, objects::message);
            }
            "text_channel" => or_null(out, world.text_channel().map(|id| id.get()), push_id),
            "voice_channel" => or_null(out, world.voice_channel().map(|id| id.get()), push_id),
            "voice_states" => {
                let states = world.channels().flat_map(|channel| world.voice_states_in(channel.id));
                array(out, states, |out, state| objects::voice_state(out, state.user, Some(state)));
            }
            "voice_connection" => objects::voice_connection(out, world.voice_connection()),
            "voice_settings" => objects::voice_settings(out, world.voice_settings()),
            "user_voice_settings" => {
                let heard = world.users().map(|user| (user.id, world.user_voice(user.id)));
                let heard = heard.filter(|(_, heard)| *heard != Default::default());
                array(out, heard, |out, (user, heard)| objects::user_voice(out, user, heard));
            }
            "applications" => array(out, world.applications(), objects::application),
            "entitlements" => array(out, world.entitlements(), objects::entitlement),
            "scenario" => or_null(out, self.scenario.as_ref(), super::scenario::state),
            _ => out.extend_from_slice(b"null"),
        }
    }

    pub(super) fn peer_state(&self, out: &mut Vec<u8>, number: u32, peer: &Peer) {
        let open = peer.open();
        Object::begin(out)
            .int("peer", number.into())
            .str("transport", peer.transport.name())
            .opt_id("client_id", open.map(|open| open.caller.client.get()))
            .bool("authenticated", open.is_some_and(|open| matches!(open.standing, Standing::Authenticated { .. })))
            .with("scopes", |out| {
                texts(out, peer.caller().and_then(|caller| caller.scopes.as_deref()).unwrap_or_default())
            })
            .with("subscriptions", |out| {
                let topics = self.subscriptions.of_peer(number).chain(self.relay.topics_of(number));
                array(out, topics, |out, topic| push_str(out, topic.event));
            })
            .end();
    }
}
