//! A recording as it is written: into memory, from which the driver takes it.

use std::sync::mpsc;

use super::line::Line;
use super::output::Output;
use super::{Redactor, Setup, VERSION, client, door};
use crate::secret::Secret;
use crate::time::Instant;
use crate::wire::json::Object;
use crate::world::Entropy;

/// See the module.
#[derive(Debug)]
pub struct Recording {
    redactor: Redactor,
    lines: Vec<u8>,
    connections: u32,
    /// What may still be written, in bytes.
    left: u64,
    over: bool,
}

/// One connection's place in a recording.
#[derive(Debug)]
pub struct Track {
    number: u32,
    /// The deadline that was written last.
    timer: Option<Instant>,
    /// What the world drew and nobody has written yet.
    drawn: Option<mpsc::Receiver<Secret>>,
}

impl Track {
    /// The connection's number in the file.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// For a server: has this source of randomness tell the recording what comes of it.
    pub fn overhear<E: Entropy>(&mut self, source: E) -> Overheard<E> {
        let (told, drawn) = mpsc::channel();
        self.drawn = Some(drawn);
        Overheard { source, told: Some(told) }
    }
}

/// A source of randomness whose secrets a recording knows. Without a recording it is the source alone. A clone is heard as
/// well, so that a sandbox's doors may each have one.
#[derive(Clone, Debug)]
pub struct Overheard<E> {
    source: E,
    told: Option<mpsc::Sender<Secret>>,
}

impl<E> Overheard<E> {
    /// Nobody listens.
    pub fn by_nobody(source: E) -> Self {
        Overheard { source, told: None }
    }
}

impl<E: Entropy> Entropy for Overheard<E> {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.source.fill(bytes);
    }

    fn drawn(&mut self, secret: &Secret) {
        if let Some(told) = &self.told {
            // Whoever listened may be gone: the recording came to its end.
            let _ = told.send(secret.clone());
        }
    }
}

impl Recording {
    /// A recording of at most `most` bytes (and the step in which they run out). `about` is what wrote it: a name and a
    /// version, for people.
    pub fn new(about: &str, most: u64) -> Self {
        let mut lines = Vec::new();
        Object::begin(&mut lines).str("recording", "gamebridge").int("version", VERSION).str("by", about).end();
        lines.push(b'\n');
        let redactor = Redactor::new();
        Recording { redactor, left: most.saturating_sub(lines.len() as u64), lines, connections: 0, over: false }
    }

    /// A connection begins.
    pub fn begin(&mut self, now: Instant, setup: Setup<'_>) -> Track {
        self.connections += 1;
        let track = Track { number: self.connections, timer: None, drawn: None };
        self.step(&track, now, |line| setup.write(line));
        track
    }

    /// A client machine is about to be told this.
    pub fn client(&mut self, track: &mut Track, now: Instant, input: &client::Input<'_>) {
        self.draws(track);
        self.step(track, now, |line| input.write(line));
    }

    /// A door is about to be told this.
    pub fn door(&mut self, track: &mut Track, now: Instant, input: &door::Input<'_>) {
        self.draws(track);
        self.step(track, now, |line| input.write(line));
    }

    /// The machine said this.
    pub fn output(&mut self, track: &mut Track, output: &Output<'_>) {
        self.draws(track);
        self.line(track, |line| output.write(line));
    }

    /// The call is over, and the machine wants to be woken then.
    pub fn timer(&mut self, track: &mut Track, at: Option<Instant>) {
        if track.timer != at {
            track.timer = at;
            self.output(track, &Output::Timer(at));
        }
    }

    /// The connection is over.
    pub fn end(&mut self, track: &mut Track, now: Instant) {
        self.draws(track);
        self.step(track, now, |line| line.word("in", "end"));
    }

    /// Ends the recording, for this reason. What comes later is not written.
    pub fn stop(&mut self, why: &str) {
        if !std::mem::replace(&mut self.over, true) {
            Object::begin(&mut self.lines).str("stopped", why).end();
            self.lines.push(b'\n');
        }
    }

    /// Whether nothing is written any more.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// What was written since the last call: whole lines.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.lines)
    }

    /// The secrets that were drawn come into the file before anything that may show them.
    fn draws(&mut self, track: &mut Track) {
        let Some(drawn) = track.drawn.take() else { return };
        while let Ok(secret) = drawn.try_recv() {
            let word = self.redactor.learn(secret.reveal().as_bytes()).to_owned();
            self.line(track, |line| line.word("draw", &word));
        }
        track.drawn = Some(drawn);
    }

    /// The first line of a step. Only here may a recording end for its size: a step without its outputs would look like a
    /// machine that says nothing.
    fn step(&mut self, track: &Track, now: Instant, write: impl FnOnce(Line<'_>) -> Line<'_>) {
        if self.left == 0 {
            self.stop("the recording has the size that it may have");
        }
        self.line(track, |line| write(line.time("t", now)));
    }

    fn line(&mut self, track: &Track, write: impl FnOnce(Line<'_>) -> Line<'_>) {
        if self.over {
            return;
        }
        let before = self.lines.len();
        write(Line::begin(&mut self.lines, &mut self.redactor, track.number)).end();
        self.lines.push(b'\n');
        self.left = self.left.saturating_sub((self.lines.len() - before) as u64);
    }
}
