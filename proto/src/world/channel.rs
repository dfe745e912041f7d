//! Channels of all four kinds, and who may do what in them.

use super::guild::replace;
use super::{
    ApplicationId, Change, Changes, ChannelId, Error, GuildId, Permissions, RoleId, UserId, World, limits, name,
};
use crate::time::Instant;

/// What a channel is. The numbers are Discord's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ChannelKind {
    /// Text in a guild.
    GuildText = 0,
    /// Between two people.
    Dm = 1,
    /// Voice in a guild.
    GuildVoice = 2,
    /// Between up to ten people.
    GroupDm = 3,
}

impl ChannelKind {
    /// The kind of this number.
    pub fn from_number(number: i64) -> Option<Self> {
        [ChannelKind::GuildText, ChannelKind::Dm, ChannelKind::GuildVoice, ChannelKind::GroupDm]
            .into_iter()
            .find(|kind| *kind as i64 == number)
    }

    /// Whether messages can be posted there.
    pub const fn has_text(self) -> bool {
        !matches!(self, ChannelKind::GuildVoice)
    }

    /// Whether people can speak there: a guild's voice channels, and calls in direct messages.
    pub const fn has_voice(self) -> bool {
        !matches!(self, ChannelKind::GuildText)
    }
}

/// Whom an overwrite is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OverwriteOf {
    /// All who have the role.
    Role(RoleId),
    /// One member.
    Member(UserId),
}

/// What a channel allows or denies differently from its guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overwrite {
    /// To whom.
    pub of: OverwriteOf,
    /// Given, after what is denied was taken.
    pub allow: Permissions,
    /// Taken.
    pub deny: Permissions,
}

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// What it is.
    pub kind: ChannelKind,
    /// Its guild, for the kinds that have one.
    pub guild: Option<GuildId>,
    /// 2 to 100 characters; empty for a direct message.
    pub name: Box<str>,
    /// Text: up to 1024 characters about it.
    pub topic: Option<Box<str>>,
    /// Its place in the list, from 0.
    pub position: u32,
    /// Voice: bits per second, 8000 to 96000.
    pub bitrate: u32,
    /// Voice: how many fit in, 0 (any number) to 99.
    pub user_limit: u32,
    /// Where it differs from its guild.
    pub overwrites: Vec<Overwrite>,
    /// Direct messages: who is in it, the local user included.
    pub recipients: Vec<UserId>,
    /// The application that created it. That one may read its messages without `messages.read`.
    pub created_by: Option<ApplicationId>,
}

/// What a new channel is made from; the world chooses the id.
#[derive(Clone, Debug)]
pub struct NewChannel {
    /// What it is.
    pub kind: ChannelKind,
    /// Its guild, for the kinds that have one.
    pub guild: Option<GuildId>,
    /// 2 to 100 characters; ignored for a direct message.
    pub name: Box<str>,
    /// Up to 1024 characters.
    pub topic: Option<Box<str>>,
    /// Its place; the end of the list unless given.
    pub position: Option<u32>,
    /// Bits per second; 64000 unless given.
    pub bitrate: Option<u32>,
    /// How many fit in; any number unless given.
    pub user_limit: Option<u32>,
    /// Where it differs from its guild.
    pub overwrites: Vec<Overwrite>,
    /// Direct messages: the others in it; the local user is in it always.
    pub recipients: Vec<UserId>,
    /// The application that creates it.
    pub created_by: Option<ApplicationId>,
}

/// What is to become different about a channel; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct ChannelEdit {
    /// 2 to 100 characters.
    pub name: Option<Box<str>>,
    /// Up to 1024 characters; `Some(None)` takes it away.
    pub topic: Option<Option<Box<str>>>,
    /// Its place in the list.
    pub position: Option<u32>,
    /// Bits per second.
    pub bitrate: Option<u32>,
    /// How many fit in.
    pub user_limit: Option<u32>,
}

