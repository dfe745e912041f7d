//! What came of playing a recording again, as data and for people.

use std::fmt;

/// What a recording holds, and what came of playing it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What wrote it.
    pub by: String,
    /// Its connections, in the order in which they began.
    pub connections: Vec<Connection>,
    /// The first differences, in the order of the file.
    pub differences: Vec<Difference>,
    /// How many more there are.
    pub further: usize,
    /// Whether the last line is cut short, as a crash leaves it.
    pub cut: bool,
    /// Why the recording ended before its connections did, if it says so.
    pub stopped: Option<String>,
}

impl Report {
    /// Whether the machines do today what they did then.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty()
    }
}

/// One connection of a recording.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// Its number in the file.
    pub number: u32,
    /// `rpc`, `gateway`, `dmod` or `server`.
    pub kind: String,
    /// How often its machine was called.
    pub steps: usize,
    /// Frames that came.
    pub received: usize,
    /// Frames that were sent.
    pub sent: usize,
    /// Events that the program was told.
    pub events: usize,
    /// How often a deadline came.
    pub timeouts: usize,
    /// Whether the file says that it ended.
    pub ended: bool,
    /// Differences in it.
    pub differences: usize,
}

/// Where a machine says something else than it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The line in the file, counted from 1: of what was said then, or else of what the machine was told.
    pub line: usize,
    /// Which connection.
    pub connection: u32,
    /// What the machine was told, as it stands in the file.
    pub told: String,
    /// What it said then; `None` when it said nothing.
    pub expected: Option<String>,
    /// What it says now; `None` when it says nothing.
    pub got: Option<String>,
}

/// Why something is no recording, or none that can be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it, and what was expected.
    pub sentence: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.sentence)
    }
}

impl std::error::Error for Unreadable {}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "recorded by {}", self.by)?;
        for connection in &self.connections {
            let Connection { number, kind, steps, received, sent, events, timeouts, ended, differences } = connection;
            let end = if *ended { "" } else { ", not ended in this file" };
            let verdict = match differences {
                0 => "the same".to_owned(),
                1 => "1 difference".to_owned(),
                many => format!("{many} differences"),
            };
            writeln!(
                f,
                "connection {number} ({kind}): {steps} calls, {received} frames in, {sent} frames out, {events} events, \
                 {timeouts} timers{end}: {verdict}"
            )?;
        }
        if let Some(why) = &self.stopped {
            writeln!(f, "the recording was stopped: {why}")?;
        }
        if self.cut {
            writeln!(f, "the last line is cut short, and was left out")?;
        }
        for Difference { line, connection, told, expected, got } in &self.differences {
            let nothing = || "nothing".to_owned();
            writeln!(f, "\nline {line}, connection {connection}\n  told      {told}")?;
            writeln!(f, "  expected  {}", expected.clone().unwrap_or_else(nothing))?;
            writeln!(f, "  got       {}", got.clone().unwrap_or_else(nothing))?;
        }
        if self.further > 0 {
            writeln!(f, "\nand {} more; after the first one the others may only follow from it", self.further)?;
        }
        Ok(())
    }
}
