//! What a program may send. The rest (IDENTIFY, HEARTBEAT, RESUME) is the client machine's own.

use super::Opcode;

/// A command by its name.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// As the program says it.
    pub name: &'static str,
    /// As the Gateway knows it.
    pub opcode: Opcode,
    /// What it does.
    pub about: &'static str,
}

/// Every command, by its opcode. The arguments of each are its payload's `d`.
pub const COMMANDS: [Command; 5] = [
    Command { name: "PRESENCE_UPDATE", opcode: Opcode::PresenceUpdate, about: "Sets status and activities." },
    Command { name: "VOICE_STATE_UPDATE", opcode: Opcode::VoiceStateUpdate, about: "Joins, moves in or leaves voice." },
    Command {
        name: "REQUEST_GUILD_MEMBERS",
        opcode: Opcode::RequestGuildMembers,
        about: "Asks for members of a guild, which come as GUILD_MEMBERS_CHUNK.",
    },
    Command {
        name: "REQUEST_SOUNDBOARD_SOUNDS",
        opcode: Opcode::RequestSoundboardSounds,
        about: "Asks for the sounds of guilds, which come as SOUNDBOARD_SOUNDS.",
    },
    Command {
        name: "REQUEST_CHANNEL_INFO",
        opcode: Opcode::RequestChannelInfo,
        about: "Asks for what a guild's channels say about themselves, which comes as CHANNEL_INFO.",
    },
];

/// The command of this name.
pub fn command(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}