impl NewChannel {
    /// A channel of a guild, like most are.
    pub fn in_guild(kind: ChannelKind, guild: GuildId, name: &str) -> Self {
        NewChannel { guild: Some(guild), name: name.into(), ..NewChannel::private(kind, Vec::new()) }
    }

    /// Direct messages with these.
    pub fn private(kind: ChannelKind, recipients: Vec<UserId>) -> Self {
        NewChannel {
            kind,
            guild: None,
            name: "".into(),
            topic: None,
            position: None,
            bitrate: None,
            user_limit: None,
            overwrites: Vec::new(),
            recipients,
            created_by: None,
        }
    }
}

/// What a voice channel has unless it is told otherwise.
const BITRATE: u32 = 64_000;

impl World {
    /// The channel: a new one, or the direct messages that there are.
    pub(super) fn create_channel(
        &mut self,
        now: Instant,
        new: NewChannel,
        out: &mut Changes,
    ) -> Result<ChannelId, Error> {
        let kind = new.kind;
        let mut channel = match kind {
            ChannelKind::GuildText | ChannelKind::GuildVoice => self.new_guild_channel(new)?,
            ChannelKind::Dm | ChannelKind::GroupDm => self.new_private_channel(new)?,
        };
        if kind == ChannelKind::Dm
            && let Some(known) =
                channel.recipients.iter().find(|user| **user != self.local_user).and_then(|user| self.dm_with(*user))
        {
            return Ok(known.id);
        }
        self.check_channel(&mut channel)?;
        self.room_for_channel(channel.guild)?;
        if let Some(application) = channel.created_by
            && !self.known_application(application)?.approved
        {
            let made = self.channels.values().filter(|known| known.created_by == channel.created_by).count();
            limits::room("channels of an application that is not approved", made, limits::CHANNELS_OF_UNAPPROVED)?;
        }
        channel.id = ChannelId(self.next_id(now));
        let id = channel.id;
        self.list_channel(channel.guild, id);
        self.channels.insert(id, channel);
        out.push(Change::ChannelCreated(id));
        Ok(id)
    }

    /// Whether one more channel fits into a guild, or among the private ones.
    pub(super) fn room_for_channel(&self, guild: Option<GuildId>) -> Result<(), Error> {
        let listed = self.channel_lists.get(&guild).map_or(0, Vec::len);
        match guild {
            Some(_) => limits::room("channels of a guild", listed, limits::CHANNELS_OF_GUILD)?,
            None => limits::room("direct messages", listed, limits::PRIVATE_CHANNELS)?,
        }
        limits::room("channels", self.channels.len(), limits::CHANNELS)
    }

    pub(super) fn list_channel(&mut self, guild: Option<GuildId>, channel: ChannelId) {
        self.channel_lists.entry(guild).or_default().push(channel);
    }

    fn new_guild_channel(&self, new: NewChannel) -> Result<Channel, Error> {
        let NewChannel { kind, guild, name, topic, position, bitrate, user_limit, overwrites, recipients, created_by } =
            new;
        let guild = guild.ok_or(Error::Invalid("guild_id: a channel of this type is in a guild".into()))?;
        self.reached_guild(guild)?;
        if !recipients.is_empty() {
            return Err(Error::Invalid("recipients: only direct messages have them".into()));
        }
        let voice = kind == ChannelKind::GuildVoice;
        // The largest number that is told apart from the next in every reader of JSON is far above this.
        let last = self.listed(Some(guild)).map(|channel| channel.position).max();
        let position = position.unwrap_or(last.map_or(0, |last| last.saturating_add(1)));
        let bitrate = bitrate.unwrap_or(if voice { BITRATE } else { 0 });
        let (guild, user_limit) = (Some(guild), user_limit.unwrap_or(0));
        let id = ChannelId::from(0);
        Ok(Channel { id, kind, guild, name, topic, position, bitrate, user_limit, overwrites, recipients, created_by })
    }

