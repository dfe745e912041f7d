//! The world's changes as dispatches: to every session whose bot may see them and that asked for them.
//!
//! Which intents let an event through stands in the catalog ([`crate::wire::gateway::INTENTS`]).

use super::guild::{Shown, voice_state};
use super::session::Session;
use super::{Door, Sink};
use crate::server::objects;
use crate::time::Instant;
use crate::wire::json::Object;
use crate::wire::rest::Version;
use crate::world::{Change, Changes, Channel, ChannelId, GuildId, Message, MessageId, RoleId, UserId, World};

/// "Service restart" in IANA's registry of WebSocket close codes.
const CLOSE_RESTART: u16 = 1012;

impl Door {
    /// Shows what happened, through whatever door.
    pub fn handle_changes(&mut self, now: Instant, changes: &Changes, world: &World, out: &mut impl Sink) {
        for change in changes.iter() {
            self.follow(change, world);
            let numbers: Vec<u64> = self.sessions.keys().copied().collect();
            for number in numbers {
                self.tell(now, number, change, world, out);
            }
        }
        for change in changes.iter() {
            if let Change::VoiceLeft(state) = change
                && world.voice_state(state.user).is_none()
            {
                self.places.remove(&state.user);
            }
        }
    }

    /// The world is another one: no session of the old one can go on.
    pub fn handle_reload(&mut self, world: &World, out: &mut impl Sink) {
        for peer in std::mem::take(&mut self.peers).into_keys() {
            out.close(peer, CLOSE_RESTART, "the world was replaced by another one");
        }
        self.sessions.clear();
        self.places.clear();
        for user in world.users() {
            if let Some(guild) = world.voice_state(user.id).and_then(|state| world.channel(state.channel)?.guild) {
                self.places.insert(user.id, guild);
            }
        }
    }

    /// Remembers in which guild who is in voice.
    fn follow(&mut self, change: &Change, world: &World) {
        if let Change::VoiceJoined { channel, user } | Change::VoiceChanged { channel, user } = change
            && let Some(guild) = world.channel(*channel).and_then(|channel| channel.guild)
        {
            self.places.insert(*user, guild);
        }
    }

    /// Writes a dispatch to a session.
    pub(super) fn emit(
        &mut self,
        out: &mut impl Sink,
        number: u64,
        name: &str,
        write: impl FnOnce(&mut Vec<u8>, &Session),
    ) {
        let mut data = std::mem::take(&mut self.data);
        data.clear();
        if let Some(session) = self.sessions.get(&number) {
            write(&mut data, session);
        }
        self.data = data;
        self.dispatch(out, number, name);
    }

