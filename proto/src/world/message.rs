//! Messages.

use super::{ChannelId, MessageId, RoleId, UserId};

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
