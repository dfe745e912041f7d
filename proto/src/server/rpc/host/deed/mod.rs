//! What a host command does to the world, and what it is answered with.
//!
//! A command is read into a [`Deed`]: an operation, and where its reply comes from. Nothing here changes anything, so a
//! scenario's setup can be rehearsed on a copy of the world with the same deeds.

mod channels;
mod games;
mod guilds;
mod people;
mod voice;

pub(super) use channels::{KINDS, overwrite};

use super::objects;
use crate::error::{Error, Status};
use crate::time::Instant;
use crate::value::{Kind, Value};
use crate::wire::json::{Object, or_null};
use crate::world::{
    ApplicationId, Change, Changes, ChannelId, ClientCredentials, EntitlementId, GuildId, MessageId, Operation,
    Permissions, RoleId, UserId, World,
};

/// See the module.
#[derive(Debug)]
pub(super) struct Deed {
    operation: Operation,
    /// The application that the code which comes of it is exchanged for.
    exchange: Option<ApplicationId>,
    reply: Reply,
}

/// What a command is answered with.
#[derive(Debug)]
enum Reply {
    /// The thing as it was before it went, written already.
    Was(Vec<u8>),
    /// The thing as it is afterwards.
    Is(Thing),
    /// What the changes say that was made.
    Made(Made),
    /// How many peers heard of it, or were closed.
    Reached,
}

#[derive(Clone, Copy, Debug)]
enum Thing {
    User(UserId),
    Guild(GuildId),
    Member(GuildId, UserId),
    Role(GuildId, RoleId),
    Channel(ChannelId),
    Message(ChannelId, MessageId),
    Entitlement(EntitlementId),
    Application(ApplicationId),
    Bot(ApplicationId),
    Login(UserId),
    VoiceState(UserId),
    VoiceConnection,
    VoiceSettings,
    UserVoice(UserId),
    TextChannel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    User,
    Guild,
    Role,
    Channel,
    Message,
    Application,
    Bot,
    Login,
    Entitlement,
    Token,
    RpcToken,
}

impl Deed {
    fn is(operation: Operation, thing: Thing) -> Deed {
        Deed { operation, exchange: None, reply: Reply::Is(thing) }
    }

    fn makes(operation: Operation, made: Made) -> Deed {
        Deed { operation, exchange: None, reply: Reply::Made(made) }
    }

    fn reaches(operation: Operation) -> Deed {
        Deed { operation, exchange: None, reply: Reply::Reached }
    }

    /// Ends a thing, which is answered with as it was.
    fn ends(operation: Operation, world: &World, thing: Thing) -> Deed {
        let mut was = Vec::new();
        thing.write(&mut was, world);
        Deed { operation, exchange: None, reply: Reply::Was(was) }
    }

    /// Reads a command whose arguments fit its row. `None` for those that concern more than the world.
    ///
    /// `source` is the text that the arguments were parsed from.
    pub(super) fn read(world: &World, name: &str, args: Value<'_>, source: &[u8]) -> Option<Result<Deed, Error>> {
        let args = Args { value: args, source, local: world.local_user().id };
        let deed = people::read(name, args)
            .or_else(|| guilds::read(world, name, args))
            .or_else(|| channels::read(world, name, args))
            .or_else(|| voice::read(name, args))
            .or_else(|| games::read(world, name, args))?;
        Some(deed)
    }

    /// Does it. What is left is to tell of the changes, and to answer.
    pub(super) fn carry_out(self, world: &mut World, now: Instant) -> Result<(Changes, Done), Error> {
        let mut changes = world.apply(now, self.operation)?;
        if let Some(id) = self.exchange {
            let code = changes.iter().find_map(|change| match change {
                Change::CodeIssued(code) => Some(code.clone()),
                _ => None,
            });
            // The host stands for the application too, so it may show what that knows.
            let secret = world.application(id).and_then(|application| application.secret.clone());
            let client = ClientCredentials { id, secret };
            let code = code.ok_or_else(nothing)?;
            changes = world.apply(now, Operation::ExchangeCode { client, code, redirect_uri: None })?;
        }
        Ok((changes, Done(self.reply)))
    }
}

/// A deed that was done.
#[derive(Debug)]
pub(super) struct Done(Reply);

impl Done {
    /// The reply. `reached` is how many peers heard of the changes.
    pub(super) fn answer(
        self,
        world: &World,
        changes: &Changes,
        reached: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        match self.0 {
            Reply::Was(was) => out.extend_from_slice(&was),
            Reply::Is(thing) => thing.write(out, world),
            Reply::Reached => Object::begin(out).count("peers", reached).end(),
            Reply::Made(made) => {
                changes.iter().find_map(|change| made.write(out, world, change)).ok_or_else(nothing)?;
            }
        }
        Ok(())
    }
}

/// A reply is owed; that nothing was made would be the world's mistake.
fn nothing() -> Error {
    Error::new(Status::State, "nothing came of the command")
}