    fn tell(&mut self, now: Instant, number: u64, change: &Change, world: &World, out: &mut impl Sink) {
        let Some(session) = self.sessions.get(&number) else { return };
        match change {
            Change::GuildCreated(guild) if session.is_in(world, *guild) && !session.guilds.contains_key(guild) => {
                self.show_guild(out, number, *guild, world);
            }
            Change::GuildChanged(guild) if session.is_in(world, *guild) => {
                self.guild_changed(out, number, *guild, world);
            }
            Change::GuildDeleted(guild) if !session.is_in(world, *guild) => self.guild_gone(out, number, *guild),
            Change::MemberJoined { guild, user } if *user == session.user && session.has(*guild) => {
                self.show_guild(out, number, *guild, world);
            }
            Change::MemberLeft { guild, user } if *user == session.user && session.has(*guild) => {
                self.guild_gone(out, number, *guild);
            }
            Change::MemberJoined { guild, user } | Change::MemberChanged { guild, user } => {
                let name = match change {
                    Change::MemberJoined { .. } => "GUILD_MEMBER_ADD",
                    _ => "GUILD_MEMBER_UPDATE",
                };
                self.tell_member(out, number, name, (*guild, *user), world);
            }
            Change::MemberLeft { guild, user } => {
                if session.is_in(world, *guild) && session.hears("GUILD_MEMBER_REMOVE", false) {
                    self.emit(out, number, "GUILD_MEMBER_REMOVE", |out, _| {
                        Object::begin(out)
                            .id("guild_id", guild.get())
                            .with("user", |out| objects::user_of(out, world, *user))
                            .end();
                    });
                }
            }
            Change::RoleCreated { guild, role } => {
                self.tell_role(out, number, "GUILD_ROLE_CREATE", (*guild, *role), world);
            }
            Change::RoleChanged { guild, role } => {
                self.tell_role(out, number, "GUILD_ROLE_UPDATE", (*guild, *role), world);
            }
            Change::RoleDeleted { guild, role } => {
                self.tell_role(out, number, "GUILD_ROLE_DELETE", (*guild, *role), world);
            }
            Change::ChannelCreated(id) | Change::ChannelChanged(id) => {
                let name =
                    if matches!(change, Change::ChannelCreated(_)) { "CHANNEL_CREATE" } else { "CHANNEL_UPDATE" };
                if let Some(channel) = world.channel(*id) {
                    self.tell_channel(out, number, name, channel, world);
                }
            }
            Change::ChannelDeleted(channel) => self.tell_channel(out, number, "CHANNEL_DELETE", channel, world),
            Change::MessagePosted { channel, message } => {
                self.tell_message(out, number, "MESSAGE_CREATE", (*channel, *message), world);
            }
            Change::MessageEdited { channel, message } => {
                self.tell_message(out, number, "MESSAGE_UPDATE", (*channel, *message), world);
            }
            Change::MessageDeleted { channel, message } => {
                self.tell_message(out, number, "MESSAGE_DELETE", (*channel, *message), world);
            }
            Change::TypingStarted { channel, user } => self.tell_typing(now, out, number, (*channel, *user), world),
            Change::PresenceChanged(user) | Change::ActivityChanged { user, .. } => {
                self.tell_presence(out, number, *user, world);
            }
            Change::UserChanged(user) => self.tell_user(out, number, *user, world),
            Change::VoiceJoined { channel, user } | Change::VoiceChanged { channel, user } => {
                self.tell_voice(out, number, (*user, Some(*channel)), world);
                if matches!(change, Change::VoiceJoined { .. }) {
                    self.tell_voice_server(out, number, *user);
                }
            }
            // Who is somewhere else now is told of there.
            Change::VoiceLeft(state) if world.voice_state(state.user).is_none() => {
                self.tell_voice(out, number, (state.user, None), world);
            }
            // No event of the Gateway shows these to bots.
            Change::GuildCreated(_)
            | Change::GuildChanged(_)
            | Change::GuildDeleted(_)
            | Change::UserCreated(_)
            | Change::RelationshipChanged(_)
            | Change::Notified { .. }
            | Change::TextChannelSelected(_)
            | Change::VoiceChannelSelected(_)
            | Change::VoiceLeft(_)
            | Change::SpeakingChanged { .. }
            | Change::VoiceConnectionChanged(_)
            | Change::VoiceSettingsChanged
            | Change::Invited { .. }
            | Change::EntitlementCreated(_)
            | Change::EntitlementDeleted(_)
            | Change::ApplicationRegistered(_)
            | Change::BotCreated(_)
            | Change::LoginCreated(_)
            | Change::SessionOpened(_)
            | Change::ActivityJoin { .. }
            | Change::ActivitySpectate { .. }
            | Change::JoinRequested { .. }
            | Change::JoinAnswered { .. }
            | Change::MatchEnded { .. }
            | Change::CodeIssued(_)
            | Change::RpcTokenIssued(_)
            | Change::TokenIssued(_)
            | Change::TokenRevoked(_) => {}
        }
    }

    /// GUILD_CREATE: the bot came into a guild, or it can be reached again.
    pub(super) fn show_guild(&mut self, out: &mut impl Sink, number: u64, id: GuildId, world: &World) {
        let (Some(session), Some(guild)) = (self.sessions.get_mut(&number), world.guild(id)) else { return };
        session.guilds.insert(id, guild.available);
        if guild.available && session.hears("GUILD_CREATE", false) {
            self.emit(out, number, "GUILD_CREATE", |out, session| Shown { world, session, guild }.write(out, true));
        }
    }

    fn guild_changed(&mut self, out: &mut impl Sink, number: u64, id: GuildId, world: &World) {
        let (Some(session), Some(guild)) = (self.sessions.get_mut(&number), world.guild(id)) else { return };
        let before = session.guilds.get(&id).copied().unwrap_or(false);
        match (before, guild.available) {
            (false, true) => self.show_guild(out, number, id, world),
            (false, false) => {}
            (true, false) => {
                session.guilds.insert(id, false);
                self.tell_of_guild(out, number, "GUILD_DELETE", |out, _| {
                    Object::begin(out).id("id", id.get()).bool("unavailable", true).end();
                });
            }
            // Discord says the id by two names here, and hata reads the other one.
            (true, true) => self.tell_of_guild(out, number, "GUILD_UPDATE", |out, session| {
                let object = Object::begin(out).id("guild_id", id.get());
                objects::of_guild(object, guild, Version::of(session.dialect)).end();
            }),
        }
    }

