//! The loop that every client machine runs in.
//!
//! It holds a transport for each of the machine's *lines* (RPC has one, the Gateway one for each shard), moves frames both
//! ways, and calls the machine with the time. Events are published once
//! per burst: when the socket is drained, or after [`BURST`] of them. A connection stops reading while too much of what may
//! not be dropped is unread, and one that asks for it while its lossy lane is full too. Writing goes on, so heartbeats never
//! depend on the program polling.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::event::{Event, EventType, LogLevel};
use gamebridge_proto::record::{Output, Setup, Witness};
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use tokio::sync::Notify;

use super::port::{Farewell, Message, Outlet, Port};
#[cfg(feature = "gateway")]
use crate::queue::{Depth, Waiting};
use crate::record::Tape;
use crate::runtime::clock;
use crate::transport::{Lost, Outbox, Transport};

/// Events between two publications while the socket stays full.
const BURST: usize = 256;
/// What may wait for a peer that does not read, in bytes.
const MAX_WAITING: usize = 16 << 20;

/// What came of opening a line, and what the machine is told of it. Without a transport it was a question, and the detail is
/// the answer.
pub(super) struct Opened<D> {
    pub(super) transport: Option<Transport>,
    pub(super) detail: D,
}

/// A client machine as the driver sees it, with the way to its peer.
pub(super) trait Protocol {
    /// What the machine asks for when it wants a connection.
    type Wanted: Clone;
    /// What it learns of the one it gets.
    type Detail;

    /// Finds the peer and connects.
    fn open(&self, wanted: Self::Wanted) -> impl Future<Output = Result<Opened<Self::Detail>, Error>> + 'static;
    /// Whether to stop reading when nobody polls, instead of dropping events that may be dropped.
    fn pauses(&self) -> bool {
        false
    }