    fn new_private_channel(&self, new: NewChannel) -> Result<Channel, Error> {
        let NewChannel { kind, guild, name, overwrites, mut recipients, created_by, topic, .. } = new;
        if guild.is_some() || !overwrites.is_empty() || topic.is_some() {
            return Err(Error::Invalid("guild_id, overwrites, topic: direct messages have none".into()));
        }
        recipients.push(self.local_user);
        recipients.sort_unstable();
        recipients.dedup();
        let name = if kind == ChannelKind::GroupDm { name } else { "".into() };
        let (id, position, bitrate, user_limit) = (ChannelId::from(0), 0, BITRATE, 0);
        Ok(Channel { id, kind, guild, name, topic, position, bitrate, user_limit, overwrites, recipients, created_by })
    }

    /// Whether everything about a channel is allowed; puts its name and overwrites in order.
    pub(super) fn check_channel(&self, channel: &mut Channel) -> Result<(), Error> {
        let private = channel.guild.is_none();
        if !private || channel.kind == ChannelKind::GroupDm && !channel.name.is_empty() {
            channel.name = name::channel(&channel.name)?;
        }
        if let Some(topic) = &channel.topic {
            if channel.kind != ChannelKind::GuildText {
                return Err(Error::Invalid("topic: only text channels of a guild have one".into()));
            }
            name::text("topic", topic, 0, 1024)?;
        }
        if channel.kind == ChannelKind::GuildText && (channel.bitrate, channel.user_limit) != (0, 0) {
            return Err(Error::Invalid("bitrate, user_limit: only voice channels have them".into()));
        }
        if channel.kind.has_voice() && !(8_000..=96_000).contains(&channel.bitrate) {
            let given = channel.bitrate;
            return Err(Error::Invalid(format!("bitrate: 8000 to 96000 expected, {given} given").into()));
        }
        if channel.user_limit > 99 {
            let given = channel.user_limit;
            return Err(Error::Invalid(format!("user_limit: 0 to 99 expected, {given} given").into()));
        }
        if channel.position > 1_000_000 {
            return Err(Error::Invalid("position: 1000000 at most".into()));
        }
        for user in &channel.recipients {
            self.known_user(*user)?;
        }
        let (people, within) = (channel.recipients.len(), channel.recipients.contains(&self.local_user));
        let allowed = match channel.kind {
            ChannelKind::Dm => within && people == 2,
            ChannelKind::GroupDm => within && (2..=limits::GROUP).contains(&people),
            ChannelKind::GuildText | ChannelKind::GuildVoice => people == 0,
        };
        if !allowed {
            return Err(Error::Invalid("recipients: one other user expected, in a group up to 9".into()));
        }
        if let Some(application) = channel.created_by {
            self.known_application(application)?;
        }
        let overwrites = std::mem::take(&mut channel.overwrites);
        for overwrite in overwrites {
            self.put_overwrite(channel, overwrite)?;
        }
        Ok(())
    }

    /// Puts an overwrite in place of the one for the same role or user.
    fn put_overwrite(&self, channel: &mut Channel, mut overwrite: Overwrite) -> Result<(), Error> {
        let guild = channel.guild.and_then(|guild| self.guilds.get(&guild));
        let guild = guild.ok_or(Error::Invalid("overwrites: only channels of a guild have them".into()))?;
        match overwrite.of {
            OverwriteOf::Role(role) if !guild.roles.contains_key(&role) => return Err(Error::UnknownRole(role)),
            OverwriteOf::Member(user) => drop(self.known_user(user)?),
            OverwriteOf::Role(_) => {}
        }
        overwrite.allow = overwrite.allow & Permissions::ALL;
        overwrite.deny = overwrite.deny & Permissions::ALL;
        match channel.overwrites.iter_mut().find(|known| known.of == overwrite.of) {
            Some(known) => *known = overwrite,
            None => {
                limits::room("overwrites of a channel", channel.overwrites.len(), limits::OVERWRITES)?;
                channel.overwrites.push(overwrite);
            }
        }
        Ok(())
    }