impl Made {
    /// Writes what a change says that was made, when it is of this kind.
    fn write(self, out: &mut Vec<u8>, world: &World, change: &Change) -> Option<()> {
        let thing = match (self, change) {
            (Made::User, Change::UserCreated(id)) => Thing::User(*id),
            (Made::Guild, Change::GuildCreated(id)) => Thing::Guild(*id),
            (Made::Role, Change::RoleCreated { guild, role }) => Thing::Role(*guild, *role),
            (Made::Channel, Change::ChannelCreated(id)) => Thing::Channel(*id),
            (Made::Message, Change::MessagePosted { channel, message }) => Thing::Message(*channel, *message),
            (Made::Application, Change::ApplicationRegistered(id)) => Thing::Application(*id),
            (Made::Bot, Change::BotCreated(id)) => Thing::Bot(*id),
            (Made::Login, Change::LoginCreated(id)) => Thing::Login(*id),
            (Made::Entitlement, Change::EntitlementCreated(id)) => Thing::Entitlement(*id),
            (Made::Token, Change::TokenIssued(token)) => {
                objects::token(out, token);
                return Some(());
            }
            (Made::RpcToken, Change::RpcTokenIssued(token)) => {
                Object::begin(out).str("rpc_token", token.reveal()).end();
                return Some(());
            }
            _ => return None,
        };
        thing.write(out, world);
        Some(())
    }
}

impl Thing {
    /// Null for what is not there.
    fn write(self, out: &mut Vec<u8>, world: &World) {
        match self {
            Thing::User(id) => or_null(out, world.user(id), |out, user| objects::user(out, world, user)),
            Thing::Guild(id) => or_null(out, world.guild(id), objects::guild),
            Thing::Member(guild, user) => or_null(out, world.member(guild, user), objects::member),
            Thing::Role(guild, role) => {
                or_null(out, world.guild(guild).and_then(|guild| guild.roles.get(&role)), objects::role);
            }
            Thing::Channel(id) => or_null(out, world.channel(id), objects::channel),
            Thing::Message(channel, message) => or_null(out, world.message(channel, message), objects::message),
            Thing::Entitlement(id) => or_null(out, world.entitlement(id), objects::entitlement),
            Thing::Application(id) => or_null(out, world.application(id).as_deref(), objects::application),
            Thing::Bot(id) => or_null(out, world.bot(id), |out, bot| objects::bot(out, world, bot)),
            Thing::Login(id) => or_null(out, world.login(id), objects::login),
            Thing::VoiceState(user) => objects::voice_state(out, user, world.voice_state(user)),
            Thing::VoiceConnection => objects::voice_connection(out, world.voice_connection()),
            Thing::VoiceSettings => objects::voice_settings(out, world.voice_settings()),
            Thing::UserVoice(user) => objects::user_voice(out, user, world.user_voice(user)),
            Thing::TextChannel => objects::selected(out, world, world.text_channel()),
        }
    }
}

/// Arguments that fit their row: what is not there was not needed.
#[derive(Clone, Copy)]
struct Args<'a> {
    value: Value<'a>,
    source: &'a [u8],
    local: UserId,
}

impl<'a> Args<'a> {
    fn text(self, name: &str) -> Option<Box<str>> {
        self.value.member(name).as_str().map(Box::from)
    }

    /// A text that null takes away.
    fn erasable(self, name: &str) -> Option<Option<Box<str>>> {
        let value = self.value.member(name);
        value.exists().then(|| value.as_str().map(Box::from))
    }

    fn flag(self, name: &str) -> Option<bool> {
        self.value.member(name).as_bool()
    }

    fn number<N: TryFrom<i64>>(self, name: &str) -> Option<N> {
        self.value.member(name).as_whole().and_then(|number| N::try_from(number).ok())
    }

    fn id<T: From<u64>>(self, name: &str) -> Option<T> {
        self.value.member(name).as_id().map(T::from)
    }

    /// An id that the row asks for.
    fn the<T: From<u64>>(self, name: &str) -> T {
        T::from(self.value.member(name).as_id().unwrap_or_default())
    }

    fn ids<T: From<u64>>(self, name: &str) -> Vec<T> {
        self.value.member(name).iter().filter_map(Value::as_id).map(T::from).collect()
    }

    /// `user_id`, which is the local user's unless given.
    fn who(self) -> UserId {
        self.id("user_id").unwrap_or(self.local)
    }

    fn permissions(self, name: &str) -> Option<Permissions> {
        permissions(self.value.member(name))
    }
}

/// Permissions by name or by number; `None` when they are not given.
pub(super) fn permissions(value: Value<'_>) -> Option<Permissions> {
    match value.kind() {
        Kind::Array => {
            let known = |name| Permissions::NAMES.iter().find(|(known, _)| *known == name).map(|(_, bits)| *bits);
            let named = value.iter().filter_map(Value::as_str).filter_map(known);
            Some(named.fold(Permissions::NONE, |all, bits| all | bits))
        }
        _ => value.as_whole().and_then(|bits| u64::try_from(bits).ok()).map(Permissions),
    }
}

#[cfg(test)]
mod tests {
    use crate::wire::host::objects::PERMISSION_NAMES;
    use crate::world::Permissions;

    #[test]
    fn the_catalog_names_the_permissions_of_the_world() {
        let names: Vec<&str> = Permissions::NAMES.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, PERMISSION_NAMES);
    }
}
