//! A world from plain data. Nothing of it is trusted: each thing is put in as an operation would have put it, in an order
//! in which what it refers to is there already, and the first that doesn't fit is named.

use std::collections::BTreeMap;

use super::call::check_connection;
use super::device::check_devices;
use super::voice_settings::Hearing;
use super::{
    Channel, ChannelId, ChannelKind, Config, Entropy, Error, Guild, Member, Message, NewUser, Presence, Role,
    Snowflake, State, UserId, VoiceConnection, VoiceConnectionState, VoiceState, World, limits, message, name,
};

/// Ids tell a time; one beyond the year 2100 is none that a world gave out, and leaves too few above it.
const LATEST_MS: u64 = 4_102_444_800_000;

/// The source of a world that is not finished.
struct Nothing;

impl Entropy for Nothing {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

type Check = Result<(), Error>;

impl World {
    /// A world from plain data. Names are put in order as an operation would; lists that have an order of their own may
    /// come in any; an access token that ran out before the process began counts as run out at its beginning.
    ///
    /// `unix_ms_at_zero` is [`Config::unix_ms_at_zero`].
    ///
    /// # Errors
    /// [`Error::Invalid`], naming the place: something is there twice, refers to what is not there, or is not allowed.
    pub fn restore(state: State, unix_ms_at_zero: u64, entropy: impl Entropy + Send + 'static) -> Result<World, Error> {
        let mut world = World::empty(state, unix_ms_at_zero)?;
        world.entropy = Box::new(entropy);
        Ok(world)
    }

    /// Takes the place of what this world holds, keeping its clock and its randomness. Its sessions are gone without a
    /// word, so a door has to part from its peers before. After an error the world is as it was.
    ///
    /// # Errors
    /// As [`World::restore`].
    pub fn load(&mut self, state: State) -> Result<(), Error> {
        let mut world = World::empty(state, self.unix_ms_at_zero)?;
        // Numbers of sessions and tokens are never used again.
        world.sessions_made = self.sessions_made;
        world.grants.count_from(&self.grants);
        std::mem::swap(&mut world.entropy, &mut self.entropy);
        *self = world;
        Ok(())
    }

