//! The activity (Rich Presence) as `SET_ACTIVITY` takes it today.
//!
//! Lengths count characters. Types, buttons and the members' names come from Discord's documentation; the lengths of URLs,
//! images, party ids and secrets from the community's. What no source says is not checked here: Discord's own refusal
//! (an `ERROR` reply) reaches the caller as it is.

use crate::wire::catalog::{Arg, Shape, Type};

/// The types that RPC may set.
pub const TYPES: Type = Type::Numbers(&[(0, "PLAYING"), (2, "LISTENING"), (3, "WATCHING"), (5, "COMPETING")]);

/// Which member the list of friends shows.
pub const STATUS_DISPLAY_TYPES: Type = Type::Numbers(&[(0, "NAME"), (1, "STATE"), (2, "DETAILS")]);

/// Who may join a party without being let in.
pub const PARTY_PRIVACY: Type = Type::Numbers(&[(0, "PRIVATE"), (1, "PUBLIC")]);

/// Where a game can be joined: the names, in the order of the bits of the typed activity.
pub const PLATFORMS: [&str; 9] =
    ["desktop", "xbox", "samsung", "ios", "android", "embedded", "ps4", "ps5", "meta_quest"];

const LINE: Type = Type::text(2, 128);
const IMAGE: Type = Type::text(1, 313);
const LINK: Type = Type::text(1, 256);
const SECRET: Type = Type::text(1, 128);
const MOMENT: Type = Type::int(0, i64::MAX);

/// When it began or ends, in seconds or in milliseconds of the Unix epoch: Discord takes either.
pub const TIMESTAMPS: Shape = Shape {
    name: "ActivityTimestamps",
    fields: &[
        Arg::optional("start", MOMENT, "when it began, in seconds or milliseconds since 1970; shows the time elapsed"),
        Arg::optional("end", MOMENT, "when it ends, likewise; shows the time left"),
    ],
};

/// Pictures and what is shown over them.
pub const ASSETS: Shape = Shape {
    name: "ActivityAssets",
    fields: &[
        Arg::optional("large_image", IMAGE, "key of an uploaded asset, or a URL"),
        Arg::optional("large_text", LINE, "shown over the large image"),
        Arg::optional("large_url", LINK, "opened by a click on the large image"),
        Arg::optional("small_image", IMAGE, "key of an uploaded asset, or a URL"),
        Arg::optional("small_text", LINE, "shown over the small image"),
        Arg::optional("small_url", LINK, "opened by a click on the small image"),
        Arg::optional("invite_cover_image", IMAGE, "banner of invitations"),
    ],
};

/// Who plays together.
pub const PARTY: Shape = Shape {
    name: "ActivityParty",
    fields: &[
        Arg::optional("id", Type::text(1, 128), "the party's id, the same for all of its members"),
        Arg::optional(
            "size",
            Type::Array { of: &Type::int(0, i32::MAX as i64), min: 2, max: 2 },
            "how many are in it, and how many can be",
        ),
        Arg::optional("privacy", PARTY_PRIVACY, "whether who joins has to be let in; private unless given"),
    ],
};

/// What a friend's game is given so that it finds this one. They come back in ACTIVITY_JOIN and ACTIVITY_SPECTATE.
pub const SECRETS: Shape = Shape {
    name: "ActivitySecrets",
    fields: &[
        Arg::optional("join", SECRET, "for joining the party"),
        Arg::optional("spectate", SECRET, "for watching"),
        Arg::optional("match", SECRET, "for this one match"),
    ],
};

/// A link under the activity.
pub const BUTTON: Shape = Shape {
    name: "ActivityButton",
    fields: &[
        Arg::required("label", Type::text(1, 32), "what stands on it"),
        Arg::required("url", Type::text(1, 512), "what it opens"),
    ],
};

/// The activity itself.
pub const ACTIVITY: Shape = Shape {
    name: "Activity",
    fields: &[
        Arg::optional("type", TYPES, "playing unless given"),
        Arg::optional("name", Type::text(1, 128), "shown instead of the application's name"),
        Arg::optional("state", Type::Nullable(&LINE), "the party's situation: \"In a group\""),
        Arg::optional("state_url", Type::Nullable(&LINK), "opened by a click on the state"),
        Arg::optional("details", Type::Nullable(&LINE), "what the player does: \"Capture the flag\""),
        Arg::optional("details_url", Type::Nullable(&LINK), "opened by a click on the details"),
        Arg::optional(
            "status_display_type",
            Type::Nullable(&STATUS_DISPLAY_TYPES),
            "which member the list of friends shows",
        ),
        Arg::optional("timestamps", Type::Object(&TIMESTAMPS), "when it began or ends"),
        Arg::optional("assets", Type::Object(&ASSETS), "pictures"),
        Arg::optional("party", Type::Object(&PARTY), "who plays together"),
        Arg::optional("secrets", Type::Object(&SECRETS), "what lets friends join"),
        Arg::optional("buttons", Type::Array { of: &Type::Object(&BUTTON), min: 0, max: 2 }, "links, two at most"),
        Arg::optional("instance", Type::Bool, "whether it is a match that will end"),
        Arg::optional(
            "supported_platforms",
            Type::Array { of: &Type::Names(&PLATFORMS), min: 0, max: 10 },
            "where it can be joined from",
        ),
    ],
};
