//! Rich Presence without JSON: the activity, and the answer to who asks to join.

use std::ffi::c_char;
use std::ptr;

use gamebridge_proto::error::Error;
use gamebridge_proto::wire::rpc::Activity;
use gamebridge_proto::wire::rpc::activity::PLATFORMS;

use super::boundary::{status, text};
use super::calls::{borrow, gb_client, sized};
use super::types::{gb_conn, gb_status};

/// `gb_activity.type`: "Playing ...". The default.
pub const GB_ACTIVITY_PLAYING: u32 = 0;
/// `gb_activity.type`: "Listening to ..."
pub const GB_ACTIVITY_LISTENING: u32 = 2;
/// `gb_activity.type`: "Watching ..."
pub const GB_ACTIVITY_WATCHING: u32 = 3;
/// `gb_activity.type`: "Competing in ..."
pub const GB_ACTIVITY_COMPETING: u32 = 5;

/// `gb_activity.status_display_type`: the list of friends shows the name. The default.
pub const GB_STATUS_DISPLAY_NAME: u32 = 0;
/// `gb_activity.status_display_type`: it shows the state.
pub const GB_STATUS_DISPLAY_STATE: u32 = 1;
/// `gb_activity.status_display_type`: it shows the details.
pub const GB_STATUS_DISPLAY_DETAILS: u32 = 2;

/// `gb_activity.party_privacy`: who asks to join has to be let in. The default.
pub const GB_PARTY_PRIVATE: u32 = 0;
/// `gb_activity.party_privacy`: friends may join without being let in.
pub const GB_PARTY_PUBLIC: u32 = 1;

/// Bit of `gb_activity.supported_platforms`: Windows, macOS, Linux.
pub const GB_PLATFORM_DESKTOP: u32 = 1;
/// Bit of `gb_activity.supported_platforms`: Xbox.
pub const GB_PLATFORM_XBOX: u32 = 2;
/// Bit of `gb_activity.supported_platforms`: Samsung.
pub const GB_PLATFORM_SAMSUNG: u32 = 4;
/// Bit of `gb_activity.supported_platforms`: iOS.
pub const GB_PLATFORM_IOS: u32 = 8;
/// Bit of `gb_activity.supported_platforms`: Android.
pub const GB_PLATFORM_ANDROID: u32 = 16;
/// Bit of `gb_activity.supported_platforms`: inside Discord.
pub const GB_PLATFORM_EMBEDDED: u32 = 32;
/// Bit of `gb_activity.supported_platforms`: PlayStation 4.
pub const GB_PLATFORM_PS4: u32 = 64;
/// Bit of `gb_activity.supported_platforms`: PlayStation 5.
pub const GB_PLATFORM_PS5: u32 = 128;
/// Bit of `gb_activity.supported_platforms`: Meta Quest.
pub const GB_PLATFORM_META_QUEST: u32 = 256;

const _: () = {
    assert!(GB_PLATFORM_META_QUEST == 1 << (PLATFORMS.len() - 1));
};

