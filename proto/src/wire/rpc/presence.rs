//! The activity as a program fills it in, field by field, and how it becomes the arguments of SET_ACTIVITY.
//!
//! What may stand in a field the catalog says, and nothing here repeats it: the arguments are written, then checked by
//! their row, and the error is told with the field's name in place of the path. The one thing to know before changing it:
//! `gb_activity` of the C header has these fields under these names. The rules beside the catalog are those of the first
//! document on Rich Presence (what a party's sizes of 0 mean, and that an invitation to watch carries no party), and
//! Discord's own refusal of a secret that is given twice.

use std::fmt;

use super::activity::PLATFORMS;
use crate::error::Error;
use crate::value::Document;
use crate::wire::catalog;
use crate::wire::json::{Object, array, push_int, push_str};

/// What a player does. A text that is empty, and a number that is 0, is left out.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Activity<'a> {
    /// 0 playing, 2 listening, 3 watching, 5 competing.
    pub kind: u32,
    /// Which line the list of friends shows: 0 the name, 1 the state, 2 the details.
    pub status_display_type: u32,
    /// Shown instead of the application's name.
    pub name: &'a str,
    /// The party's situation, 2 to 128 characters.
    pub state: &'a str,
    /// Opened by a click on it.
    pub state_url: &'a str,
    /// What the player does, 2 to 128 characters.
    pub details: &'a str,
    /// Opened by a click on it.
    pub details_url: &'a str,
    /// When it began, in seconds or milliseconds since 1970.
    pub start: i64,
    /// When it ends, likewise.
    pub end: i64,
    /// Key of an uploaded picture, or a URL.
    pub large_image: &'a str,
    /// Shown over it.
    pub large_text: &'a str,
    /// Opened by a click on it.
    pub large_url: &'a str,
    /// Key of an uploaded picture, or a URL.
    pub small_image: &'a str,
    /// Shown over it.
    pub small_text: &'a str,
    /// Opened by a click on it.
    pub small_url: &'a str,
    /// Banner of invitations.
    pub invite_cover_image: &'a str,
    /// The party's id, the same for all of its members. Left out where the activity can only be watched: an invitation to
    /// watch is none into the party.
    pub party_id: &'a str,
    /// How many are in the party. With 0 no size is shown.
    pub party_size: i32,
    /// How many can be. 0 is no limit; no size is shown then either, since Discord takes both numbers or none.
    pub party_max: i32,
    /// 0 private: who asks to join has to be let in; 1 public.
    pub party_privacy: u32,
    /// What lets a friend's game join this one.
    pub join_secret: &'a str,
    /// What lets a friend's game watch this one.
    pub spectate_secret: &'a str,
    /// What tells this match from the next. With `instance`, who asked to be notified is told when it changes.
    pub match_secret: &'a str,
    /// Whether it is a match that will end.
    pub instance: bool,
    /// What stands on the first button.
    pub button1_label: &'a str,
    /// What it opens.
    pub button1_url: &'a str,
    /// What stands on the second button.
    pub button2_label: &'a str,
    /// What it opens.
    pub button2_url: &'a str,
    /// Where it can be joined from: bit `1 << n` stands for [`PLATFORMS`]`[n]`.
    pub supported_platforms: u32,
}

/// Secrets stay secret.
impl fmt::Debug for Activity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Activity")
            .field("kind", &self.kind)
            .field("state", &self.state)
            .field("details", &self.details)
            .field("party_id", &self.party_id)
            .finish_non_exhaustive()
    }
}

/// Paths of the catalog, and the fields that stand for them. What begins with a path is the field that begins so; the
/// others have the same name.
const FIELDS: [(&str, &str); 10] = [
    ("activity.timestamps.", "activity."),
    ("activity.assets.", "activity."),
    ("activity.party.size[0]", "activity.party_size"),
    ("activity.party.size[1]", "activity.party_max"),
    ("activity.party.", "activity.party_"),
    ("activity.secrets.join", "activity.join_secret"),
    ("activity.secrets.spectate", "activity.spectate_secret"),
    ("activity.secrets.match", "activity.match_secret"),
    ("activity.buttons[0].", "activity.button1_"),
    ("activity.buttons[1].", "activity.button2_"),
];

