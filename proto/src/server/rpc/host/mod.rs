//! The host's own commands ([`crate::wire::host`]), and what the host is told.
//!
//! Most commands are one operation on the world ([`deed`]); the rest concern the door: who is connected, the scenario that
//! plays. The one thing to know before changing it: a command that fails has changed nothing.

mod deed;
pub(super) mod objects;
mod scenario;
pub mod snapshot;
mod state;
mod tell;

pub(super) use tell::Cause;

use self::deed::Deed;
use super::{CLOSE_NORMAL, Cx, Door, ROOM, Sink};
use crate::command::Command;
use crate::error::{Error, Status};
use crate::server::host::{arguments, conclude};
use crate::time::Instant;
use crate::value::{Document, Value};
use crate::wire::host;
use crate::world::{self, World};

impl From<world::Error> for Error {
    fn from(error: world::Error) -> Self {
        let status = match error {
            world::Error::BadClient | world::Error::BadGrant(_) | world::Error::BadToken => Status::Auth,
            _ => Status::Argument,
        };
        Error::new(status, error.to_string())
    }
}

impl Door {
    /// A command of the host program. Its outcome is a REPLY event when it has a tag; without one only a failure is
    /// told, as a log line.
    pub fn handle_command(&mut self, now: Instant, command: Command, world: &mut World, out: &mut impl Sink) {
        let cx = &mut Cx { now, world, out };
        let Command { name, args, tag, .. } = command;
        let mut reply = Vec::new();
        let done = self.carry_out(cx, &name, &args, &mut reply);
        conclude(ROOM, &name, tag, done.map(|()| &*reply), |event| cx.out.event(event));
    }

    /// Carries out a command, whose arguments are JSON text; writes its reply.
    fn carry_out(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        name: &str,
        args: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let mut doc = Document::new();
        let text = arguments(name, args, &mut doc)?;
        let args = doc.root();
        host::check(name, args)?;
        if let Some(deed) = Deed::read(cx.world, name, args, text) {
            let (changes, done) = deed?.carry_out(cx.world, cx.now)?;
            let reached = self.fan_out(cx, Cause::Host, &changes);
            return done.answer(cx.world, &changes, reached, reply);
        }
        match name {
            "STATE" => self.state(cx.world, args.member("parts"), reply),
            "PEER_CLOSE" => self.close_for_host(cx, args, reply)?,
            "SNAPSHOT_SAVE" => self.save_snapshot(cx, args, reply)?,
            "SNAPSHOT_LOAD" => self.load_snapshot(cx, args, text, reply)?,
            "SCENARIO_LOAD" => self.load_scenario(cx, args, text, reply)?,
            "SCENARIO_STOP" => self.stop_scenario(cx, reply)?,
            other => {
                let sentence = format!("{other}: in the catalog, but not carried out by this server");
                return Err(Error::new(Status::Unsupported, sentence));
            }
        }
        Ok(())
    }

    fn close_for_host(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        args: Value<'_>,
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let number = args.member("peer").as_whole().and_then(|peer| u32::try_from(peer).ok()).unwrap_or(0);
        let Some(peer) = self.peers.get(&number) else {
            return Err(Error::argument(format!("PEER_CLOSE: peer: there is no peer {number}")));
        };
        self.peer_state(reply, number, peer);
        let code = args.member("code").as_whole().and_then(|code| u16::try_from(code).ok()).unwrap_or(CLOSE_NORMAL);
        self.close(cx, number, code, args.member("message").as_str().unwrap_or_default());
        Ok(())
    }
}