/// What a player does: Rich Presence. Start with `GB_ACTIVITY_INIT`; a text that is NULL or empty, and a number that is 0,
/// is left out. Lengths count characters, not bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gb_activity {
    /// `sizeof(gb_activity)`
    pub size: u32,
    /// `GB_ACTIVITY_PLAYING`, `_LISTENING`, `_WATCHING` or `_COMPETING`.
    pub r#type: u32,
    /// Which line the list of friends shows: `GB_STATUS_DISPLAY_NAME`, `_STATE` or `_DETAILS`.
    pub status_display_type: u32,
    /// 1 for a match that will end: friends may ask to be told when it does, which is when `match_secret` changes.
    pub instance: u32,
    /// Shown instead of the application's name; 1 to 128 characters.
    pub name: *const c_char,
    /// The party's situation, "In a group"; 2 to 128 characters.
    pub state: *const c_char,
    /// Opened by a click on it; 256 characters at most.
    pub state_url: *const c_char,
    /// What the player does, "Capture the flag"; 2 to 128 characters.
    pub details: *const c_char,
    /// Opened by a click on it; 256 characters at most.
    pub details_url: *const c_char,
    /// When it began, in seconds or milliseconds since 1970: shows the time elapsed.
    pub start: i64,
    /// When it ends, likewise: shows the time left.
    pub end: i64,
    /// Key of a picture that you uploaded, or a URL; 313 characters at most.
    pub large_image: *const c_char,
    /// Shown over it; 2 to 128 characters.
    pub large_text: *const c_char,
    /// Opened by a click on it; 256 characters at most.
    pub large_url: *const c_char,
    /// Key of a picture that you uploaded, or a URL; 313 characters at most.
    pub small_image: *const c_char,
    /// Shown over it; 2 to 128 characters.
    pub small_text: *const c_char,
    /// Opened by a click on it; 256 characters at most.
    pub small_url: *const c_char,
    /// Banner of invitations: a key, or a URL; 313 characters at most.
    pub invite_cover_image: *const c_char,
    /// The party's id, the same for all of its members, and none of its secrets; 128 characters at most. Needed for
    /// invitations to join. It is left out where there is only a `spectate_secret`.
    pub party_id: *const c_char,
    /// How many are in the party. With 0 no size is shown.
    pub party_size: i32,
    /// How many can be. 0 is no limit; no size is shown then.
    pub party_max: i32,
    /// `GB_PARTY_PRIVATE` or `GB_PARTY_PUBLIC`.
    pub party_privacy: u32,
    /// Where it can be joined from: `GB_PLATFORM_...` bits.
    pub supported_platforms: u32,
    /// What lets a friend's game join this one: it is handed to that game in ACTIVITY_JOIN. 128 characters at most;
    /// nobody should be able to guess or to read it (docs/presence.md).
    pub join_secret: *const c_char,
    /// What lets a friend's game watch this one: ACTIVITY_SPECTATE. Another one than `join_secret`.
    pub spectate_secret: *const c_char,
    /// What tells this match from the next. Another one than the other two.
    pub match_secret: *const c_char,
    /// What stands on the first button; 1 to 32 characters. Others see it, the player does not.
    pub button1_label: *const c_char,
    /// What it opens; 512 characters at most.
    pub button1_url: *const c_char,
    /// What stands on the second button.
    pub button2_label: *const c_char,
    /// What it opens.
    pub button2_url: *const c_char,
}

impl gb_activity {
    const EMPTY: gb_activity = gb_activity {
        size: 0,
        r#type: 0,
        status_display_type: 0,
        instance: 0,
        name: ptr::null(),
        state: ptr::null(),
        state_url: ptr::null(),
        details: ptr::null(),
        details_url: ptr::null(),
        start: 0,
        end: 0,
        large_image: ptr::null(),
        large_text: ptr::null(),
        large_url: ptr::null(),
        small_image: ptr::null(),
        small_text: ptr::null(),
        small_url: ptr::null(),
        invite_cover_image: ptr::null(),
        party_id: ptr::null(),
        party_size: 0,
        party_max: 0,
        party_privacy: 0,
        supported_platforms: 0,
        join_secret: ptr::null(),
        spectate_secret: ptr::null(),
        match_secret: ptr::null(),
        button1_label: ptr::null(),
        button1_url: ptr::null(),
        button2_label: ptr::null(),
        button2_url: ptr::null(),
    };

