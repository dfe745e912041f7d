//! What lies in memory between a program and this library, byte for byte as programs were compiled: the structs of
//! discord-rpc's releases up to 3.4.0, and with the feature `party-privacy` that of its head. Nothing here may ever
//! change.

use std::ffi::{c_char, c_int};

/// The presence as a program hands it over. Every text may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DiscordRichPresence {
    /// The party's situation.
    pub state: *const c_char,
    /// What the player does.
    pub details: *const c_char,
    /// Seconds since 1970; 0 for none.
    pub start_timestamp: i64,
    /// Likewise.
    pub end_timestamp: i64,
    /// Key of an uploaded picture, or a link to one.
    pub large_image_key: *const c_char,
    /// Shown over it.
    pub large_image_text: *const c_char,
    /// Key of the small picture.
    pub small_image_key: *const c_char,
    /// Shown over it.
    pub small_image_text: *const c_char,
    /// The same for all members of a party.
    pub party_id: *const c_char,
    /// How many are in the party; 0 for not told.
    pub party_size: c_int,
    /// How many may be in it; 0 for no limit.
    pub party_max: c_int,
    /// 0 private, 1 public.
    #[cfg(feature = "party-privacy")]
    pub party_privacy: c_int,
    /// For this one match.
    pub match_secret: *const c_char,
    /// For joining.
    pub join_secret: *const c_char,
    /// For watching.
    pub spectate_secret: *const c_char,
    /// Whether it is a match that will end.
    pub instance: i8,
}

/// A person, as a handler is shown one. No pointer is NULL.
#[repr(C)]
pub struct DiscordUser {
    /// The id, in decimal digits.
    pub user_id: *const c_char,
    /// The name.
    pub username: *const c_char,
    /// Four digits of old, `"0"` today, empty when Discord says nothing.
    pub discriminator: *const c_char,
    /// The picture's hash; empty for none.
    pub avatar: *const c_char,
}

/// A handler of a person: `ready`, `joinRequest`. Unwinding, as a C++ exception may, is let through.
pub type UserHandler = unsafe extern "C-unwind" fn(*const DiscordUser);
/// A handler of a failure: `disconnected`, `errored`.
pub type FailureHandler = unsafe extern "C-unwind" fn(c_int, *const c_char);
/// A handler of a secret: `joinGame`, `spectateGame`.
pub type SecretHandler = unsafe extern "C-unwind" fn(*const c_char);

/// What a program wants to be called for; each may be NULL.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct DiscordEventHandlers {
    /// Connected, and this is the user.
    pub ready: Option<UserHandler>,
    /// Not connected any longer.
    pub disconnected: Option<FailureHandler>,
    /// Discord refused something.
    pub errored: Option<FailureHandler>,
    /// The user accepted an invitation to join.
    pub join_game: Option<SecretHandler>,
    /// The user wants to watch.
    pub spectate_game: Option<SecretHandler>,
    /// Somebody asks to join.
    pub join_request: Option<UserHandler>,
}

impl DiscordEventHandlers {
    /// No handler at all.
    pub const NONE: DiscordEventHandlers = DiscordEventHandlers {
        ready: None,
        disconnected: None,
        errored: None,
        join_game: None,
        spectate_game: None,
        join_request: None,
    };
}

/// The reply of `Discord_Respond` that lets somebody in; every other turns them down.
pub const REPLY_YES: c_int = 1;

#[cfg(target_pointer_width = "64")]
const _: () = {
    use std::mem::{offset_of, size_of};
    let grown = if cfg!(feature = "party-privacy") { 8 } else { 0 };
    assert!(size_of::<DiscordRichPresence>() == 112 + grown);
    assert!(offset_of!(DiscordRichPresence, party_max) == 76);
    assert!(offset_of!(DiscordRichPresence, match_secret) == 80 + grown);
    assert!(offset_of!(DiscordRichPresence, instance) == 104 + grown);
    assert!(size_of::<DiscordUser>() == 32);
    assert!(size_of::<DiscordEventHandlers>() == 48);
};
