//! Scenarios: a world and what happens in it, written by hand as JSON.
//!
//! A file names things (`"users": {"ada": {..}}`) and refers to them wherever an id is expected (`"@ada"`, in the text of a
//! message `<@ada>`). It holds what is there from the start, and timed steps that play on it:
//!
//! ```json
//! {
//!   "scenario": 1,
//!   "users": {"ada": {"relationship": "FRIEND"}},
//!   "guilds": {"garden": {"members": {"me": {}, "ada": {}}, "channels": {"lobby": {"type": "GUILD_VOICE"}}}},
//!   "steps": [
//!     {"after": 1.5, "do": "VOICE_JOIN", "args": {"user_id": "@ada", "channel_id": "@lobby"}}
//!   ]
//! }
//! ```
//!
//! All of it comes down to host commands ([`crate::wire::host`]): an entry of a section is the arguments of the command that
//! makes such a thing, with a few members more. So this room knows the catalog and no world. [`Scenario::read`] checks as
//! much as can be known beforehand; [`Player`] says which command is due, and is told what came of it.
//!
//! The one thing to know before changing it: `docs/scenario.schema.json` is printed by [`schema()`] from the same tables.

mod entry;
mod names;
mod player;
mod read;
mod schema;
mod template;
mod timeline;

pub use player::{Call, Player};
pub use schema::schema;

use crate::error::Error;
use crate::value::Document;
use crate::wire::catalog::Row;
use names::Names;
use template::Template;
use timeline::Block;

/// The version of the format.
pub const VERSION: i64 = 1;

/// A file may be this long.
pub const MAX_BYTES: usize = 16 << 20;

/// A scenario that was read: the commands that it comes down to.
#[derive(Debug)]
pub struct Scenario {
    names: Names,
    setup: Vec<Action>,
    steps: Block,
}

/// One command of a scenario.
#[derive(Debug)]
struct Action {
    /// Where it stands in the file: `guilds.garden.channels.lobby`, `steps[3]`.
    path: Box<str>,
    row: &'static Row,
    args: Template,
    /// The name that it gives to what it makes.
    gives: Option<usize>,
}

impl Scenario {
    /// Reads a scenario's JSON.
    ///
    /// # Errors
    /// The sentence begins with the path of what is wrong: `steps[3].args.channel_id: there is no channel named "lobby"`.
    pub fn read(text: &[u8]) -> Result<Scenario, Error> {
        if text.len() > MAX_BYTES {
            return Err(Error::argument(format!("a scenario has {MAX_BYTES} bytes at most; {} given", text.len())));
        }
        let mut document = Document::new();
        document.parse(text).map_err(|error| Error::argument(format!("a scenario is JSON: {error}")))?;
        read::read(document.root(), text)
    }
}
