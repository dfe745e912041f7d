//! Snapshots: the world saved as one JSON object, and loaded in the world's place.
//!
//! What a snapshot holds is [`crate::world::State`], under the same names ([`crate::wire::host::snapshot`]): reading checks the
//! shape by the catalog and the rest by [`World::load`], so an error names the place in the file. Secrets (tokens, those of
//! applications and of activities) are in it only when they were asked for.

mod read;
mod write;

use super::{Cx, Door, Sink, objects};
use crate::error::{Error, Status};
use crate::value::{Document, Kind, Value};
use crate::wire::catalog::{Type, check_value};
use crate::wire::host::snapshot::{SNAPSHOT, VERSION};
use crate::wire::json::Object;
use crate::world::{State, World};

/// The close code of peers whose world was replaced: "service restart" in IANA's registry of WebSocket close codes. They
/// connect anew, and find the other one.
const CLOSE_RESTART: u16 = 1012;

/// A snapshot of a world, as JSON text.
pub fn save(world: &World, secrets: bool) -> Vec<u8> {
    let mut out = Vec::new();
    write::write(&mut out, &world.state(), secrets);
    out
}

/// Reads a snapshot's JSON.
///
/// # Errors
/// The sentence begins with the path of what is wrong: `guilds[0].name: a string expected, null given`.
pub fn load(text: &[u8]) -> Result<State, Error> {
    let mut document = Document::new();
    document.parse(text).map_err(|error| Error::argument(format!("a snapshot is JSON: {error}")))?;
    read(document.root(), text)
}

fn read(root: Value<'_>, source: &[u8]) -> Result<State, Error> {
    if root.kind() != Kind::Object {
        return Err(Error::argument("a snapshot is a JSON object"));
    }
    // Before the shapes, which another version may have changed.
    match root.member("snapshot").as_whole() {
        Some(version) if (1..=VERSION).contains(&version) => {}
        Some(other) => {
            let sentence = format!("snapshot: version 1 to {VERSION} expected, {other} given");
            return Err(Error::new(Status::Unsupported, sentence));
        }
        None => return Err(Error::argument("snapshot: the version of the format expected")),
    }
    check_value("", &Type::Object(&SNAPSHOT), root)?;
    read::state(root, source)
}

impl Door {
    /// SNAPSHOT_SAVE.
    pub(super) fn save_snapshot(
        &self,
        cx: &mut Cx<'_, impl Sink>,
        args: Value<'_>,
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        no_files(args)?;
        let saved = save(cx.world, args.member("secrets").as_bool().unwrap_or(false));
        Object::begin(reply).raw("snapshot", &saved).count("bytes", saved.len()).end();
        Ok(())
    }

    /// SNAPSHOT_LOAD: the world as saved and no peers, or an error and nothing.
    pub(super) fn load_snapshot(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        args: Value<'_>,
        source: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        no_files(args)?;
        let state = read(args.member("snapshot"), source)?;
        // Tried before anybody is sent away: after that there is no way back.
        World::restore(state.clone(), 0, NoEntropy)?;
        self.end_scenario(cx);
        let peers: Vec<u32> = self.peers.keys().copied().collect();
        for peer in &peers {
            self.close(cx, *peer, CLOSE_RESTART, "the world was replaced by another one");
        }
        cx.world.load(state)?;
        cx.out.reloaded(cx.now, cx.world);
        Object::begin(reply)
            .with("user", |out| objects::user(out, cx.world, cx.world.local_user()))
            .count("peers", peers.len())
            .end();
        Ok(())
    }
}

/// For worlds that nobody will ask for a token.
pub(super) struct NoEntropy;

impl crate::world::Entropy for NoEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// Files are the driver's: it takes the path out of the arguments before they come here.
pub(super) fn no_files(args: Value<'_>) -> Result<(), Error> {
    match args.member("path").is_none() {
        true => Ok(()),
        false => Err(Error::new(Status::Unsupported, "path: this server has no files")),
    }
}
