//! Members: who comes into a guild, how they are there, and who leaves.

use super::guild::replace;
use super::{Change, Changes, Error, GuildId, Member, MemberEdit, UserId, World, limits, name};
use crate::time::Instant;

impl World {
    /// Whether so many more members fit into the world.
    pub(super) fn room_for_members(&self, more: usize) -> Result<(), Error> {
        let there: usize = self.guilds.values().map(|guild| guild.members.len()).sum();
        limits::room("members of all guilds", there + more.saturating_sub(1), limits::MEMBERSHIPS)
    }

    pub(super) fn join_guild(
        &mut self,
        now: Instant,
        id: GuildId,
        user: UserId,
        out: &mut Changes,
    ) -> Result<(), Error> {
        self.known_user(user)?;
        if self.reached_guild(id)?.members.contains_key(&user) {
            return Ok(());
        }
        self.room_for_members(1)?;
        let joined_ms = self.unix_ms(now);
        let member = Member { user, nick: None, roles: Vec::new(), joined_ms, mute: false, deaf: false };
        let Some(guild) = self.guilds.get_mut(&id) else { return Err(Error::UnknownGuild(id)) };
        guild.members.insert(user, member);
        if user == self.local_user {
            out.push(Change::GuildCreated(id));
        }
        out.push(Change::MemberJoined { guild: id, user });
        Ok(())
    }

    pub(super) fn leave_guild(&mut self, id: GuildId, user: UserId, out: &mut Changes) -> Result<(), Error> {
        self.known_user(user)?;
        let guild = self.reached_guild(id)?;
        if !guild.members.contains_key(&user) {
            return Err(Error::NotAMember(user));
        }
        if guild.owner == user {
            return Err(Error::Invalid("user_id: the owner can't leave; another owner or DELETE is needed".into()));
        }
        let local = user == self.local_user;
        let here = |channel| self.channel(channel).is_some_and(|channel| channel.guild == Some(id));
        let waiting = self.voice.joining.filter(|_| local);
        let (in_voice, looking) = (
            self.voice_state(user).map(|state| state.channel).or(waiting).is_some_and(here),
            local && self.text_channel.is_some_and(here),
        );
        if in_voice {
            self.put_out_of_voice(user, out);
        }
        if looking {
            self.text_channel = None;
            out.push(Change::TextChannelSelected(None));
        }
        if let Some(guild) = self.guilds.get_mut(&id) {
            guild.members.remove(&user);
        }
        out.push(Change::MemberLeft { guild: id, user });
        if local {
            out.push(Change::GuildDeleted(id));
        }
        Ok(())
    }

    pub(super) fn edit_member(
        &mut self,
        id: GuildId,
        user: UserId,
        edit: MemberEdit,
        out: &mut Changes,
    ) -> Result<(), Error> {
        let MemberEdit { nick, roles, mute, deaf } = edit;
        let guild = self.reached_guild(id)?;
        let known = guild.members.get(&user).ok_or(Error::NotAMember(user))?;
        let mut member = known.clone();
        replace(
            &mut member.nick,
            nick.map(|nick| nick.map(|nick| name::shown("nick", &nick)).transpose()).transpose()?,
        );
        replace(&mut member.roles, roles);
        replace(&mut member.mute, mute);
        replace(&mut member.deaf, deaf);
        guild.check_roles(&mut member)?;
        if member == *known {
            return Ok(());
        }
        let shown = (&member.nick, member.mute, member.deaf) != (&known.nick, known.mute, known.deaf);
        let muted = member.mute;
        let channel = self.voice_state(user).map(|state| state.channel);
        let channel = channel.filter(|channel| self.channel(*channel).is_some_and(|channel| channel.guild == Some(id)));
        let was_suppressed = channel.is_some_and(|channel| self.is_suppressed(user, channel));
        if let Some(guild) = self.guilds.get_mut(&id) {
            guild.members.insert(user, member);
        }
        out.push(Change::MemberChanged { guild: id, user });
        if let Some(channel) = channel {
            let suppressed = self.is_suppressed(user, channel);
            if muted || suppressed {
                self.hush(user, out);
            }
            if shown || suppressed != was_suppressed {
                out.push(Change::VoiceChanged { channel, user });
            }
        }
        Ok(())
    }
}

impl super::Guild {
    /// Whether a member's roles are all there; puts them in order, each once.
    pub(super) fn check_roles(&self, member: &mut Member) -> Result<(), Error> {
        member.roles.sort_unstable();
        member.roles.dedup();
        match member.roles.iter().find(|role| !self.roles.contains_key(role) || **role == self.everyone()) {
            Some(role) => Err(Error::UnknownRole(*role)),
            None => Ok(()),
        }
    }
}
