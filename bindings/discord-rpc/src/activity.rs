//! The struct as Discord's activity: the same members in the same order as discord-rpc writes them, each within what
//! Discord takes. A member that Discord would refuse, and the whole presence with it, is cut or left out. It is not
//! the core's typed activity: that one knows other rules and more members, and refuses what is mended here.

use std::borrow::Cow;
use std::ffi::c_char;

use gamebridge::proto::wire::json::{self, Object};

use crate::layout::DiscordRichPresence;
use crate::text::{bytes, legible};

/// Bytes of a text for people, and of a party's id.
const TEXT: usize = 128;
/// Bytes of an uploaded picture's key.
const KEY: usize = 32;
/// Characters of a link in a key's place, which Discord takes today and the limit of keys was not made for.
const LINK: usize = 313;
/// Bytes of a secret.
const SECRET: usize = 128;

/// Writes the activity as JSON.
///
/// # Safety
/// Every text of the presence is NULL, or ends with a NUL, or is at least as long as its limit.
pub unsafe fn write(out: &mut Vec<u8>, presence: &DiscordRichPresence) {
    // SAFETY: the caller vouches for the texts.
    let line = |text| unsafe { line(text) };
    // SAFETY: likewise.
    let (key, secret) = (|text| unsafe { key(text) }, |text| unsafe { secret(text) });
    let mut activity = Object::begin(out);
    activity = member(activity, "state", &line(presence.state));
    activity = member(activity, "details", &line(presence.details));

    let moment = |seconds: i64| (seconds > 0).then_some(seconds);
    let (start, end) = (moment(presence.start_timestamp), moment(presence.end_timestamp));
    if start.is_some() || end.is_some() {
        activity = activity.with("timestamps", |out| {
            let mut timestamps = Object::begin(out);
            for (name, moment) in [("start", start), ("end", end)] {
                if let Some(seconds) = moment {
                    timestamps = timestamps.int(name, seconds);
                }
            }
            timestamps.end();
        });
    }
    let assets = [
        ("large_image", key(presence.large_image_key)),
        ("large_text", line(presence.large_image_text)),
        ("small_image", key(presence.small_image_key)),
        ("small_text", line(presence.small_image_text)),
    ];
    activity = group(activity, "assets", &assets);
    activity = party(activity, presence);
    // Discord refuses a text that is two secrets: what was meant first stays.
    let join = secret(presence.join_secret);
    let spectate = Some(secret(presence.spectate_secret)).filter(|text| *text != join).unwrap_or_default();
    let of_match = secret(presence.match_secret);
    let of_match = Some(of_match).filter(|text| *text != join && *text != spectate).unwrap_or_default();
    let secrets = [("match", of_match), ("join", join), ("spectate", spectate)];
    activity = group(activity, "secrets", &secrets);
    activity.bool("instance", presence.instance != 0).end();
}

fn party<'o>(activity: Object<'o>, presence: &DiscordRichPresence) -> Object<'o> {
    // SAFETY: as for `write`, whose presence it is.
    let id = unsafe { legible(bytes(presence.party_id, TEXT), TEXT) };
    // A size or a greatest size of 0 stands for none; less than that is a slip.
    let size = (presence.party_size > 0 && presence.party_max > 0).then_some([presence.party_size, presence.party_max]);
    let privacy = privacy(presence);
    if id.is_empty() && size.is_none() && privacy.is_none() {
        return activity;
    }
    activity.with("party", |out| {
        let mut party = member(Object::begin(out), "id", &id);
        if let Some([size, most]) = size {
            party = party.with("size", |out| {
                out.push(b'[');
                json::push_int(out, size.into());
                out.push(b',');
                json::push_int(out, most.into());
                out.push(b']');
            });
        }
        if let Some(privacy) = privacy {
            party = party.int("privacy", privacy);
        }
        party.end();
    })
}

#[cfg(feature = "party-privacy")]
fn privacy(presence: &DiscordRichPresence) -> Option<i64> {
    // 0, private, is what is meant when nothing is said.
    (presence.party_privacy == 1).then_some(1)
}

#[cfg(not(feature = "party-privacy"))]
fn privacy(_: &DiscordRichPresence) -> Option<i64> {
    None
}

fn member<'o>(object: Object<'o>, name: &str, text: &str) -> Object<'o> {
    if text.is_empty() { object } else { object.str(name, text) }
}

