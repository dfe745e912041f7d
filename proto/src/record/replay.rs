//! A recording, played again: its inputs go to machines of today, and what they say is held against what was said then.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::line::{Fields, Line, Wrong};
use super::output::{Nowhere, Output, Tapped, Witness};
use super::{Redactor, VERSION, client, door, setup};
use crate::protocol::{gateway, rpc};
use crate::server::rpc::Door;
use crate::time::Instant;
use crate::value::{Document, Kind};
use crate::world::{Entropy, World, fill_for};

/// Differences that are kept; further ones are counted. After the first a machine is in another state than it was, and
/// what follows says little.
const KEPT: usize = 20;

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
    /// `rpc`, `gateway` or `server`.
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

/// Plays a recording.
///
/// # Errors
/// When it is none, or says something that no machine can be told.
pub fn replay(recording: &[u8]) -> Result<Report, Unreadable> {
    let mut player = Player::default();
    let mut doc = Document::new();
    let mut line_number = 0;
    let mut rest = recording;
    while !rest.is_empty() {
        line_number += 1;
        let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
            player.report.cut = true;
            break;
        };
        let line = rest[..length].strip_suffix(b"\r").unwrap_or(&rest[..length]);
        rest = &rest[length + 1..];
        let read = player.line(&mut doc, line_number, line);
        read.map_err(|(line, sentence)| Unreadable { line, sentence })?;
    }
    if line_number == 0 || player.report.by.is_empty() {
        let sentence = "the first line is missing; {\"recording\":\"gamebridge\",..} expected".to_owned();
        return Err(Unreadable { line: 1, sentence });
    }
    player.end().map_err(|(line, sentence)| Unreadable { line, sentence })
}

/// A mistake, with the line that it is in.
type Mistake = (usize, Wrong);

#[derive(Default)]
struct Player<'r> {
    report: Report,
    /// Where each connection stands in the report, and what plays it.
    seats: BTreeMap<u32, (usize, Seat<'r>)>,
    /// The connection of the last line.
    last: u32,
}

/// One connection that is played. Each step is played when the next one begins, since what was drawn in it stands
/// behind its first line.
struct Seat<'r> {
    machine: Machine,
    timer: Option<Instant>,
    step: Step<'r>,
}

struct Step<'r> {
    number: usize,
    told: &'r [u8],
    /// What was said, with the numbers of the lines.
    said: Vec<(usize, &'r [u8])>,
    drawn: VecDeque<String>,
}

enum Machine {
    /// Made at the end of its first step.
    New,
    Rpc(Box<rpc::Client>),
    Gateway(Box<gateway::Client>),
    Server(Box<Door>, Box<World>, Plan),
    Ended,
}

/// The secrets that the world is to draw, and how many it drew beyond them.
#[derive(Clone, Default)]
struct Plan(Arc<Mutex<(VecDeque<String>, usize)>>);

impl Entropy for Plan {
    fn fill(&mut self, bytes: &mut [u8]) {
        let (planned, beyond) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match planned.pop_front() {
            Some(text) => fill_for(&text, bytes),
            None => {
                *beyond += 1;
                bytes.fill(0);
            }
        }
    }
}

/// Writes down what a machine says, as the recording would.
struct Transcript {
    connection: u32,
    redactor: Redactor,
    lines: Vec<Vec<u8>>,
}

impl Witness for Transcript {
    fn saw(&mut self, output: &Output<'_>) {
        let mut line = Vec::new();
        output.write(Line::begin(&mut line, &mut self.redactor, self.connection)).end();
        self.lines.push(line);
    }
}

