//! A recording, played again: its inputs go to machines of today, and what they say is held against what was said then.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::line::{Fields, Line, Wrong};
use super::output::{Nowhere, Output, Tapped, Witness};
use super::report::{Connection, Difference, Report, Unreadable};
use super::{Redactor, VERSION, client, door, setup};
use crate::protocol::{dmod, gateway, rpc};
use crate::server::rpc::Door;
use crate::server::sandbox::Sandbox;
use crate::time::Instant;
use crate::value::{Document, Kind};
use crate::world::{Entropy, World, fill_for};

/// Differences that are kept; further ones are counted. After the first a machine is in another state than it was, and
/// what follows says little.
const KEPT: usize = 20;

/// Plays a recording.
///
/// # Errors
/// When it is none, or says something that no machine can be told.
pub fn replay(recording: &[u8]) -> Result<Report, Unreadable> {
    play(recording, Player::default()).map(|(report, _)| report)
}

/// The same recording with what the machines of today say in place of what was said then: for a change that is meant.
///
/// # Errors
/// As [`replay`]; and when the world draws other secrets than then, for which the file has no stand-ins.
pub fn accept(recording: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let (_, mut lines) = play(recording, Player { accepted: Some(Vec::new()), ..Player::default() })?;
    lines.sort_by_key(|(line, _)| *line);
    Ok(lines.into_iter().flat_map(|(_, text)| text).collect())
}

fn play<'r>(recording: &'r [u8], mut player: Player<'r>) -> Result<(Report, Vec<Lines>), Unreadable> {
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

/// The lines of a step as they would be written today, with the number of the first one.
type Lines = (usize, Vec<u8>);

/// A mistake, with the line that it is in.
type Mistake = (usize, Wrong);

#[derive(Default)]
struct Player<'r> {
    report: Report,
    /// Where each connection stands in the report, and what plays it.
    seats: BTreeMap<u32, (usize, Seat<'r>)>,
    /// The connection of the last line.
    last: u32,
    /// What would be written today, when somebody wants to know.
    accepted: Option<Vec<Lines>>,
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
    /// The lines of what was drawn, and the stand-ins in them.
    draws: Vec<&'r [u8]>,
    drawn: VecDeque<String>,
}

enum Machine {
    /// Made at the end of its first step.
    New,
    Rpc(Box<rpc::Client>),
    Gateway(Box<gateway::Client>),
    Dmod(Box<dmod::Client>),
    Server(Box<Server>),
    Ended,
}

/// The doors of a server, over their world.
struct Server {
    door: Door,
    world: World,
    /// The further doors, when it is a sandbox.
    sandbox: Option<Sandbox>,
    plan: Plan,
}

/// The secrets that the world and a sandbox's doors are to draw, and how many they drew beyond them.
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
            self.keep(number, &[line]);
            return self.header(fields).map_err(here);
        }
        if let Some(why) = fields.optional("stopped").map_err(here)? {
            self.keep(number, &[line]);
            self.report.stopped = Some(why.to_owned());
            return Ok(());
        }
        let connection: u32 = fields.small("c").map_err(here)?;
        if connection == 0 {
            return Err(here("c: the number of a connection expected".into()));
        }
        self.last = connection;
        let step = Step { number, told: line, said: Vec::new(), draws: Vec::new(), drawn: VecDeque::new() };
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
            seat.play(doc, before, false, *at, &mut self.report, &mut self.accepted)
        } else if fields.has("out") {
            seat.step.said.push((number, line));
            Ok(())
        } else if fields.has("draw") {
            seat.step.draws.push(line);
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

    fn keep(&mut self, number: usize, lines: &[&[u8]]) {
        if let Some(accepted) = &mut self.accepted {
            accepted.push((number, ended(lines.iter().copied())));
        }
    }

    fn end(mut self) -> Result<(Report, Vec<Lines>), Mistake> {
        let mut doc = Document::new();
        for (connection, (at, mut seat)) in std::mem::take(&mut self.seats) {
            let nothing = Step { number: 0, told: b"", said: Vec::new(), draws: Vec::new(), drawn: VecDeque::new() };
            let step = std::mem::replace(&mut seat.step, nothing);
            // A crash may have come in the middle of the last step.
            let open = connection == self.last && self.report.stopped.is_none();
            seat.play(&mut doc, step, open, at, &mut self.report, &mut self.accepted)?;
        }
        self.report.differences.sort_by_key(|difference| difference.line);
        let further = self.report.differences.len().saturating_sub(KEPT);
        self.report.differences.truncate(KEPT);
        self.report.further += further;
        Ok((self.report, self.accepted.unwrap_or_default()))
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
        accepted: &mut Option<Vec<Lines>>,
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
        if let Some(accepted) = accepted {
            if let Some(sentence) = beyond {
                return Err(here(format!("{sentence}; record the scene again")));
            }
            let told = std::iter::once(step.told).chain(step.draws.iter().copied());
            accepted.push((step.number, ended(told.chain(transcript.lines.iter().map(Vec::as_slice)))));
        }
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
            Machine::Dmod(machine) => {
                let result = client::Input::read(fields, |input| input.feed_dmod(now, machine, out))?;
                result.unwrap_or_else(|error| out.saw(&Output::Failed(&error)));
            }
            Machine::Server(server) => {
                let Server { door, world, sandbox, plan } = &mut **server;
                plan.0.lock().unwrap_or_else(PoisonError::into_inner).0.clone_from(drawn);
                door::Input::read(fields, |input| input.feed(now, door, world, sandbox.as_mut(), out))?;
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
            "dmod" => {
                let config = setup::read_dmod(fields.object("config")?)?;
                Machine::Dmod(dmod::Client::new(config).map_err(|error| format!("config: {error}"))?.into())
            }
            "server" => {
                let plan = Plan::default();
                plan.0.lock().unwrap_or_else(PoisonError::into_inner).0.clone_from(drawn);
                let config = setup::read_world(fields.object("world")?)?;
                let door = Door::new(setup::read_door(fields.object("door")?)?);
                let sandbox = match fields.has("sandbox") {
                    true => Some(Sandbox::new(setup::read_sandbox(fields.object("sandbox")?)?, plan.clone())),
                    false => None,
                };
                match World::new(config, plan.clone()) {
                    Ok(world) => Machine::Server(Server { door, world, sandbox, plan }.into()),
                    // Nobody can be called as its user is; it was so then, too, and the server never began.
                    Err(_) => Machine::Ended,
                }
            }
            other => return Err(format!("new: rpc, gateway, dmod or server expected, \"{other}\" given")),
        };
        Ok(())
    }

    fn next_timeout(&self) -> Option<Instant> {
        match self {
            Machine::New => None,
            Machine::Rpc(machine) => machine.next_timeout(),
            Machine::Gateway(machine) => machine.next_timeout(),
            Machine::Dmod(machine) => machine.next_timeout(),
            Machine::Server(server) => {
                let further = server.sandbox.as_ref().and_then(Sandbox::next_timeout);
                server.door.next_timeout().into_iter().chain(further).min()
            }
            Machine::Ended => None,
        }
    }
}

fn ended<'l>(lines: impl Iterator<Item = &'l [u8]>) -> Vec<u8> {
    lines.flat_map(|line| line.iter().copied().chain([b'\n'])).collect()
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