    pub(super) fn edit_channel(&mut self, id: ChannelId, edit: ChannelEdit, out: &mut Changes) -> Result<(), Error> {
        let ChannelEdit { name, topic, position, bitrate, user_limit } = edit;
        let mut channel = self.reached_channel(id)?.clone();
        let of_voice = bitrate.is_some() || user_limit.is_some();
        let of_guild = position.is_some() || topic.is_some();
        match channel.kind {
            ChannelKind::Dm => return Err(Error::Invalid("nothing about direct messages can be edited".into())),
            ChannelKind::GroupDm if of_voice || of_guild => {
                return Err(Error::Invalid("name: nothing else of a group can be edited".into()));
            }
            _ => {}
        }
        replace(&mut channel.name, name);
        replace(&mut channel.topic, topic);
        replace(&mut channel.position, position);
        replace(&mut channel.bitrate, bitrate);
        replace(&mut channel.user_limit, user_limit);
        self.check_channel(&mut channel)?;
        self.show_channel(channel, out);
        Ok(())
    }

    pub(super) fn set_overwrite(
        &mut self,
        id: ChannelId,
        overwrite: Overwrite,
        out: &mut Changes,
    ) -> Result<(), Error> {
        let mut channel = self.reached_channel(id)?.clone();
        if let (OverwriteOf::Member(user), Some(guild)) = (overwrite.of, channel.guild)
            && self.member(guild, user).is_none()
        {
            return Err(Error::NotAMember(user));
        }
        self.put_overwrite(&mut channel, overwrite)?;
        self.show_channel(channel, out);
        Ok(())
    }

    pub(super) fn remove_overwrite(&mut self, id: ChannelId, of: OverwriteOf, out: &mut Changes) -> Result<(), Error> {
        let mut channel = self.reached_channel(id)?.clone();
        channel.overwrites.retain(|overwrite| overwrite.of != of);
        self.show_channel(channel, out);
        Ok(())
    }

    /// Puts an edited channel in place of what it was.
    fn show_channel(&mut self, channel: Channel, out: &mut Changes) {
        let id = channel.id;
        if self.channels.get(&id) == Some(&channel) {
            return;
        }
        let before = channel.guild.map(|guild| self.suppression_in(guild));
        self.channels.insert(id, channel);
        out.push(Change::ChannelChanged(id));
        before.into_iter().for_each(|before| self.show_suppression(before, out));
    }

    pub(super) fn delete_channel(&mut self, id: ChannelId, out: &mut Changes) -> Result<(), Error> {
        self.reached_channel(id)?;
        if let Some(gone) = self.drop_channel(id, out) {
            out.push(Change::ChannelDeleted(Box::new(gone)));
        }
        Ok(())
    }

    /// Takes a channel away, with who and what is in it.
    pub(super) fn drop_channel(&mut self, id: ChannelId, out: &mut Changes) -> Option<Channel> {
        let inside: Vec<UserId> = self.voice_states_in(id).map(|state| state.user).collect();
        inside.into_iter().for_each(|user| self.put_out_of_voice(user, out));
        if self.voice.joining == Some(id) {
            self.put_out_of_voice(self.local_user, out);
        }
        if self.text_channel == Some(id) {
            self.text_channel = None;
            out.push(Change::TextChannelSelected(None));
        }
        self.history.forget(id);
        let channel = self.channels.remove(&id)?;
        if let Some(list) = self.channel_lists.get_mut(&channel.guild) {
            list.retain(|other| *other != id);
        }
        Some(channel)
    }

    pub(super) fn select_text_channel(&mut self, id: Option<ChannelId>, out: &mut Changes) -> Result<(), Error> {
        if let Some(id) = id {
            let channel = self.reached_channel(id)?;
            if !channel.kind.has_text() {
                return Err(Error::UnknownChannel(id));
            }
            if !self.sees(self.local_user, id) {
                return Err(Error::Forbidden("VIEW_CHANNEL"));
            }
        }
        if replace(&mut self.text_channel, Some(id)) {
            out.push(Change::TextChannelSelected(id));
        }
        Ok(())
    }
}