    fn empty(state: State, unix_ms_at_zero: u64) -> Result<World, Error> {
        let State {
            last_id,
            local_user,
            guest,
            registered_only,
            users,
            presences,
            relationships,
            guilds,
            channels,
            messages,
            text_channel,
            voice_states,
            voice_connection,
            joining,
            voice_servers_available,
            voice_settings,
            user_voices,
            configured,
            entitlements,
            applications,
            bots,
            logins,
            join_requests,
            tokens,
        } = state;
        let config =
            Config { unix_ms_at_zero, local_user: NewUser::named("Nobody"), local_id: None, guest, registered_only };
        let mut world = World::new(config, Nothing)?;
        (world.local_user, world.users) = (local_user, BTreeMap::new());

        each("users", users, |user| {
            limits::room("users", world.users.len(), limits::USERS)?;
            let user = user.checked()?;
            once(&mut world.users, user.id, user)
        })?;
        world.known_user(local_user).map_err(|error| at("local_user", error))?;
        each("applications", applications, |mut application| {
            limits::room("applications", world.applications.registered.len(), limits::APPLICATIONS)?;
            application.check()?;
            application.fill_name();
            once(&mut world.applications.registered, application.id, application)
        })?;
        each("bots", bots, |bot| {
            limits::room("bots", world.bots.len(), limits::BOTS)?;
            world.known_application(bot.application)?;
            if !world.known_user(bot.user)?.bot {
                return Err(Error::Invalid("user_id: a user that is a bot expected".into()));
            }
            bot.check()?;
            if world.bot_with(&bot.token).is_some() || world.bots.values().any(|other| other.user == bot.user) {
                return Err(twice());
            }
            once(&mut world.bots, bot.application, bot)
        })?;
        each("logins", logins, |login| {
            limits::room("logins", world.logins.len(), limits::LOGINS)?;
            let login = world.checked(login)?;
            once(&mut world.logins, login.user, login)
        })?;
        each("presences", presences, |(user, presence)| world.put_presence(user, presence))?;
        each("relationships", relationships, |(user, kind)| {
            world.other_user(user)?;
            once(&mut world.relationships, user, kind)
        })?;
        world.relationships.retain(|_, kind| *kind != super::RelationshipKind::None);
        each("guilds", guilds, |guild| world.put_guild(guild))?;
        each("channels", channels, |channel| world.put_channel(channel))?;
        world.channel_lists.values_mut().for_each(|list| list.sort_unstable());
        each("messages", messages, |message| world.put_message(message))?;
        world.text_channel = text_channel;
        world.check_text_channel().map_err(|error| at("text_channel", error))?;

        world.put_voice_settings(voice_settings).map_err(|error| at("voice_settings", error))?;
        each("user_voices", user_voices, |(user, voice)| {
            world.other_user(user)?;
            voice.as_edit().check()?;
            once(&mut world.hearing.users, user, voice)
        })?;
        world.hearing.users.retain(|_, voice| *voice != Default::default());
        each("configured", configured, |configured| world.put_configured(configured))?;
        each("voice_states", voice_states, |state| world.put_voice_state(state))?;
        world.voice.servers_away = !voice_servers_available;
        world.put_connection(voice_connection, joining).map_err(|error| at("voice_connection", error))?;

        each("entitlements", entitlements, |entitlement| {
            limits::room("entitlements", world.entitlements.len(), limits::ENTITLEMENTS)?;
            world.check_entitlement(&entitlement)?;
            if entitlement.deleted {
                return Err(Error::Invalid("deleted: what is gone is not kept".into()));
            }
            once(&mut world.entitlements, entitlement.id, entitlement)
        })?;
        each("join_requests", join_requests, |request| {
            world.other_user(request.from)?;
            limits::room("requests to join", world.join_requests.len(), limits::JOIN_REQUESTS)?;
            if world.join_requests.contains(&request) {
                return Err(twice());
            }
            world.join_requests.push(request);
            Ok(())
        })?;
        each("tokens", tokens, |token| {
            world.known_user(token.user)?;
            world.known_application(token.application)?;
            if token.expires_ms > LATEST_MS {
                return Err(Error::Invalid("expires: no later than the year 2100 expected".into()));
            }
            world.grants.put(token, unix_ms_at_zero)
        })?;
        world.continue_ids(last_id)?;
        Ok(world)
    }

    fn put_presence(&mut self, user: UserId, presence: Presence) -> Check {
        let presence = self.checked_presence(user, presence)?;
        if presence == Presence::default() {
            return Ok(());
        }
        once(&mut self.presences, user, presence)
    }

    fn put_guild(&mut self, mut guild: Guild) -> Check {
        limits::room("guilds", self.guilds.len(), limits::GUILDS)?;
        self.room_for_members(guild.members.len())?;
        guild.name = name::guild(&guild.name)?;
        guild.icon.as_deref().map_or(Ok(()), |icon| name::image("icon", icon))?;
        guild.created_by.map_or(Ok(()), |application| self.known_application(application).map(drop))?;
        if guild.roles.len() > limits::ROLES {
            return Err(Error::TooMany(format!("roles of a guild: {} at most", limits::ROLES).into()));
        }
        if !guild.roles.contains_key(&guild.everyone()) {
            return Err(Error::Invalid("roles: @everyone, whose id is the guild's, is missing".into()));
        }
        for (id, role) in std::mem::take(&mut guild.roles) {
            check_id(id.0)?;
            let role = Role { id, ..role }.checked(&guild)?;
            guild.roles.insert(id, role);
        }
        for (user, member) in std::mem::take(&mut guild.members) {
            self.known_user(user)?;
            let mut member = Member { user, ..member };
            member.nick = member.nick.map(|nick| name::shown("nick", &nick)).transpose()?;
            guild.check_roles(&mut member)?;
            guild.members.insert(user, member);
        }
        if !guild.members.contains_key(&guild.owner) {
            return Err(Error::NotAMember(guild.owner));
        }
        once(&mut self.guilds, guild.id, guild)
    }

