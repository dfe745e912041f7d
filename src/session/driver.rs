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
use gamebridge_proto::protocol::Closed;
use gamebridge_proto::record::{Output, Setup, Witness, client::Input};
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::ipc::Opcode;
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
    /// Which of the driver's lines is the machine's first one. Those before it are the protocol's own.
    const FIRST_LINE: u32 = 0;

    /// Finds the peer and connects.
    fn open(&self, wanted: Self::Wanted) -> impl Future<Output = Result<Opened<Self::Detail>, Error>> + 'static;
    /// Whether to stop reading when nobody polls, instead of dropping events that may be dropped.
    fn pauses(&self) -> bool {
        false
    }

    /// What the machine was made of, for a recording.
    fn setup(&self) -> Setup<'_>;
    /// What the machine is told of a line that was opened.
    fn opened<'d>(&mut self, line: u32, detail: &'d Self::Detail) -> Input<'d>;
    /// Answers a command that the machine has no part in; `false` when it is the machine's.
    fn answers(&self, _command: &Command, _out: &mut Effects<'_, Self::Wanted>) -> bool {
        false
    }
    /// Calls the machine. What it says goes past the tape, where there is one.
    ///
    /// # Errors
    /// A frame that the machine refuses: the transport is dropped.
    fn feed(
        &mut self,
        now: Instant,
        input: Input<'_>,
        tape: Option<&mut Tape>,
        out: &mut Effects<'_, Self::Wanted>,
    ) -> Result<(), Error>;
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

impl<W> Effects<'_, W> {
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

/// The machine, with what a call of it takes. The transports are beside it, since frames are borrowed from them.
struct Seat<'p, P: Protocol> {
    protocol: &'p mut P,
    port: &'p mut Port,
    /// By their numbers.
    lines: Vec<Line>,
    pending: Pending<P::Wanted>,
    tape: Option<Box<Tape>>,
}

struct Driver<'p, P: Protocol> {
    seat: Seat<'p, P>,
    /// By the numbers of their lines, as are `openings`.
    transports: Vec<Option<Transport>>,
    openings: Vec<Option<Opening<P::Detail>>>,
    /// Where the next look for a line that is ready begins, so that none starves.
    turn: usize,
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
    let seat = Seat {
        tape: Tape::begin(protocol.setup(), &mut port.outlet),
        protocol,
        port,
        lines: Vec::new(),
        pending: Pending { steps: Vec::new(), keep: None, farewell: None },
    };
    let mut driver = Driver { seat, transports: Vec::new(), openings: Vec::new(), turn: 0 };
    driver.run(resume).await;
}

impl<P: Protocol> Seat<'_, P> {
    /// Calls the machine. What it is told and what it says goes on record, where there is one.
    fn call(&mut self, now: Instant, input: Input<'_>) -> Result<(), Error> {
        let (lines, outlet) = (&mut self.lines, &mut self.port.outlet);
        let mut out = Effects { now, lines, outlet, pending: &mut self.pending };
        let Some(tape) = self.tape.as_deref_mut() else { return self.protocol.feed(now, input, None, &mut out) };
        tape.client(now, &input);
        let result = self.protocol.feed(now, input, Some(&mut *tape), &mut out);
        if let Err(error) = &result {
            tape.saw(&Output::Failed(error));
        }
        if let Some(sentence) = tape.finish(self.protocol.next_timeout()) {
            out.event(&Event::log(LogLevel::Warn, "record", &sentence));
        }
        result
    }

    /// The same for what no machine refuses.
    fn tell(&mut self, input: Input<'_>) {
        let told = self.call(clock::now(), input);
        debug_assert_eq!(told, Ok(()), "only a frame is refused");
    }

    fn command(&mut self, command: Command) {
        let (now, lines, outlet) = (clock::now(), &mut self.lines, &mut self.port.outlet);
        let mut out = Effects { now, lines, outlet, pending: &mut self.pending };
        if !self.protocol.answers(&command, &mut out) {
            self.tell(Input::Command(command));
        }
    }

    /// What the machine calls a line.
    fn number(line: usize) -> u32 {
        (line as u32).wrapping_sub(P::FIRST_LINE)
    }
}

