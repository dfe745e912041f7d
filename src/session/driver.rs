//! The loop that every client machine runs in.
//!
//! It holds at most one transport, moves frames both ways, and calls the machine with the time. Events are published once
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
use crate::record::Tape;
use crate::runtime::clock;
use crate::transport::{Lost, Outbox, Transport};

/// Events between two publications while the socket stays full.
const BURST: usize = 256;
/// What may wait for a peer that does not read, in bytes.
const MAX_WAITING: usize = 16 << 20;

/// A connection that was made, and what the machine is told of it.
pub(super) struct Opened<D> {
    pub(super) transport: Transport,
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
    fn opened(&mut self, now: Instant, detail: &Self::Detail, out: &mut Effects<'_, Self::Wanted>);
    fn open_failed(&mut self, now: Instant, error: &Error, out: &mut Effects<'_, Self::Wanted>);
    fn frame(&mut self, now: Instant, frame: Frame<'_>, out: &mut Effects<'_, Self::Wanted>) -> Result<(), Error>;
    fn closed(&mut self, now: Instant, lost: &Lost, unwritten: usize, out: &mut Effects<'_, Self::Wanted>);
    fn command(&mut self, now: Instant, command: Command, out: &mut Effects<'_, Self::Wanted>);
    fn cancel(&mut self, now: Instant, tag: u64, out: &mut Effects<'_, Self::Wanted>);
    fn disconnect(&mut self, now: Instant, out: &mut Effects<'_, Self::Wanted>);
    fn timeout(&mut self, now: Instant, out: &mut Effects<'_, Self::Wanted>);
    fn paused(&mut self, _now: Instant, _paused: bool, _out: &mut Effects<'_, Self::Wanted>) {}
    fn next_timeout(&self) -> Option<Instant>;
    fn is_finished(&self) -> bool;
}

/// What a machine asks for while it is called; the machines' `Sink`s are implemented on this.
pub(super) struct Effects<'e, W> {
    now: Instant,
    outbox: &'e mut Outbox,
    outlet: &'e mut Outlet,
    pending: &'e mut Pending<W>,
    tape: Option<&'e mut Tape>,
}

/// Effects that the driver carries out after the call.
struct Pending<W> {
    open: Option<W>,
    close: Option<(u16, String)>,
    farewell: Option<Farewell>,
}

impl<'e, W> Effects<'e, W> {
    pub(super) fn open(&mut self, wanted: W) {
        self.pending.open = Some(wanted);
    }

    pub(super) fn send(&mut self, opcode: Opcode, payload: &[u8]) {
        self.outbox.push(opcode, payload);
    }

    pub(super) fn close(&mut self, code: u16, reason: &str) {
        self.pending.close = Some((code, reason.to_owned()));
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
    transport: Option<Transport>,
    outbox: Outbox,
    opening: Option<Opening<P::Detail>>,
    pending: Pending<P::Wanted>,
    paused: bool,
    tape: Option<Box<Tape>>,
}

/// What woke the loop.
enum Woken<D> {
    Message(Option<Message>),
    Driven(Result<(), Lost>),
    Opened(Result<Opened<D>, Error>),
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
        transport: None,
        outbox: Outbox::new(),
        opening: None,
        pending: Pending { open: None, close: None, farewell: None },
        paused: false,
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
            let woken = tokio::select! {
                message = self.port.inbox_next() => Woken::Message(message),
                result = progress(&mut self.transport, &mut self.outbox, self.paused) => Woken::Driven(result),
                opened = opened(&mut self.opening) => Woken::Opened(opened),
                () = &mut timer, if deadline.is_some() => Woken::Time,
                () = resume.notified(), if self.paused => Woken::Room,
            };
            match woken {
                Woken::Message(None) => {
                    // The client is being freed: nobody will read a reply.
                    self.call(|machine, now, out| machine.disconnect(now, out));
                    self.carry_out();
                    return self.end().await;
                }
                Woken::Message(Some(message)) => self.messages(message),
                Woken::Driven(Ok(())) => self.frames(),
                Woken::Driven(Err(lost)) => self.lose(&lost),
                Woken::Opened(result) => self.settle_opening(result),
                Woken::Time => timer_set = None,
                Woken::Room => self.unpause(),
            }
        }
    }

    fn call(&mut self, step: impl FnOnce(&mut P, Instant, &mut Effects<'_, P::Wanted>)) {
        let now = clock::now();
        let (outbox, outlet) = (&mut self.outbox, &mut self.port.outlet);
        let mut out = Effects { now, outbox, outlet, pending: &mut self.pending, tape: self.tape.as_deref_mut() };
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
        // A program that sends without end must not keep the thread: the transport has its turn after a burst.
        for _ in 1..BURST {
            if self.protocol.is_finished() {
                return;
            }
            match self.port.try_receive() {
                Some(message) => self.message(message),
                None => break,
            }
        }
        if self.outbox.bytes() > MAX_WAITING {
            let error = Error::new(Status::Io, "the peer does not read what it is sent");
            self.lose(&Lost { code: None, error });
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

    fn frames(&mut self) {
        let now = clock::now();
        for _ in 0..BURST {
            if self.port.outlet.is_full() && self.port.outlet.pause() {
                self.paused = true;
                return self.call(|machine, now, out| machine.paused(now, true, out));
            }
            let Some(transport) = &mut self.transport else { return };
            let failure = match transport.next_frame() {
                Ok(None) => return,
                Ok(Some(frame)) => {
                    let (outbox, outlet) = (&mut self.outbox, &mut self.port.outlet);
                    let tape = self.tape.as_deref_mut();
                    let mut out = Effects { now, outbox, outlet, pending: &mut self.pending, tape };
                    match self.protocol.frame(now, frame, &mut out) {
                        Ok(()) if self.pending.close.is_some() || self.protocol.is_finished() => return,
                        Ok(()) => continue,
                        Err(error) => Lost { code: None, error },
                    }
                }
                Err(lost) => lost,
            };
            return self.lose(&failure);
        }
    }

    fn unpause(&mut self) {
        self.paused = false;
        self.call(|machine, now, out| machine.paused(now, false, out));
        self.frames();
    }

    fn lose(&mut self, lost: &Lost) {
        if self.transport.take().is_none() {
            return;
        }
        if std::mem::take(&mut self.paused) {
            self.call(|machine, now, out| machine.paused(now, false, out));
        }
        let unwritten = std::mem::take(&mut self.outbox).unwritten();
        self.call(|machine, now, out| machine.closed(now, lost, unwritten, out));
    }

    fn settle_opening(&mut self, result: Result<Opened<P::Detail>, Error>) {
        self.opening = None;
        match result {
            Ok(opened) => {
                self.transport = Some(opened.transport);
                self.outbox = Outbox::new();
                self.call(|machine, now, out| machine.opened(now, &opened.detail, out));
            }
            Err(error) => self.call(|machine, now, out| machine.open_failed(now, &error, out)),
        }
    }

    /// Closes and opens, as the machine asked for.
    fn carry_out(&mut self) {
        if self.protocol.is_finished() {
            return;
        }
        if let Some((code, reason)) = self.pending.close.take() {
            self.opening = None;
            self.paused = false;
            if let Some(transport) = self.transport.take() {
                let outbox = std::mem::take(&mut self.outbox);
                tokio::task::spawn_local(async move { transport.close(outbox, code, &reason).await });
            }
        }
        if let Some(wanted) = self.pending.open.take() {
            self.opening = Some(Box::pin(self.protocol.open(wanted)));
        }
    }

    /// Writes what waits, closes, and says the last words.
    async fn end(&mut self) {
        self.port.outlet.publish();
        let (code, reason) = self.pending.close.take().unwrap_or((1000, String::new()));
        if let Some(transport) = self.transport.take() {
            transport.close(std::mem::take(&mut self.outbox), code, &reason).await;
        }
        if let Some(farewell) = self.pending.farewell.take() {
            self.port.say_farewell(&farewell).await;
        }
    }
}

/// Moves bytes; never returns without a transport. While paused it only writes.
async fn progress(transport: &mut Option<Transport>, outbox: &mut Outbox, paused: bool) -> Result<(), Lost> {
    match transport {
        None => std::future::pending().await,
        Some(transport) if paused => {
            transport.write(outbox).await?;
            std::future::pending().await
        }
        Some(transport) => transport.drive(outbox).await,
    }
}

/// The connection that is being made; never returns when there is none.
async fn opened<D>(opening: &mut Option<Opening<D>>) -> Result<Opened<D>, Error> {
    poll_fn(|context| match opening {
        Some(opening) => opening.as_mut().poll(context),
        None => Poll::Pending,
    })
    .await
}