    fn guild_gone(&mut self, out: &mut impl Sink, number: u64, id: GuildId) {
        let known = self.sessions.get_mut(&number).and_then(|session| session.guilds.remove(&id));
        if known.is_some() {
            self.tell_of_guild(out, number, "GUILD_DELETE", |out, _| Object::begin(out).id("id", id.get()).end());
        }
    }

    /// An event of the intent GUILDS.
    fn tell_of_guild(
        &mut self,
        out: &mut impl Sink,
        number: u64,
        name: &str,
        write: impl FnOnce(&mut Vec<u8>, &Session),
    ) {
        if self.sessions.get(&number).is_some_and(|session| session.hears(name, false)) {
            self.emit(out, number, name, write);
        }
    }

    fn tell_member(
        &mut self,
        out: &mut impl Sink,
        number: u64,
        name: &str,
        (guild, user): (GuildId, UserId),
        world: &World,
    ) {
        let Some(session) = self.sessions.get(&number) else { return };
        // Of itself a bot always hears.
        let heard = user == session.user || session.hears(name, false);
        if let Some(member) = world.member(guild, user).filter(|_| heard && session.is_in(world, guild)) {
            self.emit(out, number, name, |out, _| {
                let object = Object::begin(out).id("guild_id", guild.get());
                let object = object.with("user", |out| objects::user_of(out, world, user));
                objects::of_member(object, member).end();
            });
        }
    }

    fn tell_role(
        &mut self,
        out: &mut impl Sink,
        number: u64,
        name: &str,
        (guild, role): (GuildId, RoleId),
        world: &World,
    ) {
        if !self.sessions.get(&number).is_some_and(|session| session.is_in(world, guild)) {
            return;
        }
        let known = world.guild(guild).and_then(|guild| guild.roles.get(&role));
        self.tell_of_guild(out, number, name, |out, session| {
            let object = Object::begin(out).id("guild_id", guild.get());
            match known {
                Some(known) => object.with("role", |out| objects::role(out, known, Version::of(session.dialect))).end(),
                None => object.id("role_id", role.get()).end(),
            }
        });
    }

    fn tell_channel(&mut self, out: &mut impl Sink, number: u64, name: &str, channel: &Channel, world: &World) {
        let Some(session) = self.sessions.get(&number) else { return };
        // Since version 8 bots are not told of direct messages; who writes is told of by the message.
        let told = channel.guild.is_some() || !session.dialect.requires_intents();
        if told && session.sees(world, channel) {
            self.tell_of_guild(out, number, name, |out, session| {
                objects::channel(out, world, channel, Version::of(session.dialect), session.user);
            });
        }
    }

    fn tell_message(
        &mut self,
        out: &mut impl Sink,
        number: u64,
        name: &str,
        (channel, id): (ChannelId, MessageId),
        world: &World,
    ) {
        let (Some(session), Some(channel)) = (self.sessions.get(&number), world.channel(channel)) else { return };
        if !session.hears(name, channel.guild.is_none()) || !session.sees(world, channel) {
            return;
        }
        let message = world.message(channel.id, id);
        if message.is_none() && name != "MESSAGE_DELETE" {
            return;
        }
        self.emit(out, number, name, |out, session| match message.filter(|_| name != "MESSAGE_DELETE") {
            Some(message) => write_message(out, world, session, channel, message),
            None => {
                let object = Object::begin(out).id("id", id.get()).id("channel_id", channel.id.get());
                of_guild(object, channel.guild).end();
            }
        });
    }

    fn tell_typing(
        &mut self,
        now: Instant,
        out: &mut impl Sink,
        number: u64,
        (channel, user): (ChannelId, UserId),
        world: &World,
    ) {
        let (Some(session), Some(channel)) = (self.sessions.get(&number), world.channel(channel)) else { return };
        let wanted = session.hears("TYPING_START", channel.guild.is_none()) && session.guild_subscriptions;
        if !wanted || !session.sees(world, channel) || user == session.user {
            return;
        }
        self.emit(out, number, "TYPING_START", |out, _| {
            let object = Object::begin(out)
                .id("channel_id", channel.id.get())
                .id("user_id", user.get())
                .count("timestamp", world.unix_ms(now) / 1000);
            let object = of_guild(object, channel.guild);
            match channel.guild.and_then(|guild| world.member(guild, user)) {
                Some(member) => object.with("member", |out| objects::member(out, world, member)).end(),
                None => object.end(),
            }
        });
    }