impl Activity<'_> {
    /// The arguments of SET_ACTIVITY that show it.
    ///
    /// # Errors
    /// [`crate::error::Status::Argument`], naming the field.
    pub fn args(&self) -> Result<Vec<u8>, Error> {
        if let unknown @ 1.. = self.supported_platforms >> PLATFORMS.len() {
            let bit = PLATFORMS.len() as u32 + unknown.trailing_zeros();
            return Err(Error::argument(format!("activity.supported_platforms: bit {bit} stands for no platform")));
        }
        self.secrets_differ()?;
        let mut args = Vec::with_capacity(512);
        Object::begin(&mut args).with("activity", |out| self.write(out)).end();
        let mut document = Document::new();
        let parsed = document.parse(&args).map_err(|error| Error::argument(format!("activity: {error}")));
        let checked = parsed.and_then(|()| match super::command("SET_ACTIVITY") {
            Some(row) => catalog::check(row, document.root()),
            None => Ok(()),
        });
        match checked {
            Ok(()) => Ok(args),
            Err(error) => {
                // A secret may be in it.
                args.fill(0);
                Err(self.named(&error))
            }
        }
    }

    /// Discord refuses an activity in which one secret stands for two things: who is handed it could not be told what for.
    fn secrets_differ(&self) -> Result<(), Error> {
        let (join, spectate, other) = (self.join_secret, self.spectate_secret, self.match_secret);
        let pairs =
            [("spectate_secret", spectate, join), ("match_secret", other, join), ("match_secret", other, spectate)];
        match pairs.into_iter().find(|(_, one, other)| !one.is_empty() && one == other) {
            Some((field, ..)) => Err(Error::argument(format!(
                "activity.{field}: the text of another secret given; each is one of its own"
            ))),
            None => Ok(()),
        }
    }

    /// The same error with the field's name in place of the path.
    fn named(&self, error: &Error) -> Error {
        let only_second = self.button1_label.is_empty() && self.button1_url.is_empty();
        let found = FIELDS.iter().find_map(|(path, field)| Some((error.message.strip_prefix(path)?, *field)));
        match found {
            Some((rest, "activity.button1_")) if only_second => Error::argument(format!("activity.button2_{rest}")),
            Some((rest, field)) => Error::argument(format!("{field}{rest}")),
            None => error.clone(),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        if self.kind != 0 {
            object = object.int("type", self.kind.into());
        }
        object = texts(
            object,
            &[
                ("name", self.name),
                ("state", self.state),
                ("state_url", self.state_url),
                ("details", self.details),
                ("details_url", self.details_url),
            ],
        );
        if self.status_display_type != 0 {
            object = object.int("status_display_type", self.status_display_type.into());
        }
        if self.start != 0 || self.end != 0 {
            object = object.with("timestamps", |out| {
                let mut object = Object::begin(out);
                for (name, moment) in [("start", self.start), ("end", self.end)] {
                    if moment != 0 {
                        object = object.int(name, moment);
                    }
                }
                object.end();
            });
        }
        object = group(
            object,
            "assets",
            &[
                ("large_image", self.large_image),
                ("large_text", self.large_text),
                ("large_url", self.large_url),
                ("small_image", self.small_image),
                ("small_text", self.small_text),
                ("small_url", self.small_url),
                ("invite_cover_image", self.invite_cover_image),
            ],
        );
        object = self.party(object);
        let secrets = [("join", self.join_secret), ("spectate", self.spectate_secret), ("match", self.match_secret)];
        object = group(object, "secrets", &secrets);
        object = self.buttons(object);
        if self.instance {
            object = object.bool("instance", true);
        }
        if self.supported_platforms != 0 {
            object = object.with("supported_platforms", |out| {
                let named = PLATFORMS.iter().enumerate().filter(|(bit, _)| self.supported_platforms & 1 << bit != 0);
                array(out, named, |out, (_, name)| push_str(out, name));
            });
        }
        object.end();
    }

    fn party<'o>(&self, object: Object<'o>) -> Object<'o> {
        let only_watched = !self.spectate_secret.is_empty() && self.join_secret.is_empty();
        let id = if only_watched { "" } else { self.party_id };
        // A negative one is written, to be refused.
        let (size, most) = (self.party_size, self.party_max);
        let sized = (size != 0 && most != 0) || size < 0 || most < 0;
        if id.is_empty() && !sized && self.party_privacy == 0 {
            return object;
        }
        object.with("party", |out| {
            let mut object = texts(Object::begin(out), &[("id", id)]);
            if sized {
                object = object.with("size", |out| array(out, [size, most], |out, count| push_int(out, count.into())));
            }
            if self.party_privacy != 0 {
                object = object.int("privacy", self.party_privacy.into());
            }
            object.end();
        })
    }

    fn buttons<'o>(&self, object: Object<'o>) -> Object<'o> {
        let given = [(self.button1_label, self.button1_url), (self.button2_label, self.button2_url)];
        let given = given.into_iter().filter(|(label, url)| !label.is_empty() || !url.is_empty());
        if given.clone().next().is_none() {
            return object;
        }
        object.with("buttons", |out| {
            array(out, given, |out, (label, url)| {
                texts(Object::begin(out), &[("label", label), ("url", url)]).end();
            });
        })
    }
}

