//! Commands that wait: for a guild to be reachable again, or for a voice server.
//!
//! Whatever changes the world, the waits are looked at before anybody hears of the change, so that a reply goes out before
//! what it came with. At its deadline a wait is refused, and an attempt to join that it had begun is undone; also when
//! its peer leaves. A peer may have [`super::Limits::waiting`] of them.

use std::time::Duration;

use super::commands::{Call, Effect, Joined, Manner, Reply, allowed, join, joined, visible, write_channel};
use super::refusal::Refusal;
use super::{Cx, Door, Sink, envelope};
use crate::time::Instant;
use crate::wire::catalog::Row;
use crate::wire::ipc::Opcode;
use crate::wire::rpc::ErrorCode;
use crate::world::{Changes, ChannelId, GuildId, Operation, World};

/// The longest that anybody waits, whatever `timeout` says; as long as a client waits for a reply.
const LONGEST: Duration = Duration::from_secs(600);

/// A command whose reply is owed.
#[derive(Debug)]
pub(super) struct Wait {
    pub(super) peer: u32,
    pub(super) until: Instant,
    row: &'static Row,
    /// As the peer spelled it.
    cmd: Box<str>,
    nonce: Box<[u8]>,
    aim: Aim,
}

/// What is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Aim {
    /// GET_GUILD: the guild.
    Guild(GuildId),
    /// SELECT_TEXT_CHANNEL: the guild of this channel.
    Text(ChannelId),
    /// SELECT_VOICE_CHANNEL: the guild of this channel; it will be joined then.
    VoiceGuild(ChannelId, Manner),
    /// SELECT_VOICE_CHANNEL: a voice server. `ours` is whether a peer's command began the attempt; one that the user began
    /// goes on.
    VoiceServer { channel: ChannelId, manner: Manner, ours: bool },
}

impl Aim {
    fn timed_out(self) -> Refusal {
        match self {
            Aim::Guild(_) => Refusal::new(ErrorCode::GetGuildTimedOut, "the guild did not become available in time"),
            Aim::Text(_) | Aim::VoiceGuild(..) => {
                Refusal::new(ErrorCode::SelectChannelTimedOut, "the channel's guild did not become available in time")
            }
            Aim::VoiceServer { .. } => {
                Refusal::new(ErrorCode::SelectChannelTimedOut, "no voice server became available in time")
            }
        }
    }
}

/// How a wait stands.
enum Outcome {
    /// It goes on, perhaps for something else.
    Waits(Aim, Vec<Changes>),
    /// The reply's data was written.
    Written(Vec<Changes>),
}

impl Door {
    /// Lets a command wait for as long as its `timeout` says, `default` unless it says anything.
    ///
    /// # Errors
    /// What it would be refused with at the deadline, when it has no time, or the peer waits for too much already.
    pub(super) fn wait(&self, now: Instant, call: Call<'_>, default: Duration, aim: Aim) -> Result<Effect, Refusal> {
        let asked = call.args.member("timeout").as_whole().map(|seconds| Duration::from_secs(seconds.max(0) as u64));
        let patience = asked.unwrap_or(default).min(LONGEST);
        let (peer, most) = (call.caller.peer, self.config.limits.waiting);
        if patience.is_zero() {
            return Err(aim.timed_out());
        }
        if self.waits.iter().filter(|wait| wait.peer == peer).count() >= most {
            let sentence = format!("{most} commands of this connection wait already");
            return Err(Refusal { message: sentence.into(), ..aim.timed_out() });
        }
        let cmd = call.root.member("cmd").as_str().unwrap_or(call.row.name).into();
        let wait = Wait { peer, until: now + patience, row: call.row, cmd, nonce: call.nonce.into(), aim };
        Ok(Effect { reply: Reply::Waits(wait), ..Effect::default() })
    }

    /// Whether a peer's command began the attempt to join that is under way.
    pub(super) fn began_joining(&self, id: ChannelId) -> bool {
        self.waits.iter().any(|wait| matches!(wait.aim, Aim::VoiceServer { channel, ours: true, .. } if channel == id))
    }

    /// Answers whoever waited for what is there now; what that changed, and who did it, is to be told.
    pub(super) fn settle_waits(&mut self, cx: &mut Cx<'_, impl Sink>) -> Vec<(u32, Changes)> {
        let mut followed = Vec::new();
        let mut at = 0;
        while at < self.waits.len() {
            let Wait { peer, aim, .. } = self.waits[at];
            let mut frame = std::mem::take(&mut self.frame);
            envelope::reply_begin(&mut frame, &self.waits[at].cmd);
            match self.progress(cx.now, cx.world, at, &mut frame) {
                Ok(Outcome::Waits(now, changes)) => {
                    self.waits[at].aim = now;
                    followed.extend(changes.into_iter().map(|changes| (peer, changes)));
                    at += 1;
                }
                Ok(Outcome::Written(changes)) => {
                    envelope::reply_end(&mut frame, &self.waits.remove(at).nonce);
                    cx.out.send(peer, Opcode::Frame, &frame);
                    followed.extend(changes.into_iter().map(|changes| (peer, changes)));
                }
                Err(refusal) => {
                    let wait = self.waits.remove(at);
                    envelope::error(&mut frame, &wait.cmd, &refusal, &wait.nonce);
                    cx.out.send(peer, Opcode::Frame, &frame);
                    followed.extend(self.undo(cx, aim).map(|changes| (peer, changes)));
                }
            }
            self.frame = frame;
        }
        followed
    }

