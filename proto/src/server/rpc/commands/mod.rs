//! What peers ask for: the envelope, who may, and the commands.
//!
//! There is one dispatch, and the catalog ([`crate::wire::rpc::COMMANDS`]) is what it goes by: a row is the command's name,
//! scopes, arguments and reply. Each file here carries out the commands about one noun. What a command answers is written
//! at once and sent before what it causes; what has to wait (for a guild, for a voice server, for the user) says so in its
//! [`Effect`], and [`super::waiting`] or [`super::questions`] sends the reply later.

mod activity;
mod authorization;
mod channels;
mod guilds;
mod settings;
mod subscriptions;
mod voice;

pub(super) use authorization::{DENIED, grant};
pub(super) use channels::{allowed, visible, write as write_channel};
pub(super) use guilds::joined;
pub(super) use settings::edit as voice_settings_edit;
pub(super) use subscriptions::topic;
pub(super) use voice::{Joined, Manner, join};

use super::caller::Caller;
use super::objects::View;
use super::peer::Standing;
use super::refusal::Refusal;
use super::waiting::Wait;
use super::{Cx, Door, Sink, envelope, notify};
use crate::value::{Kind, Value};
use crate::wire::catalog::{self, Row};
use crate::wire::etf;
use crate::wire::ipc::Opcode;
use crate::wire::rpc::{self, ErrorCode};
use crate::world::{Changes, World};

/// What a command leads to, besides its reply.
#[derive(Debug, Default)]
pub(super) struct Effect {
    pub(super) reply: Reply,
    /// What changed in the world.
    pub(super) changes: Vec<Changes>,
    /// The event that a peer subscribed to, of which it may have missed something.
    pub(super) subscribed: Option<&'static str>,
    /// What the host hears.
    pub(super) notice: Option<(&'static str, Vec<u8>)>,
}

/// When the reply goes out.
#[derive(Debug, Default)]
pub(super) enum Reply {
    /// Now: its data was written.
    #[default]
    Written,
    /// When the host has answered this request.
    Asked(u64),
    /// When what it waits for has come, or its time is up.
    Waits(Wait),
    /// When a Discord has answered it.
    Relayed,
}

impl Effect {
    pub(super) fn changed(changes: Changes) -> Self {
        Effect { changes: vec![changes], ..Effect::default() }
    }
}

/// One command.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) caller: &'a Caller,
    pub(super) row: &'static Row,
    pub(super) root: Value<'a>,
    pub(super) args: Value<'a>,
    /// The nonce's JSON, as it came.
    pub(super) nonce: &'a [u8],
    /// The message that all of it stands in.
    pub(super) text: &'a [u8],
}

type Answer = Result<Effect, Refusal>;

impl Door {
    /// Answers one message of a peer that is in.
    pub(super) fn command(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, payload: &[u8]) {
        let Some(caller) = self.peers.get(&peer).and_then(|known| known.caller()).cloned() else { return };
        let (mut doc, mut frame) = (std::mem::take(&mut self.doc), std::mem::take(&mut self.frame));
        let answered = self.carry_out_message(cx, &caller, payload, &mut doc, &mut frame);
        if answered.is_some()
            && let Some(open) = self.peers.get_mut(&peer).and_then(|peer| peer.open_mut())
            && let Standing::Idle { .. } = open.standing
        {
            open.standing = Standing::Anonymous;
        }
        let effect = answered.unwrap_or_default();
        if !matches!(effect.reply, Reply::Asked(_) | Reply::Waits(_) | Reply::Relayed) {
            cx.out.send(peer, Opcode::Frame, &frame);
        }
        (self.doc, self.frame) = (doc, frame);
        self.take_effect(cx, peer, effect);
        self.doc.shrink_to(self.config.limits.message_bytes);
        self.frame.shrink_to(self.config.limits.message_bytes);
    }

    /// Reads the envelope, carries the command out and writes the reply or the ERROR into `frame`. `None` when it was
    /// refused.
    fn carry_out_message(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        caller: &Caller,
        payload: &[u8],
        doc: &mut crate::value::Document,
        frame: &mut Vec<u8>,
    ) -> Option<Effect> {
        frame.clear();
        let parsed = doc.parse(payload).map_err(|error| unread(payload, &error));
        let root = doc.root();
        let nonce = nonce(root, payload);
        let name = root.member("cmd").as_str();
        let answered = match (parsed, root.kind(), name) {
            (Err(sentence), _, _) => Err(Refusal::new(ErrorCode::InvalidPayload, sentence)),
            (Ok(()), Kind::Object, Some(name)) => {
                envelope::reply_begin(frame, name);
                self.answer(cx, caller, root, payload, frame)
            }
            (Ok(()), Kind::Object, None) => {
                Err(Refusal::new(ErrorCode::InvalidPayload, "cmd: the name of a command expected, as a string"))
            }
            _ => Err(Refusal::new(ErrorCode::InvalidPayload, "the payload must be a JSON object")),
        };
        match answered {
            Ok(effect) => {
                envelope::reply_end(frame, nonce);
                Some(effect)
            }
            Err(refusal) => {
                envelope::error(frame, name.unwrap_or("DISPATCH"), &refusal, nonce);
                None
            }
        }
    }

