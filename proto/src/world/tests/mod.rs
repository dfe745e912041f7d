//! The world's rules, without a door.

mod bots;
mod bounds;
mod channels;
mod coherence;
mod connection;
mod devices;
mod entitlements;
mod grants;
mod guilds;
mod members;
mod mentions;
mod messages;
mod people;
mod permissions;
mod rows;
mod sessions;
mod settings;
mod states;
mod voice;

use super::*;
use crate::random::Random;

/// Entropy that is the same each time.
struct Seeded(Random);

impl Seeded {
    fn new() -> Self {
        Seeded(Random::new(7))
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.next_u64() as u8);
    }
}

const GAME: u64 = 192_741_864_418_312_192;
const OTHER: u64 = 5;

fn world() -> World {
    World::new(Config::default(), Seeded::new()).unwrap()
}

/// Carries an operation out that must be possible.
fn done(world: &mut World, operation: Operation) -> Vec<Change> {
    world.apply(Instant::ZERO, operation).unwrap().into_iter().collect()
}

/// The refusal of an operation that must not be possible.
fn refused(world: &mut World, operation: Operation) -> Error {
    world.apply(Instant::ZERO, operation).unwrap_err()
}

fn only(changes: impl IntoIterator<Item = Change>) -> Change {
    let [change] = changes.into_iter().collect::<Vec<_>>().try_into().unwrap();
    change
}

/// What came of an operation, as words: the kind of change, and what tells two of a kind apart.
fn told(changes: &[Change]) -> Vec<String> {
    let word = |change: &Change| match change {
        Change::VoiceConnectionChanged(connection) => connection.state.name().to_owned(),
        Change::SpeakingChanged { speaking, .. } => format!("SpeakingChanged {speaking}"),
        Change::VoiceChannelSelected(channel) => format!("VoiceChannelSelected {}", channel.is_some()),
        Change::TextChannelSelected(channel) => format!("TextChannelSelected {}", channel.is_some()),
        other => {
            let text = format!("{other:?}");
            text.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
        }
    };
    changes.iter().map(word).collect()
}

/// Carries an operation out and says what came of it.
fn tells(world: &mut World, operation: Operation) -> Vec<String> {
    told(&done(world, operation))
}

fn user(world: &mut World, name: &str) -> UserId {
    match only(done(world, Operation::CreateUser(NewUser::named(name)))) {
        Change::UserCreated(id) => id,
        other => panic!("{other:?}"),
    }
}

/// A guild of the local user's with these members.
fn guild(world: &mut World, members: &[UserId]) -> GuildId {
    let new = NewGuild { name: "Guild".into(), members: members.to_vec(), ..NewGuild::default() };
    match only(done(world, Operation::CreateGuild(new))) {
        Change::GuildCreated(id) => id,
        other => panic!("{other:?}"),
    }
}

fn channel(world: &mut World, new: NewChannel) -> ChannelId {
    match only(done(world, Operation::CreateChannel(new))) {
        Change::ChannelCreated(id) => id,
        other => panic!("{other:?}"),
    }
}

fn text(world: &mut World, guild: GuildId) -> ChannelId {
    channel(world, NewChannel::in_guild(ChannelKind::GuildText, guild, "text"))
}

fn voice(world: &mut World, guild: GuildId) -> ChannelId {
    channel(world, NewChannel::in_guild(ChannelKind::GuildVoice, guild, "Voice"))
}

fn dm(world: &mut World, user: UserId) -> ChannelId {
    channel(world, NewChannel::private(ChannelKind::Dm, vec![user]))
}

fn role(world: &mut World, guild: GuildId, permissions: Permissions) -> RoleId {
    let role = NewRole { name: "Role".into(), color: 0, permissions, hoist: false, mentionable: false };
    match only(done(world, Operation::CreateRole { guild, role })) {
        Change::RoleCreated { role, .. } => role,
        other => panic!("{other:?}"),
    }
}

fn give_roles(world: &mut World, guild: GuildId, user: UserId, roles: &[RoleId]) {
    let edit = MemberEdit { roles: Some(roles.to_vec()), ..MemberEdit::default() };
    done(world, Operation::EditMember { guild, user, edit });
}

fn overwrite(world: &mut World, channel: ChannelId, of: OverwriteOf, allow: Permissions, deny: Permissions) {
    let overwrite = Overwrite { of, allow, deny };
    done(world, Operation::SetOverwrite { channel, overwrite });
}

/// What @everyone of a guild may no more in a channel.
fn deny_everyone(world: &mut World, channel: ChannelId, deny: Permissions) {
    let everyone = world.guild(world.channel(channel).unwrap().guild.unwrap()).unwrap().everyone();
    overwrite(world, channel, OverwriteOf::Role(everyone), Permissions::NONE, deny);
}

fn post(world: &mut World, channel: ChannelId, author: UserId, content: &str) -> MessageId {
    let changes = done(world, Operation::PostMessage(NewMessage::text(channel, author, content)));
    match changes[0] {
        Change::MessagePosted { message, .. } => message,
        ref other => panic!("{other:?}"),
    }
}

fn join(world: &mut World, user: UserId, channel: ChannelId) -> Vec<String> {
    tells(world, Operation::JoinVoice { user, channel })
}

fn session_of(world: &mut World, application: u64) -> SessionId {
    let user = world.local_user().id;
    match done(world, Operation::OpenSession { user, application: application.into() })[0] {
        Change::SessionOpened(id) => id,
        ref other => panic!("{other:?}"),
    }
}

fn session(world: &mut World) -> SessionId {
    session_of(world, GAME)
}

fn unapproved(world: &mut World) -> ApplicationId {
    let application = Application { approved: false, ..Application::unregistered(GAME.into()) };
    done(world, Operation::RegisterApplication(application));
    GAME.into()
}

/// The field that an [`Error::Invalid`] names.
fn field(error: &Error) -> &str {
    match error {
        Error::Invalid(sentence) => sentence.split(':').next().unwrap_or_default(),
        other => panic!("{other:?}"),
    }
}
