//! Scenarios on the door: loading one, and playing its steps in time ([`crate::scenario`]).

use super::deed::Deed;
use super::{Cause, Cx, Door, Sink};
use crate::error::{Error, Status};
use crate::event::{Event, EventType};
use crate::scenario::{Call, Player, Scenario};
use crate::time::Instant;
use crate::value::{Document, Value};
use crate::wire::json::Object;

/// Steps that are carried out at once, when many are due; then others have their turn.
const MOST_AT_ONCE: usize = 64;

impl Door {
    /// SCENARIO_LOAD: all of its setup, or an error and nothing.
    pub(super) fn load_scenario(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        args: Value<'_>,
        source: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if !args.member("path").is_none() {
            return Err(Error::new(Status::Unsupported, "path: this server reads no files"));
        }
        let scenario = Scenario::read(args.member("scenario").raw(source))?;
        let speed = args.member("speed").as_f64().unwrap_or(1.0);
        self.begin_scenario(cx, scenario, speed)?;
        if let Some(player) = &self.scenario {
            state(reply, player);
        }
        Ok(())
    }
}
