//! How much fits into a world. A peer (through `/api`) and a scenario can make things, so everything that is kept has a
//! bound, and all bounds stand here. Beyond one, an operation is refused with [`super::Error::TooMany`]; only lists that
//! remember what was (messages, what applications configured, requests to join) let their oldest go instead.
//!
//! "Discord" marks a limit of Discord's (`limits` in the inventory of cross-cutting facts, or its JSON error codes);
//! the others are ours, well above what a game needs. All together they keep a world below a gigabyte.

use super::Error;

/// Users.
pub const USERS: usize = 100_000;
/// Guilds.
pub const GUILDS: usize = 1_000;
/// Members of all guilds together.
pub const MEMBERSHIPS: usize = 200_000;
/// Roles of a guild, @everyone included. Discord.
pub const ROLES: usize = 250;
/// Channels of a guild. Discord.
pub const CHANNELS_OF_GUILD: usize = 500;
/// Channels of all kinds together.
pub const CHANNELS: usize = 20_000;
/// Direct messages, groups included.
pub const PRIVATE_CHANNELS: usize = 10_000;
/// People in a group, the local user included. Discord.
pub const GROUP: usize = 10;
/// Overwrites of a channel.
pub const OVERWRITES: usize = 250;
/// Guilds that an application which is not approved may have made. Discord.
pub const GUILDS_OF_UNAPPROVED: usize = 10;
/// Channels, likewise. Discord.
pub const CHANNELS_OF_UNAPPROVED: usize = 10;
/// Messages of a channel; the oldest fall out.
pub const MESSAGES: usize = 1_000;
/// Bytes of all messages together (text, embeds and attachments, and a flat share for the rest); the oldest of the whole
/// world fall out.
pub const HISTORY_BYTES: usize = 64 << 20;
/// Characters of a message. Discord.
pub const CONTENT: usize = 2_000;
/// Bytes of a message's embeds, and of its attachments.
pub const MESSAGE_JSON: usize = 32 << 10;
/// Embeds of a message, and attachments. Discord.
pub const MESSAGE_PARTS: usize = 10;
/// Pinned messages of a channel. Discord.
pub const PINS: usize = 50;
/// Entitlements.
pub const ENTITLEMENTS: usize = 10_000;
/// Registered applications.
pub const APPLICATIONS: usize = 1_000;
/// Bots.
pub const BOTS: usize = 1_000;
/// Logins.
pub const LOGINS: usize = 1_000;
/// Commands of all applications together.
pub const COMMANDS: usize = 5_000;
/// Commands of an application, everywhere and in each guild: 100 of chat input and 5 of each menu. Discord.
pub const COMMANDS_OF_APPLICATION: usize = 110;
/// Bytes of JSON that say what a command is.
pub const COMMAND_BYTES: usize = 32 << 10;
/// Texts of an application, of its lists, in bytes all together.
pub const APPLICATION_BYTES: usize = 32 << 10;
/// Sessions at a time.
pub const SESSIONS: usize = 10_000;
/// Bytes of all texts of an activity together.
pub const ACTIVITY_BYTES: usize = 16 << 10;
/// Presences with an activity.
pub const PLAYING: usize = 10_000;
/// Requests to join that wait for an answer.
pub const JOIN_REQUESTS: usize = 1_000;
/// Microphones, and headphones, of the machine.
pub const AUDIO_DEVICES: usize = 64;
/// Certified devices that one session tells of.
pub const CERTIFIED_DEVICES: usize = 32;
/// Certified devices of all sessions together.
pub const ALL_CERTIFIED_DEVICES: usize = 256;
/// Keys of a shortcut.
pub const SHORTCUT: usize = 16;
/// Characters of a device's, a key's or a server's name, of an id that is text, and of a page's address.
pub const TEXT: usize = 512;
/// Applications whose voice settings are remembered; the one that set them longest ago falls out.
pub const CONFIGURED: usize = 64;
/// Users whose voices one application has configured.
pub const CONFIGURED_USERS: usize = 1_000;

/// Refuses when one more would be too many.
pub(super) fn room(what: &'static str, there: usize, most: usize) -> Result<(), Error> {
    if there >= most {
        return Err(Error::TooMany(format!("{what}: {most} at most").into()));
    }
    Ok(())
}