    fn put_channel(&mut self, mut channel: Channel) -> Check {
        if let Some(guild) = channel.guild
            && !self.guilds.contains_key(&guild)
        {
            return Err(Error::UnknownGuild(guild));
        }
        let of_guild = matches!(channel.kind, ChannelKind::GuildText | ChannelKind::GuildVoice);
        if of_guild != channel.guild.is_some() {
            return Err(Error::Invalid("guild_id: channels of a guild have one, direct messages none".into()));
        }
        channel.recipients.sort_unstable();
        channel.recipients.dedup();
        self.check_channel(&mut channel)?;
        let other = channel.recipients.iter().find(|user| **user != self.local_user);
        if channel.kind == ChannelKind::Dm && other.is_some_and(|other| self.dm_with(*other).is_some()) {
            return Err(Error::Invalid("recipients: there are direct messages with this user already".into()));
        }
        self.room_for_channel(channel.guild)?;
        let (id, guild) = (channel.id, channel.guild);
        once(&mut self.channels, id, channel)?;
        self.list_channel(guild, id);
        Ok(())
    }

    fn put_message(&mut self, mut message: Message) -> Check {
        check_id(message.id.0)?;
        self.known_user(message.author)?;
        let channel = self.channel(message.channel).filter(|channel| channel.kind.has_text());
        channel.ok_or(Error::UnknownChannel(message.channel))?;
        if self.history.newest().is_some_and(|newest| message.id <= newest) {
            return Err(Error::Invalid("id: messages are expected oldest first, each once".into()));
        }
        message.embeds = message::parts("embeds", message.embeds)?;
        message.attachments = message::parts("attachments", message.attachments)?;
        message::check_content(&message.content, &message.embeds, &message.attachments)?;
        message.mentions.iter().try_for_each(|user| self.known_user(*user).map(drop))?;
        // Roles may be gone since. Each mention takes at least four characters.
        if message.mentions.len() + message.mention_roles.len() > limits::CONTENT / 4 {
            return Err(Error::TooMany("mentions: more than fit into a message".into()));
        }
        if message.pinned {
            self.room_for_pin(message.channel)?;
        }
        self.history.push(message);
        Ok(())
    }

    fn check_text_channel(&self) -> Check {
        let Some(id) = self.text_channel else { return Ok(()) };
        let channel = self.channel(id).filter(|channel| channel.kind.has_text()).ok_or(Error::UnknownChannel(id))?;
        match channel.guild {
            Some(guild) if self.member(guild, self.local_user).is_none() => Err(Error::NotAMember(self.local_user)),
            _ => Ok(()),
        }
    }

    fn put_voice_settings(&mut self, settings: super::VoiceSettings) -> Check {
        for (field, io) in [("input", &settings.input), ("output", &settings.output)] {
            check_devices(field, &io.available)?;
            if io.available.is_empty() {
                return Err(Error::Invalid(format!("{field}.available_devices: at least one expected").into()));
            }
        }
        let edit = settings.as_edit();
        edit.check()?;
        edit.check_devices(&settings)?;
        let (inputs, outputs) = (settings.input.available.clone(), settings.output.available.clone());
        self.hearing = Hearing { settings, inputs, outputs, ..Hearing::default() };
        Ok(())
    }

    fn put_configured(&mut self, mut configured: super::Configured) -> Check {
        limits::room("applications that set voice", self.hearing.configured.len(), limits::CONFIGURED)?;
        let same = |known: &super::Configured| known.application == configured.application;
        if self.hearing.configured.iter().any(same) {
            return Err(twice());
        }
        configured.settings.check()?;
        configured.users.retain(|_, edit| *edit != Default::default());
        limits::room("users", configured.users.len().saturating_sub(1), limits::CONFIGURED_USERS)?;
        for (user, edit) in &configured.users {
            self.other_user(*user)?;
            edit.check()?;
        }
        self.hearing.configured.push(configured);
        Ok(())
    }