    /// # Safety
    /// Its texts are NULL, or ended by a NUL and live for `'a`.
    unsafe fn read<'a>(&self) -> Result<Activity<'a>, Error> {
        // SAFETY: as the caller promises.
        let text = |given: *const c_char, field| unsafe { optional(given, field) };
        Ok(Activity {
            kind: self.r#type,
            status_display_type: self.status_display_type,
            name: text(self.name, "activity.name")?,
            state: text(self.state, "activity.state")?,
            state_url: text(self.state_url, "activity.state_url")?,
            details: text(self.details, "activity.details")?,
            details_url: text(self.details_url, "activity.details_url")?,
            start: self.start,
            end: self.end,
            large_image: text(self.large_image, "activity.large_image")?,
            large_text: text(self.large_text, "activity.large_text")?,
            large_url: text(self.large_url, "activity.large_url")?,
            small_image: text(self.small_image, "activity.small_image")?,
            small_text: text(self.small_text, "activity.small_text")?,
            small_url: text(self.small_url, "activity.small_url")?,
            invite_cover_image: text(self.invite_cover_image, "activity.invite_cover_image")?,
            party_id: text(self.party_id, "activity.party_id")?,
            party_size: self.party_size,
            party_max: self.party_max,
            party_privacy: self.party_privacy,
            join_secret: text(self.join_secret, "activity.join_secret")?,
            spectate_secret: text(self.spectate_secret, "activity.spectate_secret")?,
            match_secret: text(self.match_secret, "activity.match_secret")?,
            instance: match self.instance {
                0 => false,
                1 => true,
                other => return Err(Error::argument(format!("activity.instance: 0 or 1 expected, {other} given"))),
            },
            button1_label: text(self.button1_label, "activity.button1_label")?,
            button1_url: text(self.button1_url, "activity.button1_url")?,
            button2_label: text(self.button2_label, "activity.button2_label")?,
            button2_url: text(self.button2_url, "activity.button2_url")?,
            supported_platforms: self.supported_platforms,
        })
    }
}

/// # Safety
/// `given` is NULL, or ended by a NUL and lives for `'a`.
unsafe fn optional<'a>(given: *const c_char, field: &str) -> Result<&'a str, Error> {
    // SAFETY: as the caller promises.
    if given.is_null() { Ok("") } else { unsafe { text(given, field) } }
}

/// Shows what the player does: `SET_ACTIVITY`, with every field checked here and named by `gb_last_error` when it is wrong;
/// then nothing is sent, and what was shown stays. `conn` is a connection of `"rpc"`. Call it as often as you like, also
/// before CONNECTED: Discord takes 5 in 20 seconds, the latest always arrives, and it is shown again on every new
/// connection. Of updates that a newer one overtook each tag other than 0 still gets its REPLY, with `GB_FLAG_SUPERSEDED`.
///
/// Threads: any. Never blocks. Since 0.1.
///
/// # Safety
/// `client` is NULL or live; `activity` is NULL or points to as many bytes as its `size` says; its texts are NULL or ended
/// by a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_set_activity(
    client: *mut gb_client,
    conn: gb_conn,
    activity: *const gb_activity,
    tag: u64,
) -> gb_status {
    status(|| {
        // SAFETY: as the caller promises; the struct is plain data.
        unsafe {
            let client = borrow(client)?;
            let given = sized(activity, gb_activity::EMPTY, "activity")?.read()?;
            client.client.set_activity(conn, Some(&given), tag)
        }
    })
}

/// Shows nothing of the player any more. It takes its turn among the updates of `gb_set_activity`.
///
/// Threads: any. Never blocks. Since 0.1.
///
/// # Safety
/// `client` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_clear_activity(client: *mut gb_client, conn: gb_conn, tag: u64) -> gb_status {
    // SAFETY: as the caller promises.
    status(|| unsafe { borrow(client) }?.client.set_activity(conn, None, tag))
}

/// Answers a player who asks to join, `gb_id(gb_get(ev->data, "/user/id"))` of an ACTIVITY_JOIN_REQUEST: lets them in, so
/// that their game is handed your `join_secret`, or turns them down.
///
/// Threads: any. Never blocks. Since 0.1.
///
/// # Safety
/// `client` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_reply_join(
    client: *mut gb_client,
    conn: gb_conn,
    user_id: u64,
    accept: bool,
    tag: u64,
) -> gb_status {
    // SAFETY: as the caller promises.
    status(|| unsafe { borrow(client) }?.client.reply_join(conn, user_id, accept, tag))
}