    fn progress(&self, now: Instant, world: &mut World, at: usize, data: &mut Vec<u8>) -> Result<Outcome, Refusal> {
        let Wait { peer, row, aim, .. } = self.waits[at];
        let caller = self.peers.get(&peer).and_then(|known| known.caller());
        let caller = caller.ok_or_else(|| aim.timed_out())?;
        // The token may be another one by now.
        caller.permit(row.name, row.scopes)?;
        let changes = match aim {
            Aim::Guild(id) => {
                let guild = joined(world, id)?;
                if !guild.available {
                    return Ok(Outcome::Waits(aim, Vec::new()));
                }
                super::objects::guild(data, self.view(world), guild);
                return Ok(Outcome::Written(Vec::new()));
            }
            Aim::Text(id) | Aim::VoiceGuild(id, _) if !allowed(world, id)?.1 => {
                return Ok(Outcome::Waits(aim, Vec::new()));
            }
            Aim::Text(id) => vec![world.apply(now, Operation::SelectTextChannel(Some(id)))?],
            Aim::VoiceGuild(id, manner) => match join(now, world, id, manner)? {
                Joined::In(changes) => changes,
                Joined::Waits { changes, ours } => {
                    let ours = ours || self.began_joining(id);
                    return Ok(Outcome::Waits(Aim::VoiceServer { channel: id, manner, ours }, changes));
                }
            },
            Aim::VoiceServer { channel, manner, .. } => {
                if world.voice_channel() == Some(channel) {
                    match join(now, world, channel, manner)? {
                        Joined::In(changes) | Joined::Waits { changes, .. } => changes,
                    }
                } else if world.joining() == Some(channel) {
                    return Ok(Outcome::Waits(aim, Vec::new()));
                } else {
                    let sentence = "the attempt to join was given up: the user left, or went elsewhere";
                    return Err(Refusal::new(ErrorCode::SelectChannelTimedOut, sentence));
                }
            }
        };
        if let Aim::Text(id) | Aim::VoiceGuild(id, _) | Aim::VoiceServer { channel: id, .. } = aim {
            write_channel(data, self.view(world), caller, visible(world, id)?);
        }
        Ok(Outcome::Written(changes))
    }

    /// Refuses whoever waited too long.
    pub(super) fn expire_waits(&mut self, cx: &mut Cx<'_, impl Sink>) {
        self.refuse_waits(cx, cx.now);
    }

    /// Refuses whoever would wait no longer than until then.
    pub(super) fn refuse_waits(&mut self, cx: &mut Cx<'_, impl Sink>, until: Instant) {
        let next = |waits: &[Wait]| {
            let (at, wait) = waits.iter().enumerate().min_by_key(|(_, wait)| wait.until)?;
            (wait.until <= until).then_some(at)
        };
        while let Some(at) = next(&self.waits) {
            let wait = self.waits.remove(at);
            let mut frame = std::mem::take(&mut self.frame);
            envelope::error(&mut frame, &wait.cmd, &wait.aim.timed_out(), &wait.nonce);
            cx.out.send(wait.peer, Opcode::Frame, &frame);
            self.frame = frame;
            if let Some(changes) = self.undo(cx, wait.aim) {
                self.fan_out(cx, wait.peer, &changes);
            }
        }
    }

    /// Drops the waits of a peer that left.
    pub(super) fn abandon_waits(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32) {
        while let Some(at) = self.waits.iter().position(|wait| wait.peer == peer) {
            let wait = self.waits.remove(at);
            if let Some(changes) = self.undo(cx, wait.aim) {
                self.fan_out(cx, peer, &changes);
            }
        }
    }

    /// Ends an attempt to join that a command had begun, once nobody waits for it.
    fn undo(&self, cx: &mut Cx<'_, impl Sink>, aim: Aim) -> Option<Changes> {
        let Aim::VoiceServer { channel, ours: true, .. } = aim else { return None };
        if cx.world.joining() != Some(channel) || self.began_joining(channel) {
            return None;
        }
        let user = cx.world.local_user().id;
        cx.world.apply(cx.now, Operation::LeaveVoice(user)).ok()
    }
}
