//! A message's text in parts, and in plain words.
//!
//! The reference shows `content_parsed` with parts of the type "text" alone; which others there are is ours to say, after
//! the formats of messages that Discord documents: "mention", "channel", "role", "emoji", "url", "code" and "codeBlock".
//! A part's `content` is what a person reads: names, not ids.

use std::borrow::Cow;

use super::View;
use crate::wire::json::{Object, array};
use crate::world::{ChannelId, GuildId, RoleId, UserId};

/// What a part is, by its name on the wire.
type Kind = &'static str;

const TEXT: Kind = "text";

/// Writes the parts: `[{"type":"text","content":".."}, ..]`.
pub(super) fn parsed(out: &mut Vec<u8>, view: View<'_>, guild: Option<GuildId>, content: &str) {
    array(out, parts(view, guild, content), |out, (kind, content)| {
        Object::begin(out).str("type", kind).str("content", &content).end();
    });
}

/// The text as a notification shows it: with names where it has ids.
pub(super) fn plain(view: View<'_>, guild: Option<GuildId>, content: &str) -> String {
    parts(view, guild, content).into_iter().map(|(_, content)| content).collect()
}

fn parts<'c>(view: View<'_>, guild: Option<GuildId>, content: &'c str) -> Vec<(Kind, Cow<'c, str>)> {
    let mut parts = Vec::new();
    let (mut rest, mut text) = (content, 0);
    while text < rest.len() {
        let (before, here) = rest.split_at(text);
        match special(view, guild, here, before.chars().next_back()) {
            Some((kind, shown, length)) => {
                if !before.is_empty() {
                    parts.push((TEXT, before.into()));
                }
                parts.push((kind, shown));
                (rest, text) = (&here[length..], 0);
            }
            None => text += here.chars().next().map_or(1, char::len_utf8),
        }
    }
    if !rest.is_empty() {
        parts.push((TEXT, rest.into()));
    }
    parts
}

/// What begins here and is no plain text: its kind, how it is shown, and its length.
fn special<'c>(
    view: View<'_>,
    guild: Option<GuildId>,
    here: &'c str,
    before: Option<char>,
) -> Option<(Kind, Cow<'c, str>, usize)> {
    match here.as_bytes()[0] {
        b'<' => bracketed(view, guild, here),
        b'`' => {
            let fence = if here.starts_with("```") { "```" } else { "`" };
            let inside = &here[fence.len()..];
            let length = inside.find(fence).filter(|length| *length > 0)?;
            let kind = if fence.len() == 3 { "codeBlock" } else { "code" };
            Some((kind, inside[..length].into(), length + 2 * fence.len()))
        }
        b'@' => {
            let word = ["@everyone", "@here"].into_iter().find(|word| here.starts_with(word))?;
            Some(("mention", word.into(), word.len()))
        }
        b'h' if !before.is_some_and(char::is_alphanumeric) => {
            let scheme = ["https://", "http://"].into_iter().find(|scheme| here.starts_with(scheme))?;
            let end = here.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>')).unwrap_or(here.len());
            let url = here[..end].trim_end_matches(['.', ',', ':', ';', '!', '?', ')', '"', '\'']);
            (url.len() > scheme.len()).then(|| ("url", url.into(), url.len()))
        }
        _ => None,
    }
}

/// `<@id>`, `<@!id>`, `<#id>`, `<@&id>`, `<:name:id>`, `<a:name:id>`, as far as what they name is known.
fn bracketed<'c>(view: View<'_>, guild: Option<GuildId>, here: &'c str) -> Option<(Kind, Cow<'c, str>, usize)> {
    let end = here.find('>')?;
    let inside = &here[1..end];
    let id = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u64>().ok())?;
    let found = if let Some(role) = inside.strip_prefix("@&") {
        let role = view.world.guild(guild?)?.roles.get(&RoleId::from(id(role)?))?;
        ("role", format!("@{}", role.name).into())
    } else if let Some(user) = inside.strip_prefix('@') {
        let user = UserId::from(id(user.strip_prefix('!').unwrap_or(user))?);
        view.world.user(user)?;
        ("mention", format!("@{}", view.world.nick(user, guild)).into())
    } else if let Some(channel) = inside.strip_prefix('#') {
        // A channel that the local user can't see keeps its name to itself.
        let channel = ChannelId::from(id(channel)?);
        let known = view.world.channel(channel)?;
        view.world.sees(view.world.local_user().id, channel).then_some(())?;
        ("channel", format!("#{}", known.name).into())
    } else {
        let (name, number) = inside.strip_prefix('a').unwrap_or(inside).strip_prefix(':')?.split_once(':')?;
        id(number)?;
        let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        named.then(|| ("emoji", format!(":{name}:").into()))?
    };
    Some((found.0, found.1, end + 1))
}
