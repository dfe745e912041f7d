//! Opcodes: what a message is for, who sends it, and since when.
//!
//! A row stands at its number's place, so that finding one is an index. Those of user accounts (`Standing::User`) are no part
//! of Discord's documents; automating a user account breaks Discord's terms, so a client sends them to a sandbox only, unless
//! its program insists. Sources: the inventories `gateway_v3.yaml`, `gateway_v6.yaml`, `gateway_user_opcodes.yaml` and
//! `current_gateway_v10.yaml`.

use super::Dialect;
use crate::wire::codes::By;

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the table below says what each is for")]
pub enum Opcode {
    Dispatch = 0,
    Heartbeat = 1,
    Identify = 2,
    PresenceUpdate = 3,
    VoiceStateUpdate = 4,
    VoiceServerPing = 5,
    Resume = 6,
    Reconnect = 7,
    RequestGuildMembers = 8,
    InvalidSession = 9,
    Hello = 10,
    HeartbeatAck = 11,
    GuildSync = 12,
    CallConnect = 13,
    GuildSubscriptions = 14,
    LobbyConnect = 15,
    LobbyDisconnect = 16,
    LobbyVoiceStatesUpdate = 17,
    StreamCreate = 18,
    StreamDelete = 19,
    StreamWatch = 20,
    StreamPing = 21,
    StreamSetPaused = 22,
    LfgSubscriptions = 23,
    RequestGuildApplicationCommands = 24,
    EmbeddedActivityLaunch = 25,
    EmbeddedActivityClose = 26,
    EmbeddedActivityUpdate = 27,
    RequestForumUnreads = 28,
    RemoteCommand = 29,
    GetDeletedEntityIdsNotMatchingHash = 30,
    RequestSoundboardSounds = 31,
    SpeedTestCreate = 32,
    SpeedTestDelete = 33,
    RequestLastMessages = 34,
    SearchRecentMembers = 35,
    RequestChannelStatuses = 36,
    GuildSubscriptionsBulk = 37,
    GuildChannelsResync = 38,
    RequestChannelMemberCount = 39,
    QosHeartbeat = 40,
    UpdateTimeSpentSessionId = 41,
    LobbyVoiceServerPing = 42,
    RequestChannelInfo = 43,
}

/// Whose opcode it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// The connection's own: a client library sends and answers it, a program never sees it.
    Session,
    /// In Discord's documents, for bots.
    Bot,
    /// Of user accounts, and in no document of Discord's.
    User,
    /// As `User`, and served no more.
    UserGone,
}

/// An opcode.
#[derive(Clone, Copy, Debug)]
pub struct OpcodeRow {
    /// Its number.
    pub opcode: Opcode,
    /// `"REQUEST_GUILD_MEMBERS"`: for those that a program sends, the name of the command.
    pub name: &'static str,
    /// What it was called in earlier documents; empty when it is not known to have had another name.
    pub earlier: &'static str,
    /// Who sends it.
    pub by: By,
    /// Whose it is.
    pub standing: Standing,
    /// The oldest dialect that has it.
    pub since: Dialect,
    /// What it is for.
    pub about: &'static str,
}

impl OpcodeRow {
    const fn earlier(mut self, name: &'static str) -> OpcodeRow {
        self.earlier = name;
        self
    }

    const fn since(mut self, dialect: Dialect) -> OpcodeRow {
        self.since = dialect;
        self
    }

    /// Whether a program may send it, by its name.
    pub const fn is_command(&self) -> bool {
        matches!(self.by, By::Client) && !matches!(self.standing, Standing::Session)
    }

    /// Whether it is one of user accounts.
    pub const fn is_of_users(&self) -> bool {
        matches!(self.standing, Standing::User | Standing::UserGone)
    }
}

const fn row(opcode: Opcode, name: &'static str, by: By, standing: Standing, about: &'static str) -> OpcodeRow {
    OpcodeRow { opcode, name, earlier: "", by, standing, since: Dialect::V6, about }
}

const fn session(opcode: Opcode, name: &'static str, by: By, about: &'static str) -> OpcodeRow {
    row(opcode, name, by, Standing::Session, about)
}

const fn bot(opcode: Opcode, name: &'static str, about: &'static str) -> OpcodeRow {
    row(opcode, name, By::Client, Standing::Bot, about)
}

const fn user(opcode: Opcode, name: &'static str, about: &'static str) -> OpcodeRow {
    row(opcode, name, By::Client, Standing::User, about)
}

const fn gone(opcode: Opcode, name: &'static str, about: &'static str) -> OpcodeRow {
    row(opcode, name, By::Client, Standing::UserGone, about)
}

