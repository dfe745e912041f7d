//! Messages and pins.

use super::call::{Call, DONE, json};
use super::refusal::Refusal;
use super::{Response, objects, view};
use crate::wire::json::array;
use crate::wire::rest::JsonCode;
use crate::world::{Change, ChannelId, Message, MessageEdit, MessageId, NewMessage, Operation, Permissions};

fn unknown() -> Refusal {
    Refusal::new(404, JsonCode::UnknownMessage, "Unknown Message")
}

fn written(call: &Call<'_>, channel: ChannelId, message: MessageId, nonce: Option<&[u8]>) -> Result<Response, Refusal> {
    let message = call.world.message(channel, message).ok_or_else(unknown)?;
    Ok(json(|out| objects::message(out, call.world, message, nonce)))
}

fn page(call: &Call<'_>, found: &[&Message]) -> Response {
    json(|out| array(out, found, |out, message| objects::message(out, call.world, message, None)))
}

/// Newest first, whichever way they were asked for.
pub(super) fn list(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let channel = view::readable(call.world, call.caller, call.id("channel_id"))?;
    let limit = call.limit(50);
    let bound = |name| call.query.member(name).as_id();
    let messages = || call.world.messages(channel.id);
    let before = |bound: u64, most: usize| messages().rev().filter(move |message| message.id.get() < bound).take(most);
    let after = |bound: u64, most: usize| {
        let mut found: Vec<_> = messages().filter(move |message| message.id.get() > bound).take(most).collect();
        found.reverse();
        found
    };
    let given = ["around", "before", "after"].into_iter().filter_map(|name| Some((name, bound(name)?)));
    let found: Vec<&Message> = match given.collect::<Vec<_>>()[..] {
        [] => before(u64::MAX, limit).collect(),
        [("before", bound)] => before(bound, limit).collect(),
        [("after", bound)] => after(bound, limit),
        [("around", bound)] => {
            let mut found = after(bound, limit / 2);
            found.extend(messages().find(|message| message.id.get() == bound));
            let rest = limit.saturating_sub(found.len());
            found.extend(before(bound, rest));
            found
        }
        _ => return Err(Refusal::field("around", "only one of around, before and after expected")),
    };
    Ok(page(call, &found))
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let channel = view::readable(call.world, call.caller, call.id("channel_id"))?;
    written(call, channel.id, call.id("message_id"), None)
}

/// The embeds of the body as one JSON array; empty for none.
fn embeds(call: &Call<'_>) -> Box<[u8]> {
    let (many, one) = (call.body.member("embeds"), call.body.member("embed"));
    if !many.is_empty() {
        many.raw(call.text).into()
    } else if !one.is_none() && call.version.takes_embed() {
        [b"[", one.raw(call.text), b"]"].concat().into()
    } else {
        Box::default()
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let known = view::channel(call.world, call.caller, call.id("channel_id"))?;
    if !known.kind.has_text() {
        return Err(Refusal::new(400, JsonCode::NotATextChannel, "Cannot send messages in a non-text channel"));
    }
    let channel = view::channel_with(call.world, call.caller, known.id, Permissions::SEND_MESSAGES)?.id;
    let tts = call.body.member("tts").as_bool().unwrap_or(false);
    if tts {
        view::channel_with(call.world, call.caller, channel, Permissions::SEND_TTS_MESSAGES)?;
    }
    let (content, embeds) = (call.text("content").unwrap_or_default(), embeds(call));
    if content.trim().is_empty() && embeds.is_empty() {
        return Err(Refusal::new(400, JsonCode::EmptyMessage, "Cannot send an empty message"));
    }
    let new = NewMessage { channel, author: call.caller.user, content, tts, embeds, attachments: Box::default() };
    let changes = call.apply(Operation::PostMessage(new))?;
    let posted = changes.iter().find_map(|change| match change {
        Change::MessagePosted { message, .. } => Some(*message),
        _ => None,
    });
    let nonce = call.body.member("nonce");
    let nonce = (!nonce.is_none()).then(|| nonce.raw(call.text));
    written(call, channel, posted.ok_or_else(unknown)?, nonce)
}

pub(super) fn edit(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let (channel, message): (ChannelId, MessageId) = (call.id("channel_id"), call.id("message_id"));
    view::channel(call.world, call.caller, channel)?;
    let known = call.world.message(channel, message).ok_or_else(unknown)?;
    if known.author != call.caller.user {
        let sentence = "Cannot edit a message authored by another user";
        return Err(Refusal::new(403, JsonCode::AnothersMessage, sentence));
    }
    if call.body.member("content").as_str().is_some_and(|text| text.trim().is_empty()) && !has_more(known) {
        return Err(Refusal::new(400, JsonCode::EmptyMessage, "Cannot send an empty message"));
    }
    if let Some(content) = call.body.member("content").as_str().map(Box::from) {
        let edit = MessageEdit { content: Some(content), ..MessageEdit::default() };
        call.apply(Operation::EditMessage { channel, message, edit })?;
    }
    written(call, channel, message, None)
}

pub(super) fn typing(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let known = view::channel(call.world, call.caller, call.id("channel_id"))?;
    if !known.kind.has_text() {
        return Err(Refusal::new(400, JsonCode::NotATextChannel, "Cannot send messages in a non-text channel"));
    }
    let channel = view::channel_with(call.world, call.caller, known.id, Permissions::SEND_MESSAGES)?.id;
    call.apply(Operation::StartTyping { channel, user: call.caller.user })?;
    Ok(DONE)
}

fn has_more(message: &Message) -> bool {
    [&message.embeds, &message.attachments].into_iter().any(|list| list.len() > b"[]".len())
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let (channel, message): (ChannelId, MessageId) = (call.id("channel_id"), call.id("message_id"));
    let known = view::channel(call.world, call.caller, channel)?;
    let own = call.world.message(channel, message).ok_or_else(unknown)?.author == call.caller.user;
    if !own && known.guild.is_none() {
        return Err(Refusal::new(403, JsonCode::NotInADm, "Cannot execute action on a DM channel"));
    }
    if !own {
        view::channel_with(call.world, call.caller, channel, Permissions::MANAGE_MESSAGES)?;
    }
    call.apply(Operation::DeleteMessage { channel, message })?;
    Ok(DONE)
}

pub(super) fn pins(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let channel = view::readable(call.world, call.caller, call.id("channel_id"))?;
    let pinned: Vec<&Message> = call.world.messages(channel.id).rev().filter(|message| message.pinned).collect();
    Ok(page(call, &pinned))
}

fn set_pin(call: &mut Call<'_>, pinned: bool) -> Result<Response, Refusal> {
    let (channel, message): (ChannelId, MessageId) = (call.id("channel_id"), call.id("message_id"));
    view::channel_with(call.world, call.caller, channel, Permissions::MANAGE_MESSAGES)?;
    let known = call.world.message(channel, message).ok_or_else(unknown)?;
    if known.pinned != pinned {
        let edit = MessageEdit { content: None, pinned: Some(pinned) };
        call.apply_within(Operation::EditMessage { channel, message, edit }, JsonCode::TooManyPins)?;
    }
    Ok(DONE)
}

pub(super) fn pin(call: &mut Call<'_>) -> Result<Response, Refusal> {
    set_pin(call, true)
}

pub(super) fn unpin(call: &mut Call<'_>) -> Result<Response, Refusal> {
    set_pin(call, false)
}