impl<'r> Player<'r> {
    fn line(&mut self, doc: &mut Document, number: usize, line: &'r [u8]) -> Result<(), Mistake> {
        let here = |sentence: Wrong| (number, sentence);
        doc.parse(line).map_err(|error| here(format!("not JSON: {error}")))?;
        if doc.root().kind() != Kind::Object {
            return Err(here("an object expected".into()));
        }
        let fields = Fields::new(doc.root(), line);
        if number == 1 {
            return self.header(fields).map_err(here);
        }
        if let Some(why) = fields.optional("stopped").map_err(here)? {
            self.report.stopped = Some(why.to_owned());
            return Ok(());
        }
        let connection: u32 = fields.small("c").map_err(here)?;
        if connection == 0 {
            return Err(here("c: the number of a connection expected".into()));
        }
        self.last = connection;
        let step = Step { number, told: line, said: Vec::new(), drawn: VecDeque::new() };
        if fields.has("new") {
            if self.seats.contains_key(&connection) {
                return Err(here(format!("connection {connection} begins a second time")));
            }
            let kind = fields.text("new").map_err(here)?.to_owned();
            self.report.connections.push(Connection { number: connection, kind, ..Connection::default() });
            let seat = Seat { machine: Machine::New, timer: None, step };
            self.seats.insert(connection, (self.report.connections.len() - 1, seat));
            return Ok(());
        }
        let Some((at, seat)) = self.seats.get_mut(&connection) else {
            return Err(here(format!("connection {connection} has not begun")));
        };
        if fields.has("in") {
            let before = std::mem::replace(&mut seat.step, step);
            seat.play(doc, before, false, *at, &mut self.report)
        } else if fields.has("out") {
            seat.step.said.push((number, line));
            Ok(())
        } else if fields.has("draw") {
            seat.step.drawn.push_back(fields.text("draw").map_err(here)?.to_owned());
            Ok(())
        } else {
            Err(here("one of new, in, out, draw and stopped expected".into()))
        }
    }

    fn header(&mut self, fields: Fields<'_>) -> Result<(), Wrong> {
        if fields.text("recording") != Ok("gamebridge") {
            return Err("no recording; {\"recording\":\"gamebridge\",..} expected".into());
        }
        let version = fields.number("version")?;
        if version != VERSION as u64 {
            return Err(format!("version {version} of the format; this program reads version {VERSION}"));
        }
        self.report.by = fields.text("by")?.to_owned();
        if self.report.by.is_empty() { Err("by: the name of a program expected".into()) } else { Ok(()) }
    }

    fn end(mut self) -> Result<Report, Mistake> {
        let mut doc = Document::new();
        for (connection, (at, mut seat)) in std::mem::take(&mut self.seats) {
            let nothing = Step { number: 0, told: b"", said: Vec::new(), drawn: VecDeque::new() };
            let step = std::mem::replace(&mut seat.step, nothing);
            // A crash may have come in the middle of the last step.
            let open = connection == self.last && self.report.stopped.is_none();
            seat.play(&mut doc, step, open, at, &mut self.report)?;
        }
        self.report.differences.sort_by_key(|difference| difference.line);
        let further = self.report.differences.len().saturating_sub(KEPT);
        self.report.differences.truncate(KEPT);
        self.report.further += further;
        Ok(self.report)
    }
}

impl Seat<'_> {
    /// Plays a step whose lines are all there, but for the end of an `open` one.
    fn play(
        &mut self,
        doc: &mut Document,
        step: Step<'_>,
        open: bool,
        at: usize,
        report: &mut Report,
    ) -> Result<(), Mistake> {
        let here = |sentence: Wrong| (step.number, sentence);
        // It parsed before.
        doc.parse(step.told).map_err(|error| here(error.to_string()))?;
        let connection = report.connections[at].number;
        let mut transcript = Transcript { connection, redactor: Redactor::off(), lines: Vec::new() };
        let beyond =
            self.machine.tell(Fields::new(doc.root(), step.told), &step.drawn, &mut transcript).map_err(here)?;
        let timer = self.machine.next_timeout();
        if self.timer != timer && !matches!(self.machine, Machine::Ended) {
            self.timer = timer;
            transcript.saw(&Output::Timer(timer));
        }
        count(&mut report.connections[at], Fields::new(doc.root(), step.told), &transcript.lines);
        let mut found = compare(&step, &transcript.lines, open);
        if let Some(sentence) = beyond.filter(|_| !open) {
            found.push((step.number, None, Some(sentence.into())));
        }
        let told = String::from_utf8_lossy(step.told);
        for (line, expected, got) in found {
            report.connections[at].differences += 1;
            // Of each connection as many as are shown of all: they are sorted at the end.
            if report.connections[at].differences > KEPT {
                report.further += 1;
                continue;
            }
            let told = told.clone().into_owned();
            report.differences.push(Difference { line, connection, told, expected, got });
        }
        Ok(())
    }
}

