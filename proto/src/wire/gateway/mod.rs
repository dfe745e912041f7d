//! The Gateway's vocabulary (version 10): opcodes, close codes with what follows from them, intents, and the envelope that
//! every message comes in.
//!
//! Data and pure readers only; the order of things is [`crate::protocol::gateway`]'s. Source: the inventory
//! `current_gateway_v10.yaml` of Discord's documents.

mod close;
mod command;
mod envelope;
mod intents;

pub use close::{After, CloseCode};
pub use command::{COMMANDS, check_name, command};
pub use envelope::{Envelope, MAX_NAME, envelope};
pub use intents::{INTENTS, Intent, Intents};

/// The version that this vocabulary is of.
pub const VERSION: u32 = 10;

/// The largest message that the Gateway takes, in bytes; a larger one is answered by closing with 4002.
pub const MAX_SEND: usize = 4096;

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// Received: something happened; the only one with a name and a sequence.
    Dispatch = 0,
    /// Both ways: a sign of life, or the wish for one.
    Heartbeat = 1,
    /// Sent: begins a session.
    Identify = 2,
    /// Sent: status and activities.
    PresenceUpdate = 3,
    /// Sent: joins, moves in or leaves voice.
    VoiceStateUpdate = 4,
    /// Sent: takes a session up where it was left.
    Resume = 6,
    /// Received: connect anew.
    Reconnect = 7,
    /// Sent: asks for a guild's members.
    RequestGuildMembers = 8,
    /// Received: there is no such session; `d` says whether it can be resumed.
    InvalidSession = 9,
    /// Received first: the heartbeat's interval.
    Hello = 10,
    /// Received: the answer to a heartbeat.
    HeartbeatAck = 11,
    /// Sent: asks for a guild's sounds.
    RequestSoundboardSounds = 31,
    /// Sent: asks for what a guild's channels say about themselves.
    RequestChannelInfo = 43,
}

impl Opcode {
    /// Every opcode, by its number.
    pub const ALL: [Opcode; 13] = [
        Opcode::Dispatch,
        Opcode::Heartbeat,
        Opcode::Identify,
        Opcode::PresenceUpdate,
        Opcode::VoiceStateUpdate,
        Opcode::Resume,
        Opcode::Reconnect,
        Opcode::RequestGuildMembers,
        Opcode::InvalidSession,
        Opcode::Hello,
        Opcode::HeartbeatAck,
        Opcode::RequestSoundboardSounds,
        Opcode::RequestChannelInfo,
    ];

    /// The opcode of this number. Those that are not known here are to be ignored: Discord adds new ones.
    pub fn from_code(code: u32) -> Option<Opcode> {
        Opcode::ALL.into_iter().find(|opcode| *opcode as u32 == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opcodes_are_found_by_their_numbers() {
        let codes = [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 31, 43];
        for (opcode, code) in Opcode::ALL.into_iter().zip(codes) {
            assert_eq!(opcode as u32, code);
            assert_eq!(Opcode::from_code(code), Some(opcode));
        }
        for code in [5, 12, 256, u32::MAX] {
            assert_eq!(Opcode::from_code(code), None);
        }
    }
}