    pub(super) fn take_effect(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, effect: Effect) {
        let Effect { reply, changes, subscribed, notice } = effect;
        match reply {
            Reply::Written | Reply::Relayed => {}
            Reply::Asked(request) => self.ask(cx, request),
            Reply::Waits(wait) => self.waits.push(wait),
        }
        if let Some((name, payload)) = notice {
            notify(cx.out, peer, name, &payload);
        }
        for changes in changes {
            self.fan_out(cx, peer, &changes);
        }
        if let Some(event) = subscribed {
            self.catch_up(cx, peer, event);
        }
    }

    /// Carries a command out, writing its reply's `data`.
    fn answer(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        caller: &Caller,
        root: Value<'_>,
        text: &[u8],
        data: &mut Vec<u8>,
    ) -> Answer {
        let name = root.member("cmd").as_str().unwrap_or_default();
        let unknown = || {
            let name: String = name.chars().take(64).collect();
            Refusal::new(ErrorCode::InvalidCommand, format!("there is no command {name:?}"))
        };
        if self.passes_unknown(caller, name) {
            return self.relay_unknown(cx, caller, root, text);
        }
        let row = rpc::command(name).filter(|row| row.callable).ok_or_else(unknown)?;
        let call = Call { caller, row, root, args: root.member("args"), nonce: nonce(root, text), text };
        caller.permit(row.name, row.scopes)?;
        if self.is_relayed(caller) {
            return self.relay_command(cx, call);
        }
        // These three have refusals of their own for what is missing, before the catalog's.
        if !matches!(row.name, "AUTHORIZE" | "SUBSCRIBE" | "UNSUBSCRIBE") {
            catalog::check(row, call.args).map_err(Refusal::argument)?;
        }
        match row.name {
            "AUTHORIZE" => self.authorize(cx, call, data),
            "AUTHENTICATE" => self.authenticate(cx, call, data),
            "GET_GUILDS" => guilds::list(self.view(cx.world), data),
            "GET_GUILD" => self.get_guild(cx, call, data),
            "GET_CHANNELS" => channels::list(cx.world, call, data),
            "GET_CHANNEL" => channels::get(self.view(cx.world), call, data),
            "SELECT_VOICE_CHANNEL" => self.select_voice_channel(cx, call, data),
            "GET_SELECTED_VOICE_CHANNEL" => voice::selected(self.view(cx.world), caller, data),
            "SELECT_TEXT_CHANNEL" => self.select_text_channel(cx, call, data),
            "GET_VOICE_SETTINGS" => settings::get(cx.world, data),
            "SET_VOICE_SETTINGS" => settings::set(cx, call, data),
            "SET_USER_VOICE_SETTINGS" => settings::set_user(cx, call, data),
            "SET_CERTIFIED_DEVICES" => settings::set_devices(cx, call, data),
            "SUBSCRIBE" => self.subscribe(cx, call, data),
            "UNSUBSCRIBE" => self.unsubscribe(call, data),
            "SET_ACTIVITY" => activity::set(cx, call, data),
            "SEND_ACTIVITY_JOIN_INVITE" => activity::answer_join(cx, call, true, data),
            "CLOSE_ACTIVITY_REQUEST" => activity::answer_join(cx, call, false, data),
            // A row without a line here; a test sends every row.
            _ => Err(unknown()),
        }
    }

    pub(super) fn view<'a>(&'a self, world: &'a World) -> View<'a> {
        View { world, cdn_host: &self.config.cdn_host }
    }
}

/// What is wrong with a payload that is not JSON. One that is no ETF either comes as it was sent.
fn unread(payload: &[u8], error: &dyn std::fmt::Display) -> String {
    match etf::is_term(payload).then(|| etf::to_json(payload, &mut Vec::new())) {
        Some(Err(error)) => format!("the payload is not ETF: {error}"),
        Some(Ok(())) | None => format!("the payload is not JSON: {error}"),
    }
}

/// The nonce's JSON, as it came.
fn nonce<'a>(root: Value<'_>, text: &'a [u8]) -> &'a [u8] {
    match root.member("nonce") {
        nonce if nonce.exists() => nonce.raw(text),
        _ => b"null",
    }
}
