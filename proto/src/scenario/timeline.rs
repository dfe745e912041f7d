//! Steps in time: what comes when, from the start of the block that it is in.

use super::Action;

/// Nanoseconds.
pub(super) type Nanos = u64;

/// Steps one after the other.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) steps: Vec<Step>,
    /// From its start to the end of its last step.
    pub(super) length: Nanos,
}

#[derive(Debug)]
pub(super) struct Step {
    /// From the start of its block.
    pub(super) at: Nanos,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Do(Action),
    Repeat {
        times: Times,
        /// From the start of one round to that of the next.
        every: Nanos,
        /// Never empty.
        block: Block,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    Counted(u64),
    Forever,
}

impl What {
    /// How long it takes; `None` for what never ends.
    pub(super) fn length(&self) -> Option<Nanos> {
        match self {
            What::Do(_) => Some(0),
            What::Repeat { times: Times::Counted(times), every, block } => {
                Some(every.saturating_mul(times.saturating_sub(1)).saturating_add(block.length))
            }
            What::Repeat { times: Times::Forever, .. } => None,
        }
    }
}