    fn put_voice_state(&mut self, mut state: VoiceState) -> Check {
        self.known_user(state.user)?;
        self.check_voice_place(state.user, state.channel)?;
        if self.voice_state(state.user).is_some() {
            return Err(twice());
        }
        state.speaking = false;
        if state.user == self.local_user {
            let settings = &self.hearing.settings;
            (state.self_mute, state.self_deaf) = (settings.mute, settings.deaf);
        }
        self.voice.insert(state);
        Ok(())
    }

    fn put_connection(&mut self, connection: VoiceConnection, joining: Option<ChannelId>) -> Check {
        check_connection(&connection)?;
        let inside = self.voice_channel().is_some();
        let fits = match joining {
            Some(channel) => {
                self.check_voice_place(self.local_user, channel)?;
                let waiting =
                    VoiceConnection { state: VoiceConnectionState::AwaitingEndpoint, ..VoiceConnection::default() };
                !inside && self.voice.servers_away && connection == waiting
            }
            None => inside || connection == VoiceConnection::default(),
        };
        if !fits {
            let expected = "DISCONNECTED without a voice channel, AWAITING_ENDPOINT while waiting for one";
            return Err(Error::Invalid(format!("state: {expected}").into()));
        }
        (self.voice.connection, self.voice.joining) = (connection, joining);
        Ok(())
    }

    /// Ids go on above all that there are.
    fn continue_ids(&mut self, last: Snowflake) -> Check {
        if last != Snowflake(0) {
            check_id(last).map_err(|error| at("last_id", error))?;
        }
        let users = self.users.keys().map(|id| id.0);
        let guilds = self.guilds.keys().map(|id| id.0);
        let roles = self.guilds.values().flat_map(|guild| guild.roles.keys()).map(|id| id.0);
        let channels = self.channels.keys().map(|id| id.0);
        let messages = self.history.newest().map(|id| id.0);
        let entitlements = self.entitlements.keys().map(|id| id.0);
        let all = users.chain(guilds).chain(roles).chain(channels).chain(messages).chain(entitlements);
        self.ids.go_on_after(all.fold(last, Snowflake::max));
        Ok(())
    }
}

/// Names the place of an error in a list.
fn each<T>(list: &str, items: Vec<T>, mut put: impl FnMut(T) -> Check) -> Check {
    let mut numbered = items.into_iter().enumerate();
    numbered.try_for_each(|(number, item)| put(item).map_err(|error| at(&format!("{list}[{number}]"), error)))
}

fn at(place: &str, error: Error) -> Error {
    Error::Invalid(format!("{place}: {error}").into())
}

fn twice() -> Error {
    Error::Invalid("it is there already".into())
}

fn check_id(id: Snowflake) -> Check {
    if id == Snowflake(0) || id.unix_ms() > LATEST_MS {
        return Err(Error::Invalid(format!("id: {id}: a snowflake made before the year 2100 expected").into()));
    }
    Ok(())
}

/// An id that a world gives out.
trait Own: Ord {
    fn snowflake(&self) -> Option<Snowflake>;
}

fn once<K: Own, V>(map: &mut BTreeMap<K, V>, key: K, value: V) -> Check {
    key.snowflake().map_or(Ok(()), check_id)?;
    match map.insert(key, value) {
        Some(_) => Err(twice()),
        None => Ok(()),
    }
}

macro_rules! own {
    ($($name:ident)*) => {$(
        impl Own for super::$name {
            fn snowflake(&self) -> Option<Snowflake> {
                Some(self.0)
            }
        }
    )*};
}

own! { UserId GuildId ChannelId EntitlementId }

impl Own for super::ApplicationId {
    /// Discord's, or whatever a client says.
    fn snowflake(&self) -> Option<Snowflake> {
        None
    }
}