/// Every opcode, at its number's place.
pub const OPCODES: [OpcodeRow; 44] = [
    session(Opcode::Dispatch, "DISPATCH", By::Server, "something happened; the only one with a name and a sequence")
        .since(Dialect::V3),
    session(Opcode::Heartbeat, "HEARTBEAT", By::Both, "a sign of life, or the wish for one")
        .earlier("KEEPALIVE")
        .since(Dialect::V3),
    session(Opcode::Identify, "IDENTIFY", By::Client, "begins a session").earlier("CONNECT").since(Dialect::V3),
    bot(Opcode::PresenceUpdate, "PRESENCE_UPDATE", "sets status and activities")
        .earlier("STATUS_UPDATE")
        .since(Dialect::V3),
    bot(Opcode::VoiceStateUpdate, "VOICE_STATE_UPDATE", "joins, moves in or leaves voice"),
    user(Opcode::VoiceServerPing, "VOICE_SERVER_PING", "a ping of the voice server"),
    session(Opcode::Resume, "RESUME", By::Client, "takes a session up where it was left"),
    session(Opcode::Reconnect, "RECONNECT", By::Server, "connect anew, and resume"),
    bot(Opcode::RequestGuildMembers, "REQUEST_GUILD_MEMBERS", "asks for members of a guild"),
    session(
        Opcode::InvalidSession,
        "INVALID_SESSION",
        By::Server,
        "there is no such session; `d` says whether it can be resumed",
    ),
    session(Opcode::Hello, "HELLO", By::Server, "comes first, with the heartbeat's interval"),
    session(Opcode::HeartbeatAck, "HEARTBEAT_ACK", By::Server, "answers a heartbeat"),
    gone(Opcode::GuildSync, "GUILD_SYNC", "asked for members and presences of guilds"),
    user(Opcode::CallConnect, "CALL_CONNECT", "asks whether there is a call in a private channel"),
    user(Opcode::GuildSubscriptions, "GUILD_SUBSCRIPTIONS", "asks for typing, presences and member lists of a guild"),
    gone(Opcode::LobbyConnect, "LOBBY_CONNECT", "joined a lobby"),
    gone(Opcode::LobbyDisconnect, "LOBBY_DISCONNECT", "left a lobby"),
    user(Opcode::LobbyVoiceStatesUpdate, "LOBBY_VOICE_STATES_UPDATE", "joins or leaves a lobby's voice"),
    user(Opcode::StreamCreate, "STREAM_CREATE", "begins to show one's screen"),
    user(Opcode::StreamDelete, "STREAM_DELETE", "ends a stream, or leaves it"),
    user(Opcode::StreamWatch, "STREAM_WATCH", "watches a stream"),
    user(Opcode::StreamPing, "STREAM_PING", "a ping of a stream's server"),
    user(Opcode::StreamSetPaused, "STREAM_SET_PAUSED", "pauses one's stream, or goes on with it"),
    gone(Opcode::LfgSubscriptions, "LFG_SUBSCRIPTIONS", "asked for groups that look for players"),
    gone(
        Opcode::RequestGuildApplicationCommands,
        "REQUEST_GUILD_APPLICATION_COMMANDS",
        "asked for a guild's application commands",
    ),
    gone(Opcode::EmbeddedActivityLaunch, "EMBEDDED_ACTIVITY_LAUNCH", "launched an activity in a voice channel"),
    gone(Opcode::EmbeddedActivityClose, "EMBEDDED_ACTIVITY_CLOSE", "closed an activity"),
    gone(Opcode::EmbeddedActivityUpdate, "EMBEDDED_ACTIVITY_UPDATE", "changed an activity"),
    user(
        Opcode::RequestForumUnreads,
        "REQUEST_FORUM_UNREADS",
        "asks how many messages of forum threads are unread, which comes as FORUM_UNREADS",
    ),
    user(Opcode::RemoteCommand, "REMOTE_COMMAND", "commands another session of the same user"),
    user(
        Opcode::GetDeletedEntityIdsNotMatchingHash,
        "GET_DELETED_ENTITY_IDS_NOT_MATCHING_HASH",
        "asks what is gone from a guild that was kept from an earlier session",
    ),
    bot(
        Opcode::RequestSoundboardSounds,
        "REQUEST_SOUNDBOARD_SOUNDS",
        "asks for the sounds of guilds, which come as SOUNDBOARD_SOUNDS",
    ),
    user(Opcode::SpeedTestCreate, "SPEED_TEST_CREATE", "begins a speed test"),
    user(Opcode::SpeedTestDelete, "SPEED_TEST_DELETE", "ends the speed test"),
    user(Opcode::RequestLastMessages, "REQUEST_LAST_MESSAGES", "asks for the last message of channels"),
    user(Opcode::SearchRecentMembers, "SEARCH_RECENT_MEMBERS", "asks for members who joined lately"),
    user(Opcode::RequestChannelStatuses, "REQUEST_CHANNEL_STATUSES", "asks for the statuses of voice channels"),
    user(Opcode::GuildSubscriptionsBulk, "GUILD_SUBSCRIPTIONS_BULK", "as GUILD_SUBSCRIPTIONS, for many guilds"),
    user(Opcode::GuildChannelsResync, "GUILD_CHANNELS_RESYNC", "asks for a guild's channels anew"),
    user(Opcode::RequestChannelMemberCount, "REQUEST_CHANNEL_MEMBER_COUNT", "asks how many members a channel has"),
    user(Opcode::QosHeartbeat, "QOS_HEARTBEAT", "a heartbeat that says how the connection is used"),
    user(Opcode::UpdateTimeSpentSessionId, "UPDATE_TIME_SPENT_SESSION_ID", "says under which id use is counted"),
    user(Opcode::LobbyVoiceServerPing, "LOBBY_VOICE_SERVER_PING", "a ping of a lobby's voice server"),
    bot(
        Opcode::RequestChannelInfo,
        "REQUEST_CHANNEL_INFO",
        "asks what a guild's channels say about themselves, which comes as CHANNEL_INFO",
    ),
];

