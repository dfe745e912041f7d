//! What the program asks of its own connection, of which nothing is sent: how its shards are, its sessions, what was seen.

use super::reshard::Reshard;
use super::session::{self, Session};
use super::shard::{End, KEEP, Shard};
use super::{Client, Sink, answer, reply};
use crate::cache;
use crate::command::Command;
use crate::error::{Error, Status};
use crate::event::Flags;
use crate::time::Instant;
use crate::wire::json::{Object, array};

impl Client {
    /// Does what the command says, if nothing is sent for it; else gives it back.
    pub(super) fn answer_here(&mut self, now: Instant, command: Command, out: &mut impl Sink) -> Option<Command> {
        match &*command.name {
            "GET_SHARDS" => self.tell_shards(now, &command, out),
            "GET_SESSION" => answer(out, &command, &self.sessions()),
            "SUSPEND" => self.suspend(&command, out),
            "RESHARD" => self.reshard(now, command, out),
            "TAKE_OVER" => self.release(now, &command, out),
            name if cache::takes(name) => self.tell_cached(&command, out),
            _ => return Some(command),
        }
        None
    }

    /// What was seen, as far as it is kept.
    fn tell_cached(&self, command: &Command, out: &mut impl Sink) {
        let off = || Error::new(Status::State, "nothing is kept: connect with cache_bytes");
        match self.shared.cache.as_ref().ok_or_else(off).and_then(|cache| cache.ask(&command.name, &command.args)) {
            Ok(data) => answer(out, command, &data),
            Err(error) => reply(out, &command.name, command.tag, error.status, &error.message),
        }
    }

    /// Ends the connection and leaves its sessions, for this process or the next to resume.
    fn suspend(&mut self, command: &Command, out: &mut impl Sink) {
        let data = self.sessions();
        answer(out, command, &data);
        let end = End { status: Status::Ok, code: 0, flags: Flags::default(), why: "suspended".to_owned() };
        self.finish(&end, self.first_number(), KEEP, out);
    }

    fn sessions(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let sessions: Vec<Session> = match self.shards.is_empty() {
            // Nothing was begun: those that were given are still good.
            true => self.shared.config.sessions.clone(),
            false => self.shards[self.set.clone()].iter().filter_map(Shard::session).collect(),
        };
        session::write(&mut out, self.shared.config.dialect.version(), sessions.iter());
        out
    }

    fn tell_shards(&self, now: Instant, command: &Command, out: &mut impl Sink) {
        let mut data = Vec::new();
        Object::begin(&mut data)
            .with("shards", |out| {
                let new = self.reshard.as_ref().map_or(0..0, Reshard::places);
                let shards = self.shards[self.set.clone()].iter().chain(&self.shards[new]);
                array(out, shards, |out, shard| shard.snapshot().write(out));
            })
            .int("identifies_left", self.shared.budget.left(now) as i64)
            .end();
        answer(out, command, &data);
    }
}