/// The texts that are not empty.
fn texts<'o>(mut object: Object<'o>, given: &[(&str, &str)]) -> Object<'o> {
    for (name, text) in given {
        if !text.is_empty() {
            object = object.str(name, text);
        }
    }
    object
}

/// An object of the texts that are not empty, when there is one.
fn group<'o>(object: Object<'o>, name: &str, given: &[(&str, &str)]) -> Object<'o> {
    if given.iter().all(|(_, text)| text.is_empty()) {
        return object;
    }
    object.with(name, |out| texts(Object::begin(out), given).end())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shown(activity: Activity<'_>) -> Value {
        let args: Value = serde_json::from_slice(&activity.args().unwrap()).unwrap();
        args["activity"].clone()
    }

    fn refused(activity: Activity<'_>) -> String {
        activity.args().unwrap_err().message.into_owned()
    }

    #[test]
    fn every_field_has_its_place() {
        let activity = Activity {
            kind: 5,
            status_display_type: 2,
            name: "Name",
            state: "In a group \"☃\"",
            state_url: "https://a/state",
            details: "Capture",
            details_url: "https://a/details",
            start: 1_700_000_000,
            end: 1_700_000_600_000,
            large_image: "large",
            large_text: "Large",
            large_url: "https://a/large",
            small_image: "small",
            small_text: "Small",
            small_url: "https://a/small",
            invite_cover_image: "cover",
            party_id: "party",
            party_size: 2,
            party_max: 5,
            party_privacy: 1,
            join_secret: "j",
            spectate_secret: "s",
            match_secret: "m",
            instance: true,
            button1_label: "One",
            button1_url: "https://a/1",
            button2_label: "Two",
            button2_url: "https://a/2",
            supported_platforms: 0b1_0001_0001,
        };
        assert_eq!(
            shown(activity),
            json!({
                "type": 5, "status_display_type": 2, "name": "Name",
                "state": "In a group \"☃\"", "state_url": "https://a/state",
                "details": "Capture", "details_url": "https://a/details",
                "timestamps": {"start": 1_700_000_000, "end": 1_700_000_600_000_i64},
                "assets": {
                    "large_image": "large", "large_text": "Large", "large_url": "https://a/large",
                    "small_image": "small", "small_text": "Small", "small_url": "https://a/small",
                    "invite_cover_image": "cover"
                },
                "party": {"id": "party", "size": [2, 5], "privacy": 1},
                "secrets": {"join": "j", "spectate": "s", "match": "m"},
                "buttons": [{"label": "One", "url": "https://a/1"}, {"label": "Two", "url": "https://a/2"}],
                "instance": true,
                "supported_platforms": ["desktop", "android", "meta_quest"]
            })
        );
    }

    #[test]
    fn the_fields_are_all_that_the_catalog_knows() {
        let known: Vec<&str> = super::super::activity::ACTIVITY.fields.iter().map(|field| field.name).collect();
        let activity = Activity {
            kind: 2,
            status_display_type: 1,
            name: "n",
            state: "ss",
            state_url: "u",
            details: "dd",
            details_url: "u",
            start: 1,
            large_image: "l",
            party_privacy: 1,
            join_secret: "j",
            instance: true,
            button1_label: "b",
            button1_url: "u",
            supported_platforms: 1,
            ..Activity::default()
        };
        let shown = shown(activity);
        for name in known {
            assert!(!shown[name].is_null(), "{name} has no field");
        }
    }

    #[test]
    fn what_is_not_given_is_left_out() {
        assert_eq!(shown(Activity::default()), json!({}));
        let only_second = Activity { button2_label: "Two", button2_url: "https://a/2", ..Activity::default() };
        assert_eq!(shown(only_second), json!({"buttons": [{"label": "Two", "url": "https://a/2"}]}));
    }

    #[test]
    fn a_party_of_size_0_has_none_and_a_most_of_0_is_no_limit() {
        for (size, most, expected) in [
            (0, 0, json!({"id": "p"})),
            (0, 5, json!({"id": "p"})),
            (3, 0, json!({"id": "p"})),
            (3, 5, json!({"id": "p", "size": [3, 5]})),
        ] {
            let activity = Activity { party_id: "p", party_size: size, party_max: most, ..Activity::default() };
            assert_eq!(shown(activity)["party"], expected);
        }
        assert_eq!(shown(Activity { party_max: 5, ..Activity::default() }), json!({}));
    }

    #[test]
    fn the_party_id_is_not_for_spectate_invitations() {
        let watched = Activity { party_id: "p", spectate_secret: "s", ..Activity::default() };
        assert_eq!(shown(watched), json!({"secrets": {"spectate": "s"}}));
        let sized = Activity { party_size: 1, party_max: 2, ..watched };
        assert_eq!(shown(sized)["party"], json!({"size": [1, 2]}));
        let joined = Activity { join_secret: "j", ..watched };
        assert_eq!(shown(joined)["party"], json!({"id": "p"}));
    }

    #[test]
    fn a_refusal_names_the_field_and_tells_no_text() {
        let (long, secret) = ("x".repeat(300), "z".repeat(256));
        let default = Activity::default();
        for (activity, expected) in [
            (Activity { state: "x", ..default }, "activity.state: 2 to 128 characters expected, 1 given"),
            (Activity { details: &long, ..default }, "activity.details: 2 to 128 characters expected, 300 given"),
            (Activity { details_url: &long, ..default }, "activity.details_url: 1 to 256"),
            (Activity { kind: 4, ..default }, "activity.type: one of 0, 2, 3, 5 expected, 4 given"),
            (Activity { status_display_type: 3, ..default }, "activity.status_display_type: one of 0, 1, 2"),
            (Activity { start: -1, ..default }, "activity.start: "),
            (Activity { end: -1, ..default }, "activity.end: "),
            (Activity { large_text: "x", ..default }, "activity.large_text: 2 to 128"),
            (Activity { small_url: &long, ..default }, "activity.small_url: 1 to 256"),
            (Activity { party_id: &long, ..default }, "activity.party_id: 1 to 128"),
            (Activity { party_size: -1, ..default }, "activity.party_size: "),
            (Activity { party_size: 1, party_max: -1, ..default }, "activity.party_max: "),
            (Activity { party_privacy: 2, ..default }, "activity.party_privacy: one of 0, 1"),
            (
                Activity { join_secret: &secret, ..default },
                "activity.join_secret: 1 to 128 characters expected, 256 given",
            ),
            (Activity { spectate_secret: &secret, ..default }, "activity.spectate_secret: 1 to 128"),
            (Activity { match_secret: &secret, ..default }, "activity.match_secret: 1 to 128"),
            (
                Activity { join_secret: "zz", spectate_secret: "zz", ..default },
                "activity.spectate_secret: the text of another secret given",
            ),
            (Activity { button1_label: "x", ..default }, "activity.button1_url: "),
            (Activity { button2_url: "x", ..default }, "activity.button2_label: "),
            (
                Activity { button1_label: "x", button1_url: "u", button2_label: &long, button2_url: "u", ..default },
                "activity.button2_label: 1 to 32",
            ),
            (Activity { supported_platforms: 1 << 9, ..default }, "activity.supported_platforms: bit 9 "),
        ] {
            let sentence = refused(activity);
            assert!(sentence.starts_with(expected), "{sentence}");
            assert!(!sentence.contains("zz") && !sentence.contains("xx"), "{sentence}");
        }
    }

    #[test]
    fn texts_of_one_character_are_refused_and_characters_are_counted_not_bytes() {
        let snow = "☃".repeat(128);
        assert_eq!(shown(Activity { state: &snow, ..Activity::default() })["state"], snow);
        let more = "☃".repeat(129);
        assert!(refused(Activity { state: &more, ..Activity::default() }).ends_with("129 given"));
    }

    #[test]
    fn secrets_are_not_in_what_is_printed() {
        let activity =
            Activity { join_secret: "ssh", spectate_secret: "hush", match_secret: "quiet", ..Activity::default() };
        let printed = format!("{activity:?}");
        assert!(!["ssh", "hush", "quiet"].iter().any(|secret| printed.contains(secret)), "{printed}");
    }
}