impl Machine {
    /// Tells the machine what a line says. Gives a sentence when the world's draws are other ones.
    fn tell(
        &mut self,
        fields: Fields<'_>,
        drawn: &VecDeque<String>,
        transcript: &mut Transcript,
    ) -> Result<Option<&'static str>, Wrong> {
        let now = fields.time("t")?;
        if fields.has("in") && fields.text("in")? == "end" {
            *self = Machine::Ended;
            return Ok(None);
        }
        let mut nowhere = Nowhere;
        let out = &mut Tapped::new(&mut nowhere, Some(transcript));
        match self {
            Machine::New => return self.make(fields, drawn).map(|()| None),
            Machine::Ended => return Err("the connection has ended before".into()),
            Machine::Rpc(machine) => {
                let result = client::Input::read(fields, |input| input.feed_rpc(now, machine, out))?;
                result.unwrap_or_else(|error| out.saw(&Output::Failed(&error)));
            }
            Machine::Gateway(machine) => {
                let result = client::Input::read(fields, |input| input.feed_gateway(now, machine, out))?;
                result.unwrap_or_else(|error| out.saw(&Output::Failed(&error)));
            }
            Machine::Server(door, world, plan) => {
                plan.0.lock().unwrap_or_else(PoisonError::into_inner).0.clone_from(drawn);
                door::Input::read(fields, |input| input.feed(now, door, world, out))?;
                let (left, beyond) = &mut *plan.0.lock().unwrap_or_else(PoisonError::into_inner);
                if std::mem::take(beyond) > 0 {
                    return Ok(Some("the world draws a secret that it did not draw then"));
                }
                if !left.is_empty() {
                    return Ok(Some("the world does not draw the secrets that it drew then"));
                }
            }
        }
        Ok(None)
    }

    fn make(&mut self, fields: Fields<'_>, drawn: &VecDeque<String>) -> Result<(), Wrong> {
        *self = match fields.text("new")? {
            "rpc" => Machine::Rpc(rpc::Client::new(setup::read_rpc(fields.object("config")?)?).into()),
            "gateway" => {
                let config = setup::read_gateway(fields.object("config")?)?;
                Machine::Gateway(gateway::Client::new(config).map_err(|error| format!("config: {error}"))?.into())
            }
            "server" => {
                let plan = Plan::default();
                plan.0.lock().unwrap_or_else(PoisonError::into_inner).0.clone_from(drawn);
                let config = setup::read_world(fields.object("world")?)?;
                let door = Door::new(setup::read_door(fields.object("door")?)?);
                match World::new(config, plan.clone()) {
                    Ok(world) => Machine::Server(door.into(), world.into(), plan),
                    // Nobody can be called as its user is; it was so then, too, and the server never began.
                    Err(_) => Machine::Ended,
                }
            }
            other => return Err(format!("new: rpc, gateway or server expected, \"{other}\" given")),
        };
        Ok(())
    }

    fn next_timeout(&self) -> Option<Instant> {
        match self {
            Machine::New => None,
            Machine::Rpc(machine) => machine.next_timeout(),
            Machine::Gateway(machine) => machine.next_timeout(),
            Machine::Server(door, ..) => door.next_timeout(),
            Machine::Ended => None,
        }
    }
}

fn count(connection: &mut Connection, told: Fields<'_>, lines: &[Vec<u8>]) {
    match told.text("in").unwrap_or_default() {
        "" => return,
        "end" => {
            connection.ended = true;
            return;
        }
        "frame" => connection.received += 1,
        "timeout" => connection.timeouts += 1,
        _ => {}
    }
    connection.steps += 1;
    let prefix = format!("{{\"c\":{},\"out\":\"", connection.number);
    for line in lines {
        let rest = line.strip_prefix(prefix.as_bytes()).unwrap_or_default();
        connection.sent += usize::from(rest.starts_with(b"send\""));
        connection.events += usize::from(rest.starts_with(b"event\""));
    }
}

/// The lines in which two rows of outputs differ: line, then, now.
type Found = Vec<(usize, Option<String>, Option<String>)>;

fn compare(step: &Step<'_>, got: &[Vec<u8>], open: bool) -> Found {
    let said = &step.said;
    let same = |(_, said): &(usize, &[u8]), got: &Vec<u8>| *said == got.as_slice();
    let front = said.iter().zip(got).take_while(|(said, got)| same(said, got)).count();
    if open && front == said.len() {
        return Vec::new();
    }
    // One line more or less is one difference, and not one for each line behind it.
    let back =
        said[front..].iter().rev().zip(got[front..].iter().rev()).take_while(|(said, got)| same(said, got)).count();
    let (said, got) = (&said[front..said.len() - back], &got[front..got.len() - back]);
    let text = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
    (0..said.len().max(got.len()))
        .map(|at| {
            let line = said.get(at).or(said.last()).map_or(step.number, |(line, _)| *line);
            (line, said.get(at).map(|(_, said)| text(said)), got.get(at).map(|got| text(got)))
        })
        .collect()
}

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