    fn tell_presence(&mut self, out: &mut impl Sink, number: u64, user: UserId, world: &World) {
        let Some(session) = self.sessions.get(&number) else { return };
        let wanted = session.hears("PRESENCE_UPDATE", false) && session.guild_subscriptions;
        if !wanted || user == session.user {
            return;
        }
        let shared: Vec<GuildId> = session
            .guilds
            .iter()
            .filter(|(guild, there)| **there && world.member(**guild, user).is_some())
            .map(|(guild, _)| *guild)
            .collect();
        for guild in shared {
            self.emit(out, number, "PRESENCE_UPDATE", |out, session| {
                let object = objects::presence(Object::begin(out), world, user, Version::of(session.dialect));
                let object = object.id("guild_id", guild.get());
                match world.member(guild, user).filter(|_| session.dialect.single_game()) {
                    Some(member) => object
                        .opt_str("nick", member.nick.as_deref())
                        .with("roles", |out| objects::ids(out, &member.roles, |id| id.get()))
                        .end(),
                    None => object.end(),
                }
            });
        }
    }

    fn tell_user(&mut self, out: &mut impl Sink, number: u64, user: UserId, world: &World) {
        let (Some(session), Some(known)) = (self.sessions.get(&number), world.user(user)) else { return };
        if user == session.user {
            return self.emit(out, number, "USER_UPDATE", |out, _| objects::current_user(out, known));
        }
        let there = session.guilds.iter().filter(|(_, there)| **there);
        let shared: Vec<GuildId> = there.map(|(guild, _)| *guild).collect();
        for guild in shared {
            self.tell_member(out, number, "GUILD_MEMBER_UPDATE", (guild, user), world);
        }
    }

    fn tell_voice(
        &mut self,
        out: &mut impl Sink,
        number: u64,
        (user, channel): (UserId, Option<ChannelId>),
        world: &World,
    ) {
        let Some(session) = self.sessions.get(&number) else { return };
        let Some(guild) = self.places.get(&user).copied() else { return };
        if !session.is_in(world, guild) || !session.hears("VOICE_STATE_UPDATE", false) {
            return;
        }
        self.emit(out, number, "VOICE_STATE_UPDATE", |out, session| {
            let object = Object::begin(out).id("guild_id", guild.get());
            let object = voice_state(object, world, session, (user, channel, guild));
            match world.member(guild, user) {
                Some(member) => object.with("member", |out| objects::member(out, world, member)).end(),
                None => object.end(),
            }
        });
    }

    /// To a bot that came into a voice channel: where its server is. There is none to be had here, which a Discord says by
    /// null.
    fn tell_voice_server(&mut self, out: &mut impl Sink, number: u64, user: UserId) {
        let Some(session) = self.sessions.get(&number).filter(|session| session.user == user) else { return };
        let Some(guild) = self.places.get(&user).copied().filter(|guild| session.has(*guild)) else { return };
        self.emit(out, number, "VOICE_SERVER_UPDATE", |out, session| {
            Object::begin(out).str("token", &session.id).id("guild_id", guild.get()).opt_str("endpoint", None).end();
        });
    }
}

fn of_guild(object: Object<'_>, guild: Option<GuildId>) -> Object<'_> {
    match guild {
        Some(guild) => object.id("guild_id", guild.get()),
        None => object,
    }
}

fn write_message(out: &mut Vec<u8>, world: &World, session: &Session, channel: &Channel, message: &Message) {
    // What is written to the bot, by it or about it can be read without the intent.
    let content = !session.dialect.content_is_an_intent()
        || session.asked_for("MESSAGE_CONTENT")
        || channel.guild.is_none()
        || message.author == session.user
        || message.mentions.contains(&session.user);
    let object = objects::of_message(Object::begin(out), world, message, content);
    let object = of_guild(object, channel.guild);
    match channel.guild.and_then(|guild| world.member(guild, message.author)) {
        Some(member) => object.with("member", |out| objects::of_member(Object::begin(out), member).end()).end(),
        None => object.end(),
    }
}
