//! Whom a message names (`message_formats` in the inventory of cross-cutting facts): `<@id>`, `<@!id>`, `<@&id>`,
//! `@everyone` and `@here`.

use super::{Channel, Permissions, RoleId, UserId, World};

#[derive(Debug, Default, PartialEq)]
pub(super) struct Mentions {
    pub(super) users: Vec<UserId>,
    pub(super) roles: Vec<RoleId>,
    pub(super) everyone: bool,
}

impl World {
    /// Users that exist; roles of the guild and everyone as far as this author may name them. Each once, in order.
    pub(super) fn mentions(&self, channel: &Channel, author: UserId, content: &str) -> Mentions {
        let mut mentions = Mentions::default();
        if !content.contains('@') {
            return mentions;
        }
        let guild = channel.guild.and_then(|guild| self.guild(guild));
        let may = self.permissions_in(author, channel.id).contains(Permissions::MENTION_EVERYONE);
        mentions.everyone = guild.is_some() && may && (content.contains("@everyone") || content.contains("@here"));
        for part in content.split("<@").skip(1) {
            let Some((inner, _)) = part.split_once('>') else { continue };
            if let Some(role) = inner.strip_prefix('&').and_then(number) {
                let role = RoleId::from(role);
                let named = guild.filter(|guild| role != guild.everyone()).and_then(|guild| guild.roles.get(&role));
                if named.is_some_and(|named| named.mentionable || may) && !mentions.roles.contains(&role) {
                    mentions.roles.push(role);
                }
            } else if let Some(user) = number(inner.strip_prefix('!').unwrap_or(inner)) {
                let user = UserId::from(user);
                if self.user(user).is_some() && !mentions.users.contains(&user) {
                    mentions.users.push(user);
                }
            }
        }
        mentions
    }
}

/// An id as it is written: decimal digits and nothing else.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