impl<P: Protocol> Driver<'_, P> {
    async fn run(&mut self, resume: &Notify) {
        self.seat.tell(Input::Start);
        let mut timer = pin!(tokio::time::sleep(std::time::Duration::ZERO));
        let mut timer_set = None;
        loop {
            self.call_if_due();
            self.carry_out();
            if self.seat.protocol.is_finished() {
                return self.end().await;
            }
            self.seat.port.outlet.publish();
            let deadline = self.seat.protocol.next_timeout();
            if deadline != timer_set
                && let Some(deadline) = deadline
            {
                timer.as_mut().reset(tokio::time::Instant::now() + deadline.since(clock::now()));
                timer_set = Some(deadline);
            }
            let paused = self.seat.lines.iter().any(|line| line.paused);
            let woken = tokio::select! {
                message = self.seat.port.inbox_next() => Woken::Message(message),
                (line, result) = progress(&mut self.transports, &mut self.seat.lines, self.turn) => Woken::Driven(line, result),
                (line, opened) = opened(&mut self.openings) => Woken::Opened(line, opened),
                () = &mut timer, if deadline.is_some() => Woken::Time,
                () = resume.notified(), if paused => Woken::Room,
            };
            match woken {
                Woken::Message(None) => {
                    // The client is being freed: nobody will read a reply.
                    self.seat.tell(Input::Disconnect);
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

    /// A flood keeps the select on its transport arm, so deadlines are looked at in every round.
    fn call_if_due(&mut self) {
        if self.seat.protocol.next_timeout().is_some_and(|deadline| deadline <= clock::now()) {
            self.seat.tell(Input::Timeout);
        }
    }

    fn messages(&mut self, first: Message) {
        self.message(first);
        // A program that sends without end must not keep the thread: the transports have their turn after a burst.
        for _ in 1..BURST {
            if self.seat.protocol.is_finished() {
                return;
            }
            match self.seat.port.try_receive() {
                Some(message) => self.message(message),
                None => break,
            }
        }
        (0..self.seat.lines.len()).for_each(|line| self.bound(line));
    }

    /// Ends a connection whose peer does not read, whether the program has much to say or the peer asks for answers without end.
    fn bound(&mut self, line: usize) {
        if self.seat.lines[line].outbox.bytes() > MAX_WAITING {
            let error = Error::new(Status::Io, "the peer does not read what it is sent");
            self.lose(line, &Lost { code: None, error });
        }
    }

    fn message(&mut self, message: Message) {
        match message {
            #[cfg(feature = "panic-probe")]
            Message::Command(command) if &*command.name == "PANIC_PROBE" => panic!("the panic probe is on"),
            Message::Command(command) => self.seat.command(command),
            Message::Cancel(tag) => self.seat.tell(Input::Cancel(tag)),
            Message::Disconnect => self.seat.tell(Input::Disconnect),
            Message::Answer { request, .. } => {
                let sentence = format!("gb_answer: no request {request}: only a server asks something of its host");
                self.seat.port.outlet.log(LogLevel::Warn, "session", &sentence);
            }
        }
    }

    fn frames(&mut self, line: usize) {
        let now = clock::now();
        let number = Seat::<P>::number(line);
        for _ in 0..BURST {
            if self.seat.port.outlet.is_full() && self.seat.port.outlet.pause() {
                self.seat.lines[line].paused = true;
                return self.seat.tell(Input::Paused(number, true));
            }
            let Some(transport) = &mut self.transports[line] else { return };
            let failure = match transport.next_frame() {
                Ok(None) => return,
                Ok(Some(frame)) => match self.seat.call(now, Input::Frame(number, frame)) {
                    Ok(()) if !self.seat.pending.steps.is_empty() || self.seat.protocol.is_finished() => return,
                    Ok(()) => continue,
                    Err(error) => Lost { code: None, error },
                },
                Err(lost) => lost,
            };
            return self.lose(line, &failure);
        }
    }

    fn unpause(&mut self) {
        for line in 0..self.seat.lines.len() {
            if std::mem::take(&mut self.seat.lines[line].paused) {
                self.seat.tell(Input::Paused(Seat::<P>::number(line), false));
                self.frames(line);
            }
        }
    }

    fn lose(&mut self, line: usize, lost: &Lost) {
        if self.transports[line].take().is_none() {
            return;
        }
        let number = Seat::<P>::number(line);
        if std::mem::take(&mut self.seat.lines[line].paused) {
            self.seat.tell(Input::Paused(number, false));
        }
        let unwritten = std::mem::take(&mut self.seat.lines[line].outbox).unwritten();
        let closed = Closed { code: lost.code, reason: &lost.error.message, unwritten };
        self.seat.tell(Input::Closed(number, closed, lost.error.status));
    }

    fn settle_opening(&mut self, line: usize, result: Result<Opened<P::Detail>, Error>) {
        self.openings[line] = None;
        let number = Seat::<P>::number(line);
        match result {
            Ok(opened) => {
                self.transports[line] = opened.transport;
                self.seat.lines[line].outbox = Outbox::new();
                let input = self.seat.protocol.opened(number, &opened.detail);
                self.seat.tell(input);
            }
            Err(error) => self.seat.tell(Input::OpenFailed(number, &error)),
        }
    }

    /// Keeps, closes and opens, as the machine asked for.
    fn carry_out(&mut self) {
        if let Some(record) = self.seat.pending.keep.take()
            && let Err(error) = self.seat.protocol.keep(&record)
        {
            self.seat.port.outlet.log(LogLevel::Warn, "session", &error.message);
        }
        if self.seat.protocol.is_finished() {
            return;
        }
        for (line, step) in std::mem::take(&mut self.seat.pending.steps) {
            let line = line as usize;
            if line >= self.seat.lines.len() {
                self.seat.lines.resize_with(line + 1, Line::default);
                self.transports.resize_with(line + 1, || None);
                self.openings.resize_with(line + 1, || None);
            }
            match step {
                Step::Open(wanted) => self.openings[line] = Some(Box::pin(self.seat.protocol.open(wanted))),
                Step::Close(code, reason) => {
                    self.openings[line] = None;
                    let Line { outbox, .. } = std::mem::take(&mut self.seat.lines[line]);
                    if let Some(transport) = self.transports[line].take() {
                        tokio::task::spawn_local(async move { transport.close(outbox, code, &reason).await });
                    }
                }
            }
        }
    }

    /// Writes what waits, closes, and says the last words.
    async fn end(&mut self) {
        self.seat.port.outlet.publish();
        let steps = std::mem::take(&mut self.seat.pending.steps);
        let open = self.transports.iter_mut().zip(&mut self.seat.lines).enumerate();
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
        if let Some(farewell) = self.seat.pending.farewell.take() {
            self.seat.port.say_farewell(&farewell).await;
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