    /// What the machine was made of, for a recording.
    fn setup(&self) -> Setup<'_>;
    fn start(&mut self, now: Instant, out: &mut Effects<'_, Self::Wanted>);
    fn opened(&mut self, now: Instant, line: u32, detail: &Self::Detail, out: &mut Effects<'_, Self::Wanted>);
    fn open_failed(&mut self, now: Instant, line: u32, error: &Error, out: &mut Effects<'_, Self::Wanted>);
    fn frame(
        &mut self,
        now: Instant,
        line: u32,
        frame: Frame<'_>,
        out: &mut Effects<'_, Self::Wanted>,
    ) -> Result<(), Error>;
    fn closed(&mut self, now: Instant, line: u32, lost: &Lost, unwritten: usize, out: &mut Effects<'_, Self::Wanted>);
    fn command(&mut self, now: Instant, command: Command, out: &mut Effects<'_, Self::Wanted>);
    fn cancel(&mut self, now: Instant, tag: u64, out: &mut Effects<'_, Self::Wanted>);
    fn disconnect(&mut self, now: Instant, out: &mut Effects<'_, Self::Wanted>);
    fn timeout(&mut self, now: Instant, out: &mut Effects<'_, Self::Wanted>);
    fn paused(&mut self, _now: Instant, _line: u32, _paused: bool, _out: &mut Effects<'_, Self::Wanted>) {}
    /// Writes down what the machine wants kept beyond this process.
    fn keep(&mut self, _record: &[u8]) -> Result<(), Error> {
        Ok(())
    }
    fn next_timeout(&self) -> Option<Instant>;
    fn is_finished(&self) -> bool;
}

/// What a machine asks for while it is called; the machines' `Sink`s are implemented on this.
pub(super) struct Effects<'e, W> {
    now: Instant,
    lines: &'e mut Vec<Line>,
    outlet: &'e mut Outlet,
    pending: &'e mut Pending<W>,
    tape: Option<&'e mut Tape>,
}

/// Effects that the driver carries out after the call.
struct Pending<W> {
    /// In the order in which the machine asked, line by line.
    steps: Vec<(u32, Step<W>)>,
    keep: Option<Vec<u8>>,
    farewell: Option<Farewell>,
}

enum Step<W> {
    Open(W),
    Close(u16, String),
}

/// What of a line is there whether it has a transport or not.
#[derive(Default)]
struct Line {
    outbox: Outbox,
    paused: bool,
}

impl<'e, W> Effects<'e, W> {
    pub(super) fn open(&mut self, line: u32, wanted: W) {
        self.pending.steps.push((line, Step::Open(wanted)));
    }

    pub(super) fn send(&mut self, line: u32, opcode: Opcode, payload: &[u8]) {
        if let Some(line) = self.lines.get_mut(line as usize) {
            line.outbox.push(opcode, payload);
        }
    }

    pub(super) fn close(&mut self, line: u32, code: u16, reason: &str) {
        self.pending.steps.push((line, Step::Close(code, reason.to_owned())));
    }

    /// To be written down before anything that was sent goes out.
    #[cfg(feature = "gateway")]
    pub(super) fn keep(&mut self, record: &[u8]) {
        self.pending.keep = Some(record.to_vec());
    }

    /// How far the program is behind, as events up to the last publication say it.
    #[cfg(feature = "gateway")]
    pub(super) fn depth(&mut self) -> Depth {
        self.outlet.depth().unwrap_or_default()
    }

    /// From now on [`Effects::waiting_of`] knows.
    #[cfg(feature = "gateway")]
    pub(super) fn tell_peers_apart(&mut self) {
        self.outlet.tell_peers_apart();
    }

    /// The same of one peer's dispatches.
    #[cfg(feature = "gateway")]
    pub(super) fn waiting_of(&mut self, peer: u32) -> Waiting {
        self.outlet.waiting_of(peer).unwrap_or_default()
    }

    /// What this call goes on record with.
    pub(super) fn tape(&mut self) -> Option<&'e mut Tape> {
        self.tape.take()
    }

    /// A call that is on record is over: what became of it, and when the machine wants to be woken.
    pub(super) fn settle(&mut self, tape: &mut Tape, result: &Result<(), Error>, timer: Option<Instant>) {
        if let Err(error) = result {
            tape.saw(&Output::Failed(error));
        }
        if let Some(sentence) = tape.finish(timer) {
            self.event(&Event::log(LogLevel::Warn, "record", &sentence));
        }
    }

    pub(super) fn event(&mut self, event: &Event<'_>) {
        if event.kind == EventType::Disconnected {
            // Said only when everything before it has left: that is what a program awaits.
            self.pending.farewell = Some(Farewell::of(event));
        } else {
            self.outlet.event_at(self.now.as_nanos(), event);
        }
    }
}

type Opening<D> = Pin<Box<dyn Future<Output = Result<Opened<D>, Error>>>>;

struct Driver<'p, P: Protocol> {
    protocol: &'p mut P,
    port: &'p mut Port,
    /// By their numbers, as are `transports` and `openings`.
    lines: Vec<Line>,
    transports: Vec<Option<Transport>>,
    openings: Vec<Option<Opening<P::Detail>>>,
    /// Where the next look for a line that is ready begins, so that none starves.
    turn: usize,
    pending: Pending<P::Wanted>,
    tape: Option<Box<Tape>>,
}

/// What woke the loop.
enum Woken<D> {
    Message(Option<Message>),
    Driven(usize, Result<(), Lost>),
    Opened(usize, Result<Opened<D>, Error>),
    Time,
    Room,
}

/// Runs the machine until it is finished or the client is gone. The machine is borrowed: handed over, it would lie in the
/// task's memory once for each hand that it went through.
pub(super) async fn drive<P: Protocol>(protocol: &mut P, port: &mut Port, resume: &Notify) {
    if protocol.pauses() {
        port.outlet.hold();
    }
    let mut driver = Driver {
        tape: Tape::begin(protocol.setup(), &mut port.outlet),
        protocol,
        port,
        lines: Vec::new(),
        transports: Vec::new(),
        openings: Vec::new(),
        turn: 0,
        pending: Pending { steps: Vec::new(), keep: None, farewell: None },
    };
    driver.run(resume).await;
}

impl<P: Protocol> Driver<'_, P> {
    async fn run(&mut self, resume: &Notify) {
        self.call(|machine, now, out| machine.start(now, out));
        let mut timer = pin!(tokio::time::sleep(std::time::Duration::ZERO));
        let mut timer_set = None;
        loop {
            self.call_if_due();
            self.carry_out();
            if self.protocol.is_finished() {
                return self.end().await;
            }
            self.port.outlet.publish();
            let deadline = self.protocol.next_timeout();
            if deadline != timer_set
                && let Some(deadline) = deadline
            {
                timer.as_mut().reset(tokio::time::Instant::now() + deadline.since(clock::now()));
                timer_set = Some(deadline);
            }
            let paused = self.lines.iter().any(|line| line.paused);
            let woken = tokio::select! {
                message = self.port.inbox_next() => Woken::Message(message),
                (line, result) = progress(&mut self.transports, &mut self.lines, self.turn) => Woken::Driven(line, result),
                (line, opened) = opened(&mut self.openings) => Woken::Opened(line, opened),
                () = &mut timer, if deadline.is_some() => Woken::Time,
                () = resume.notified(), if paused => Woken::Room,
            };
            match woken {
                Woken::Message(None) => {
                    // The client is being freed: nobody will read a reply.
                    self.call(|machine, now, out| machine.disconnect(now, out));
                    self.carry_out();
                    return self.end().await;
                }
                Woken::Message(Some(message)) => self.messages(message),
                Woken::Driven(line, Ok(())) => {
                    self.turn = line + 1;
                    self.frames(line);
                    self.bound(line);
                }
                Woken::Driven(line, Err(lost)) => self.lose(line, &lost),
                Woken::Opened(line, result) => self.settle_opening(line, result),
                Woken::Time => timer_set = None,
                Woken::Room => self.unpause(),
            }
        }
    }

    fn call(&mut self, step: impl FnOnce(&mut P, Instant, &mut Effects<'_, P::Wanted>)) {
        let now = clock::now();
        let (lines, outlet) = (&mut self.lines, &mut self.port.outlet);
        let mut out = Effects { now, lines, outlet, pending: &mut self.pending, tape: self.tape.as_deref_mut() };
        step(self.protocol, now, &mut out);
    }

    /// A flood keeps the select on its transport arm, so deadlines are looked at in every round.
    fn call_if_due(&mut self) {
        if self.protocol.next_timeout().is_some_and(|deadline| deadline <= clock::now()) {
            self.call(|machine, now, out| machine.timeout(now, out));
        }
    }

    fn messages(&mut self, first: Message) {
        self.message(first);
        // A program that sends without end must not keep the thread: the transports have their turn after a burst.
        for _ in 1..BURST {
            if self.protocol.is_finished() {
                return;
            }
            match self.port.try_receive() {
                Some(message) => self.message(message),
                None => break,
            }
        }
        (0..self.lines.len()).for_each(|line| self.bound(line));
    }

    /// Ends a connection whose peer does not read, whether the program has much to say or the peer asks for answers without end.
    fn bound(&mut self, line: usize) {
        if self.lines[line].outbox.bytes() > MAX_WAITING {
            let error = Error::new(Status::Io, "the peer does not read what it is sent");
            self.lose(line, &Lost { code: None, error });
        }
    }

    fn message(&mut self, message: Message) {
        match message {
            #[cfg(feature = "panic-probe")]
            Message::Command(command) if &*command.name == "PANIC_PROBE" => panic!("the panic probe is on"),
            Message::Command(command) => self.call(|machine, now, out| machine.command(now, command, out)),
            Message::Cancel(tag) => self.call(|machine, now, out| machine.cancel(now, tag, out)),
            Message::Disconnect => self.call(|machine, now, out| machine.disconnect(now, out)),
            Message::Answer { request, .. } => {
                let sentence = format!("gb_answer: no request {request}: only a server asks something of its host");
                self.port.outlet.log(LogLevel::Warn, "session", &sentence);
            }
        }
    }

    fn frames(&mut self, line: usize) {
        let now = clock::now();
        let number = line as u32;
        for _ in 0..BURST {
            if self.port.outlet.is_full() && self.port.outlet.pause() {
                self.lines[line].paused = true;
                return self.call(|machine, now, out| machine.paused(now, number, true, out));
            }
            let Some(transport) = &mut self.transports[line] else { return };
            let failure = match transport.next_frame() {
                Ok(None) => return,
                Ok(Some(frame)) => {
                    let (lines, outlet) = (&mut self.lines, &mut self.port.outlet);
                    let tape = self.tape.as_deref_mut();
                    let mut out = Effects { now, lines, outlet, pending: &mut self.pending, tape };
                    match self.protocol.frame(now, number, frame, &mut out) {
                        Ok(()) if !self.pending.steps.is_empty() || self.protocol.is_finished() => return,
                        Ok(()) => continue,
                        Err(error) => Lost { code: None, error },
                    }
                }
                Err(lost) => lost,
            };
            return self.lose(line, &failure);
        }
    }

    fn unpause(&mut self) {
        for line in 0..self.lines.len() {
            if std::mem::take(&mut self.lines[line].paused) {
                self.call(|machine, now, out| machine.paused(now, line as u32, false, out));
                self.frames(line);
            }
        }
    }

    fn lose(&mut self, line: usize, lost: &Lost) {
        if self.transports[line].take().is_none() {
            return;
        }
        let number = line as u32;
        if std::mem::take(&mut self.lines[line].paused) {
            self.call(|machine, now, out| machine.paused(now, number, false, out));
        }
        let unwritten = std::mem::take(&mut self.lines[line].outbox).unwritten();
        self.call(|machine, now, out| machine.closed(now, number, lost, unwritten, out));
    }

    fn settle_opening(&mut self, line: usize, result: Result<Opened<P::Detail>, Error>) {
        self.openings[line] = None;
        let number = line as u32;
        match result {
            Ok(opened) => {
                self.transports[line] = opened.transport;
                self.lines[line].outbox = Outbox::new();
                self.call(|machine, now, out| machine.opened(now, number, &opened.detail, out));
            }
            Err(error) => self.call(|machine, now, out| machine.open_failed(now, number, &error, out)),
        }
    }

    /// Keeps, closes and opens, as the machine asked for.
    fn carry_out(&mut self) {
        if let Some(record) = self.pending.keep.take()
            && let Err(error) = self.protocol.keep(&record)
        {
            self.port.outlet.log(LogLevel::Warn, "session", &error.message);
        }
        if self.protocol.is_finished() {
            return;
        }
        for (line, step) in std::mem::take(&mut self.pending.steps) {
            let line = line as usize;
            if line >= self.lines.len() {
                self.lines.resize_with(line + 1, Line::default);
                self.transports.resize_with(line + 1, || None);
                self.openings.resize_with(line + 1, || None);
            }
            match step {
                Step::Open(wanted) => self.openings[line] = Some(Box::pin(self.protocol.open(wanted))),
                Step::Close(code, reason) => {
                    self.openings[line] = None;
                    let Line { outbox, .. } = std::mem::take(&mut self.lines[line]);
                    if let Some(transport) = self.transports[line].take() {
                        tokio::task::spawn_local(async move { transport.close(outbox, code, &reason).await });
                    }
                }
            }
        }
    }

    /// Writes what waits, closes, and says the last words.
    async fn end(&mut self) {
        self.port.outlet.publish();
        let steps = std::mem::take(&mut self.pending.steps);
        let open = self.transports.iter_mut().zip(&mut self.lines).enumerate();
        let closing: Vec<_> = open
            .filter_map(|(line, (transport, Line { outbox, .. }))| {
                let said = steps.iter().rev().find_map(|(of, step)| match step {
                    Step::Close(code, reason) if *of as usize == line => Some((*code, &**reason)),
                    _ => None,
                });
                let (code, reason) = said.unwrap_or((1000, ""));
                Some(transport.take()?.close(std::mem::take(outbox), code, reason))
            })
            .collect();
        futures_util::future::join_all(closing).await;
        if let Some(farewell) = self.pending.farewell.take() {
            self.port.say_farewell(&farewell).await;
        }
    }
}

/// Moves bytes until a line has something to say; never returns without a transport. A line that is paused only writes.
async fn progress(transports: &mut [Option<Transport>], lines: &mut [Line], turn: usize) -> (usize, Result<(), Lost>) {
    poll_fn(|context| {
        let count = transports.len();
        for at in 0..count {
            let at = (turn + at) % count;
            let (Some(transport), Line { outbox, paused }) = (&mut transports[at], &mut lines[at]) else { continue };
            let driven = match paused {
                false => transport.poll_drive(context, outbox),
                true => match transport.poll_write(context, outbox) {
                    Poll::Ready(Ok(())) => Poll::Pending,
                    other => other,
                },
            };
            if let Poll::Ready(result) = driven {
                return Poll::Ready((at, result));
            }
        }
        Poll::Pending
    })
    .await
}

/// The next connection that was made, or could not be; never returns when there is none.
async fn opened<D>(openings: &mut [Option<Opening<D>>]) -> (usize, Result<Opened<D>, Error>) {
    poll_fn(|context| {
        for (line, opening) in openings.iter_mut().enumerate() {
            if let Some(opening) = opening
                && let Poll::Ready(result) = opening.as_mut().poll(context)
            {
                return Poll::Ready((line, result));
            }
        }
        Poll::Pending
    })
    .await
}