impl Opcode {
    /// The opcode of this number. Those that are not known here are to be ignored: Discord adds new ones.
    pub fn from_code(code: u32) -> Option<Opcode> {
        OPCODES.get(code as usize).map(|row| row.opcode)
    }

    /// What there is to know of it.
    pub const fn row(self) -> &'static OpcodeRow {
        &OPCODES[self as usize]
    }

    /// What the command of this name is sent as; earlier names are known too.
    pub fn of_command(name: &str) -> Option<Opcode> {
        let named =
            |row: &&OpcodeRow| row.is_command() && (row.name == name || (row.earlier == name && !name.is_empty()));
        OPCODES.iter().find(named).map(|row| row.opcode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_opcode_stands_at_its_numbers_place() {
        for (code, row) in OPCODES.iter().enumerate() {
            assert_eq!(row.opcode as usize, code, "{}", row.name);
            assert_eq!(Opcode::from_code(code as u32), Some(row.opcode));
            assert_eq!(row.opcode.row().name, row.name);
            assert!(OPCODES.iter().filter(|other| other.name == row.name).count() == 1, "{}", row.name);
        }
        for code in [44, 256, u32::MAX] {
            assert_eq!(Opcode::from_code(code), None);
        }
    }

    /// The counts of the inventories.
    #[test]
    fn the_documents_know_13_today_and_12_in_2017_and_4_before() {
        let count = |wanted: fn(&OpcodeRow) -> bool| OPCODES.iter().filter(|row| wanted(row)).count();
        assert_eq!(count(|row| !row.is_of_users()), 13);
        assert_eq!(count(|row| (row.opcode as u8) < 12), 12);
        assert_eq!(count(|row| row.since == Dialect::V3), 4);
        // 34 in the list of user opcodes: all to 35 but for the gaps 12 and 23.
        let listed = count(|row| row.opcode as u8 <= 35 && !matches!(row.opcode as u8, 12 | 23));
        assert_eq!(listed, 34);
        let received: Vec<&str> = OPCODES.iter().filter(|row| row.by == By::Server).map(|row| row.name).collect();
        assert_eq!(received, ["DISPATCH", "RECONNECT", "INVALID_SESSION", "HELLO", "HEARTBEAT_ACK"]);
    }

    #[test]
    fn a_command_is_found_by_its_name_and_by_its_earlier_one() {
        assert_eq!(Opcode::of_command("PRESENCE_UPDATE"), Some(Opcode::PresenceUpdate));
        assert_eq!(Opcode::of_command("STATUS_UPDATE"), Some(Opcode::PresenceUpdate));
        assert_eq!(Opcode::of_command("SEARCH_RECENT_MEMBERS"), Some(Opcode::SearchRecentMembers));
        for own in ["IDENTIFY", "CONNECT", "HEARTBEAT", "RESUME", "HELLO", "DISPATCH", ""] {
            assert_eq!(Opcode::of_command(own), None, "{own}");
        }
    }
}