fn group<'o>(object: Object<'o>, name: &str, members: &[(&str, Cow<'_, str>)]) -> Object<'o> {
    if members.iter().all(|(_, text)| text.is_empty()) {
        return object;
    }
    object.with(name, |out| {
        members.iter().fold(Object::begin(out), |inner, (name, text)| member(inner, name, text)).end()
    })
}

/// A text for people. Discord takes 2 characters at least.
///
/// # Safety
/// As for [`write`].
unsafe fn line<'a>(text: *const c_char) -> Cow<'a, str> {
    // SAFETY: the caller vouches for it.
    let text = legible(unsafe { bytes(text, TEXT) }, TEXT);
    if text.chars().nth(1).is_some() { text } else { Cow::Borrowed("") }
}

/// A picture's key, or a link.
///
/// # Safety
/// As for [`write`].
unsafe fn key<'a>(text: *const c_char) -> Cow<'a, str> {
    // SAFETY: the caller vouches for it.
    let start = unsafe { bytes(text, KEY) };
    let is_link = [&b"https://"[..], b"http://", b"mp:"].iter().any(|scheme| start.starts_with(scheme));
    if start.len() < KEY || !is_link {
        return legible(start, KEY);
    }
    // A link that is cut leads nowhere: one that is too long is left out.
    // SAFETY: a program that puts a link here ends it.
    match std::str::from_utf8(unsafe { bytes(text, 4 * LINK + 1) }) {
        Ok(link) if link.chars().nth(LINK).is_none() => Cow::Borrowed(link),
        _ => Cow::Borrowed(""),
    }
}

/// A secret. One that is cut or mended would lead a friend's game astray: such a one is left out.
///
/// # Safety
/// As for [`write`], with a byte more.
unsafe fn secret<'a>(text: *const c_char) -> Cow<'a, str> {
    // SAFETY: the caller vouches for it.
    match std::str::from_utf8(unsafe { bytes(text, SECRET + 1) }) {
        Ok(secret) if secret.len() <= SECRET => Cow::Borrowed(secret),
        _ => Cow::Borrowed(""),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;

    use super::*;

    fn written(fill: impl FnOnce(&mut DiscordRichPresence)) -> String {
        // SAFETY: NULLs and zeros are valid in every field.
        let mut presence: DiscordRichPresence = unsafe { std::mem::zeroed() };
        fill(&mut presence);
        let mut out = Vec::new();
        // SAFETY: the tests' texts end with a NUL.
        unsafe { write(&mut out, &presence) };
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_empty_presence_is_an_activity_all_the_same() {
        assert_eq!(written(|_| ()), r#"{"instance":false}"#);
    }

    #[test]
    fn every_member_stands_where_discord_reads_it() {
        let expected = concat!(
            r#"{"state":"In a group","details":"Capture the flag","timestamps":{"start":1,"end":2},"#,
            r#""assets":{"large_image":"lk","large_text":"lt","small_image":"sk","small_text":"st"},"#,
            r#""party":{"id":"party","size":[3,6]},"secrets":{"match":"m","join":"j","spectate":"s"},"instance":true}"#
        );
        let json = written(|presence| {
            presence.state = c"In a group".as_ptr();
            presence.details = c"Capture the flag".as_ptr();
            (presence.start_timestamp, presence.end_timestamp) = (1, 2);
            (presence.large_image_key, presence.large_image_text) = (c"lk".as_ptr(), c"lt".as_ptr());
            (presence.small_image_key, presence.small_image_text) = (c"sk".as_ptr(), c"st".as_ptr());
            (presence.party_id, presence.party_size, presence.party_max) = (c"party".as_ptr(), 3, 6);
            presence.match_secret = c"m".as_ptr();
            (presence.join_secret, presence.spectate_secret) = (c"j".as_ptr(), c"s".as_ptr());
            presence.instance = 1;
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn what_discord_would_refuse_is_cut_or_left_out() {
        let long = CString::new("k".repeat(400)).unwrap();
        let link = CString::new(format!("https://example.com/{}", "p".repeat(200))).unwrap();
        let endless = CString::new(format!("https://example.com/{}", "p".repeat(400))).unwrap();
        type Fill<'f> = &'f dyn Fn(&mut DiscordRichPresence);
        let table: &[(Fill<'_>, &str)] = &[
            (&|p| p.state = c"x".as_ptr(), ""),
            (&|p| p.details = c"\xc3\xa9".as_ptr(), ""),
            (&|p| p.large_image_text = c"x".as_ptr(), ""),
            (&|p| p.start_timestamp = -5, ""),
            (&|p| (p.start_timestamp, p.end_timestamp) = (0, 7), r#""timestamps":{"end":7},"#),
            (&|p| p.party_size = 3, ""),
            (&|p| p.party_max = 3, ""),
            (&|p| (p.party_size, p.party_max) = (-1, 3), ""),
            (&|p| p.join_secret = long.as_ptr(), ""),
            (&|p| p.join_secret = c"a\xff".as_ptr(), ""),
            (&|p| p.large_image_key = endless.as_ptr(), ""),
        ];
        for (row, (fill, expected)) in table.iter().enumerate() {
            assert_eq!(written(fill), format!("{{{expected}\"instance\":false}}"), "row {row}");
        }
        let twice = |p: &mut DiscordRichPresence| {
            (p.join_secret, p.spectate_secret, p.match_secret) = (c"one".as_ptr(), c"one".as_ptr(), c"one".as_ptr());
        };
        assert_eq!(written(twice), r#"{"secrets":{"join":"one"},"instance":false}"#);
        let cut = |name: &str, length| format!("\"{name}\":\"{}\"", "k".repeat(length));
        assert!(written(|p| p.state = long.as_ptr()).contains(&cut("state", 128)));
        assert!(written(|p| p.party_id = long.as_ptr()).contains(&cut("id", 128)));
        assert!(written(|p| p.small_image_key = long.as_ptr()).contains(&cut("small_image", 32)));
        assert!(written(|p| p.large_image_key = link.as_ptr()).contains(link.to_str().unwrap()));
    }

    #[cfg(feature = "party-privacy")]
    #[test]
    fn a_public_party_says_so() {
        assert_eq!(written(|p| p.party_privacy = 1), r#"{"party":{"privacy":1},"instance":false}"#);
        assert_eq!(written(|p| p.party_privacy = 0), r#"{"instance":false}"#);
    }
}
