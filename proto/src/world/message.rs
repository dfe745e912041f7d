//! Messages.

use super::guild::replace;
use super::mention::Mentions;
use super::{
    ApplicationId, Change, Changes, Channel, ChannelId, ChannelKind, Error, MessageId, NewChannel, Permissions,
    RelationshipKind, RoleId, UserId, World, limits, name,
};
use crate::time::Instant;
use crate::value::{Document, Kind, MAX_DEPTH};
use crate::wire::etf;

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its id; also tells when it was posted.
    pub id: MessageId,
    /// Where.
    pub channel: ChannelId,
    /// Who wrote it.
    pub author: UserId,
    /// Up to 2000 characters.
    pub content: Box<str>,
    /// When it was posted, in Unix milliseconds.
    pub timestamp_ms: u64,
    /// When it was last edited.
    pub edited_ms: Option<u64>,
    /// Whether it is read aloud.
    pub tts: bool,
    /// Users named in it (`<@id>`, `<@!id>`), each once.
    pub mentions: Vec<UserId>,
    /// Roles named in it (`<@&id>`), each once, as far as they may be.
    pub mention_roles: Vec<RoleId>,
    /// Whether it names `@everyone` or `@here`, and may.
    pub mention_everyone: bool,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Discord's number for what kind of message it is; 0 is an ordinary one.
    pub kind: u8,
    /// Embeds, as the JSON array that was given; `[]` for none.
    pub embeds: Box<[u8]>,
    /// Files, likewise.
    pub attachments: Box<[u8]>,
}

/// What a new message is made from.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Where.
    pub channel: ChannelId,
    /// By whom.
    pub author: UserId,
    /// 1 to 2000 characters, fewer only beside embeds or attachments.
    pub content: Box<str>,
    /// Whether it is read aloud.
    pub tts: bool,
    /// A JSON array; empty for none.
    pub embeds: Box<[u8]>,
    /// A JSON array; empty for none.
    pub attachments: Box<[u8]>,
}

/// What is to become different about a message.
#[derive(Clone, Debug, Default)]
pub struct MessageEdit {
    /// 1 to 2000 characters.
    pub content: Option<Box<str>>,
    /// Whether it is pinned. This alone is no edit: `edited_ms` stays.
    pub pinned: Option<bool>,
}

impl NewMessage {
    /// A text and nothing more.
    pub fn text(channel: ChannelId, author: UserId, content: &str) -> Self {
        let none = || Box::<[u8]>::default();
        NewMessage { channel, author, content: content.into(), tts: false, embeds: none(), attachments: none() }
    }
}

impl World {
    pub(super) fn start_typing(&mut self, id: ChannelId, user: UserId, out: &mut Changes) -> Result<(), Error> {
        let channel = self.reached_channel(id)?;
        if !channel.kind.has_text() {
            return Err(Error::UnknownChannel(id));
        }
        self.may_post(user, channel)?;
        out.push(Change::TypingStarted { channel: id, user });
        Ok(())
    }

    pub(super) fn post_message(
        &mut self,
        now: Instant,
        new: NewMessage,
        out: &mut Changes,
    ) -> Result<MessageId, Error> {
        let NewMessage { channel: id, author, content, tts, embeds, attachments } = new;
        let channel = self.reached_channel(id)?;
        if !channel.kind.has_text() {
            return Err(Error::UnknownChannel(id));
        }
        self.may_post(author, channel)?;
        let embeds = parts("embeds", embeds)?;
        let attachments = parts("attachments", attachments)?;
        check_content(&content, &embeds, &attachments)?;
        let tts = tts && self.permissions_in(author, id).contains(Permissions::SEND_TTS_MESSAGES);
        let Mentions { users: mentions, roles: mention_roles, everyone: mention_everyone } =
            self.mentions(channel, author, &content);
        let message = Message {
            id: MessageId(self.next_id(now)),
            channel: id,
            author,
            content,
            timestamp_ms: self.unix_ms(now),
            edited_ms: None,
            tts,
            mentions,
            mention_roles,
            mention_everyone,
            pinned: false,
            kind: 0,
            embeds,
            attachments,
        };
        let (message_id, notified) = (message.id, self.notifies(&message));
        self.history.push(message);
        out.push(Change::MessagePosted { channel: id, message: message_id });
        if notified {
            out.push(Change::Notified { channel: id, message: message_id });
        }
        Ok(message_id)
    }

    /// The local user is who the host stands for, so what it may in a guild is the door's question; it can't write to
    /// whom it blocked.
    fn may_post(&self, author: UserId, channel: &Channel) -> Result<(), Error> {
        self.known_user(author)?;
        let local = author == self.local_user;
        match channel.guild.and_then(|guild| self.guild(guild)) {
            Some(guild) => {
                guild.members.get(&author).ok_or(Error::NotAMember(author))?;
                let permissions = self.permissions_in(author, channel.id);
                let lacks = |permission| !local && !permissions.contains(permission);
                if lacks(Permissions::VIEW_CHANNEL) {
                    return Err(Error::Forbidden("VIEW_CHANNEL"));
                }
                if lacks(Permissions::SEND_MESSAGES) {
                    return Err(Error::Forbidden("SEND_MESSAGES"));
                }
            }
            None if !channel.recipients.contains(&author) => return Err(Error::NotAMember(author)),
            None => {
                let blocked = |user: &UserId| self.relationship(*user) == RelationshipKind::Blocked;
                if local && channel.kind == ChannelKind::Dm && channel.recipients.iter().any(blocked) {
                    return Err(Error::Forbidden("SEND_MESSAGES"));
                }
            }
        }
        Ok(())
    }

    /// Whether the local user is notified of a message.
    fn notifies(&self, message: &Message) -> bool {
        let local = self.local_user;
        if message.author == local || self.relationship(message.author) == RelationshipKind::Blocked {
            return false;
        }
        let Some(channel) = self.channel(message.channel) else { return false };
        let Some(guild) = channel.guild else { return channel.recipients.contains(&local) };
        let Some(member) = self.member(guild, local) else { return false };
        let named = message.mention_everyone
            || message.mentions.contains(&local)
            || message.mention_roles.iter().any(|role| member.roles.contains(role));
        named && self.sees(local, channel.id)
    }

    pub(super) fn edit_message(
        &mut self,
        now: Instant,
        channel: ChannelId,
        id: MessageId,
        edit: MessageEdit,
        out: &mut Changes,
    ) -> Result<(), Error> {
        let MessageEdit { content, pinned } = edit;
        let place = self.reached_channel(channel)?;
        let known = self.history.get(channel, id).ok_or(Error::UnknownMessage(id))?;
        let content = content.filter(|content| *content != known.content);
        let pinned = pinned.filter(|pinned| *pinned != known.pinned);
        if let Some(content) = &content {
            check_content(content, &known.embeds, &known.attachments)?;
        }
        if pinned == Some(true) {
            self.room_for_pin(channel)?;
        }
        if content.is_none() && pinned.is_none() {
            return Ok(());
        }
        let mentions = content.as_ref().map(|content| self.mentions(place, known.author, content));
        let edited_ms = self.unix_ms(now);
        self.history.edit(channel, id, |message| {
            if let Some(Mentions { users, roles, everyone }) = mentions {
                (message.mentions, message.mention_roles, message.mention_everyone) = (users, roles, everyone);
                message.edited_ms = Some(edited_ms);
            }
            replace(&mut message.content, content);
            replace(&mut message.pinned, pinned);
        });
        out.push(Change::MessageEdited { channel, message: id });
        Ok(())
    }

    /// Whether one more message of a channel can be pinned.
    pub(super) fn room_for_pin(&self, channel: ChannelId) -> Result<(), Error> {
        let pins = self.messages(channel).filter(|message| message.pinned).count();
        limits::room("pinned messages of a channel", pins, limits::PINS)
    }

    pub(super) fn delete_message(
        &mut self,
        channel: ChannelId,
        message: MessageId,
        out: &mut Changes,
    ) -> Result<(), Error> {
        self.reached_channel(channel)?;
        if !self.history.remove(channel, message) {
            return Err(Error::UnknownMessage(message));
        }
        out.push(Change::MessageDeleted { channel, message });
        Ok(())
    }

    pub(super) fn invite(
        &mut self,
        now: Instant,
        from: UserId,
        application: ApplicationId,
        out: &mut Changes,
    ) -> Result<(), Error> {
        self.other_user(from)?;
        let content = format!("Join me in {}!", self.known_application(application)?.name);
        if self.relationship(from) == RelationshipKind::Blocked {
            return Err(Error::Invalid("user_id: who is blocked can't invite".into()));
        }
        let content: String = content.chars().take(limits::CONTENT).collect();
        let channel = self.create_channel(now, NewChannel::private(ChannelKind::Dm, vec![from]), out)?;
        let message = self.post_message(now, NewMessage::text(channel, from, &content), out)?;
        out.push(Change::Invited { from, application, channel, message });
        Ok(())
    }
}

/// 1 to 2000 characters, fewer only beside something else.
pub(super) fn check_content(content: &str, embeds: &[u8], attachments: &[u8]) -> Result<(), Error> {
    name::text("content", content, 0, limits::CONTENT)?;
    if content.trim().is_empty() && embeds == b"[]" && attachments == b"[]" {
        return Err(Error::Invalid("content: a message without embeds or attachments is not empty".into()));
    }
    Ok(())
}

/// Embeds or attachments: a JSON array that is not too large. What they say was checked by the door.
pub(super) fn parts(field: &'static str, json: Box<[u8]>) -> Result<Box<[u8]>, Error> {
    if json.is_empty() || *json == *b"[]" {
        return Ok(b"[]"[..].into());
    }
    if json.len() > limits::MESSAGE_JSON {
        let (most, given) = (limits::MESSAGE_JSON, json.len());
        return Err(Error::Invalid(format!("{field}: {most} bytes at most, {given} given").into()));
    }
    let mut doc = Document::new();
    let array = doc.parse(&json).is_ok() && doc.root().kind() == Kind::Array;
    if !array || doc.root().len() > limits::MESSAGE_PARTS {
        let most = limits::MESSAGE_PARTS;
        return Err(Error::Invalid(format!("{field}: a JSON array of {most} objects at most expected").into()));
    }
    if doc.root().is_empty() {
        return Ok(b"[]"[..].into());
    }
    // Peers get it in either encoding, several levels down in an answer: what fits there is found out here, while there is
    // somebody to tell.
    let around = |bracket: &[u8]| bracket.repeat(MAX_DEPTH - PARTS_DEPTH);
    let inside = [around(b"["), json.to_vec(), around(b"]")].concat();
    if etf::from_json(&inside, &mut doc, &mut Vec::new()).is_err() {
        let why =
            format!("{field}: at most {PARTS_DEPTH} levels, and numbers of 64 bits or that a double holds expected");
        return Err(Error::Invalid(why.into()));
    }
    Ok(json)
}

/// How deep embeds and attachments may be nested, themselves included.
const PARTS_DEPTH: usize = 32;
