//! What a server's tasks share: the door, the world, and a mailbox per peer.
//!
//! All of it lives on the I/O thread. Nothing here waits: a peer's task brings its frames, the door answers into mailboxes
//! and into a list of events for the program, and whoever has something to do is notified.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{Error, ProtocolError, Status};
use gamebridge_proto::event::{Event, EventType, LogLevel};
use gamebridge_proto::record::door::Input;
use gamebridge_proto::record::{Output, Setup, Tapped, Witness};
use gamebridge_proto::server::rpc::{Account, Door, Errand, HttpRequest, HttpResponse, Sink, Via, snapshot};
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use gamebridge_proto::wire::json::Object;
use gamebridge_proto::world::{Changes, Entropy, World};
use tokio::sync::{Notify, mpsc};

use super::account_file::Kept;
use super::backend::{Backend, Turns};
use super::beginning::First;
use super::files::{self, Order};
use super::half_open::HalfOpen;
use super::mailbox::{MOST_OF_ALL, Mailbox};
use super::sandbox::Sandbox;
use super::service::Service;
use super::upstreams::Upstreams;
use crate::record::{self, Tape};
use crate::runtime::{clock, fill_random};
use crate::session::port::{Outlet, Passed};

/// How long closing all peers may take.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);
/// With this much unpolled the host is asked nothing more.
const MAX_UNREAD: u64 = 1 << 20;

/// The tag of commands that the house gives itself, before the program could give any.
const BEGINNING: u64 = 1;

/// See the module.
#[derive(Debug)]
pub(super) struct House {
    pub(super) rooms: RefCell<Rooms>,
    /// Something for the main task: events, or an earlier deadline.
    stirred: Notify,
    next_peer: Cell<u32>,
    pub(super) launch_token: String,
    /// Where the account's Discord is; of a guest, nowhere.
    upstreams: Upstreams,
    /// Where the account's API is, when it is not the world's.
    api: Option<Backend>,
    pub(super) api_turns: Turns,
    pub(super) half_open: HalfOpen,
}

#[derive(Debug)]
pub(super) struct Rooms {
    door: Door,
    pub(super) world: World,
    mailboxes: HashMap<u32, Rc<Mailbox>>,
    pub(super) events: Vec<Waiting>,
    errands: Vec<Errand>,
    /// The other doors, when it is a sandbox.
    pub(super) sandbox: Option<Sandbox>,
    /// The guest's file, where there is one.
    kept: Option<Kept>,
    /// The deadline that the main task knows of.
    armed: Option<Instant>,
    tape: Option<Box<Tape>>,
}

/// An event on its way to the program, which is the main task's to deliver.
#[derive(Debug)]
pub(super) struct Waiting {
    time: Instant,
    event: Event<'static>,
    name: String,
    message: String,
    payload: Box<[u8]>,
}

impl Waiting {
    pub(super) fn of(time: Instant, event: Event<'_>) -> Waiting {
        Waiting {
            time,
            event: Event { name: "", payload: &[], bytes: &[], message: "", ..event },
            name: event.name.to_owned(),
            message: event.message.to_owned(),
            payload: event.payload.into(),
        }
    }
}

/// The operating system's generator. When it gives nothing there are no tokens to be had: the panic ends the connection that
/// asked for one, and guessable tokens would be worse.
pub(super) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        fill_random(bytes).expect("random bytes from the operating system");
    }
}

struct Effects<'h> {
    now: Instant,
    mailboxes: &'h HashMap<u32, Rc<Mailbox>>,
    events: &'h mut Vec<Waiting>,
    errands: &'h mut Vec<Errand>,
    sandbox: Option<&'h mut Sandbox>,
}

impl Sink for Effects<'_> {
    fn send(&mut self, peer: u32, opcode: Opcode, payload: &[u8]) {
        if let Some(mailbox) = self.mailboxes.get(&peer) {
            mailbox.frames.borrow_mut().push(opcode, payload);
            mailbox.stirred.notify_one();
        }
    }

    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        if let Some(mailbox) = self.mailboxes.get(&peer) {
            mailbox.close.borrow_mut().get_or_insert_with(|| (code, reason.to_owned()));
            mailbox.stirred.notify_one();
        }
    }

    fn event(&mut self, event: Event<'_>) {
        self.events.push(Waiting::of(self.now, event));
    }

    fn errand(&mut self, errand: Errand) {
        self.errands.push(errand);
    }

    fn changed(&mut self, now: Instant, world: &World, changes: &Changes) {
        if let Some(sandbox) = &mut self.sandbox {
            sandbox.changed(now, world, changes, self.events);
        }
    }

    fn reloaded(&mut self, now: Instant, world: &World) {
        if let Some(sandbox) = &mut self.sandbox {
            sandbox.reloaded(now, world, self.events);
        }
    }
}

impl Rooms {
    fn next_timeout(&self) -> Option<Instant> {
        let due = self.kept.as_ref().and_then(Kept::due);
        let gateway = self.sandbox.as_ref().and_then(|sandbox| sandbox.next_timeout());
        self.door.next_timeout().into_iter().chain(due).chain(gateway).min()
    }
}

/// A call of the door that was announced.
struct Call {
    now: Instant,
}

/// What a call of the door gives back, on its way to a recording.
trait Told {
    fn show(&self, _tape: &mut Tape) {}
}

impl Told for () {}

impl Told for Result<(), Error> {
    fn show(&self, tape: &mut Tape) {
        if let Err(error) = self {
            tape.saw(&Output::Failed(error));
        }
    }
}

impl Told for Result<(), HttpResponse> {
    fn show(&self, tape: &mut Tape) {
        if let Err(refused) = self {
            tape.saw(&Output::Response(refused));
        }
    }
}

impl Told for HttpResponse {
    fn show(&self, tape: &mut Tape) {
        tape.saw(&Output::Response(self));
    }
}

impl House {
    /// `own` are the addresses at which it listens itself, `gateway` that of a sandbox's Gateway. What its connections to a Discord say comes out of the other end,
    /// and belongs into [`House::upstream`].
    pub(super) fn new(
        service: &Service,
        own: Vec<String>,
        gateway: Option<String>,
        outlet: &mut Outlet,
    ) -> Result<(House, mpsc::UnboundedReceiver<Passed>), Error> {
        let config = service.door()?;
        let (upstreams, passed) = Upstreams::new(service.discord.clone(), own, config.instance.clone());
        let launch_token = config.launch_token.as_ref().map(|token| token.reveal().to_owned()).unwrap_or_default();
        let world = service.world()?;
        let sandbox = service.sandbox.as_ref().zip(gateway).map(|(door, url)| Sandbox::new(&url, door.strict));
        let mut tape = match &sandbox {
            Some(_) => None,
            None => Tape::begin(Setup::Server(&config, &world), outlet),
        };
        let world = World::new(world, record::overheard(tape.as_deref_mut(), SystemEntropy))
            .map_err(|error| Error::argument(format!("rpc: username: {error}")))?;
        let kept = service.account_file.clone().map(Kept::new);
        let house = House {
            rooms: RefCell::new(Rooms {
                door: Door::new(config),
                world,
                mailboxes: HashMap::new(),
                events: Vec::new(),
                errands: Vec::new(),
                sandbox,
                kept,
                armed: None,
                tape,
            }),
            stirred: Notify::new(),
            next_peer: Cell::new(1),
            launch_token,
            upstreams,
            api: service.api,
            api_turns: Turns::default(),
            half_open: HalfOpen::default(),
        };
        house.keep()?;
        house.begin(service)?;
        if service.account != Account::Guest {
            house.with_door(house.about(Input::Start), |door, world, now, out| door.start(now, world, out));
        }
        Ok((house, passed))
    }

    /// Writes the guest to its file, if it differs.
    fn keep(&self) -> Result<(), Error> {
        let rooms = &mut *self.rooms.borrow_mut();
        rooms.kept.as_mut().map_or(Ok(()), |kept| kept.write(&rooms.world))
    }

    /// The last words: what is still to be written, and the connections to a Discord.
    pub(super) async fn end(&self, outlet: &mut Outlet) {
        self.keep_aloud(outlet);
        self.upstreams.end(CLOSE_WITHIN).await;
    }

    fn keep_aloud(&self, outlet: &mut Outlet) {
        if let Err(error) = self.keep() {
            outlet.log(LogLevel::Warn, "account", &error.message);
        }
    }

    /// Whether it is known which account peers meet.
    pub(super) fn is_settled(&self) -> bool {
        self.rooms.borrow().door.is_settled()
    }

    /// What a connection to a Discord says.
    pub(super) fn upstream(&self, passed: &Passed) {
        let (session, event) = (passed.session, passed.event());
        self.with_door(self.about(Input::Upstream { session, event: &event }), |door, world, now, out| {
            door.handle_upstream(now, session, &event, world, out);
        });
    }

    /// Announces a call of the door: this, as data, is what goes on record. So no call can be made that a recording lacks.
    fn about(&self, input: Input<'_>) -> Call {
        let now = clock::now();
        if let Some(tape) = &mut self.rooms.borrow_mut().tape {
            tape.door(now, &input);
        }
        Call { now }
    }

    /// Calls the door, then tells the main task what it has to know.
    fn with_door<R: Told>(
        &self,
        Call { now }: Call,
        step: impl FnOnce(&mut Door, &mut World, Instant, &mut Tapped<'_, Effects<'_>, Tape>) -> R,
    ) -> R {
        let rooms = &mut *self.rooms.borrow_mut();
        let mut out = Effects {
            now,
            mailboxes: &rooms.mailboxes,
            events: &mut rooms.events,
            errands: &mut rooms.errands,
            sandbox: rooms.sandbox.as_mut(),
        };
        let mut tapped = Tapped::new(&mut out, rooms.tape.as_deref_mut());
        let result = step(&mut rooms.door, &mut rooms.world, now, &mut tapped);
        if let Some(tape) = &mut rooms.tape {
            result.show(tape);
            if let Some(sentence) = tape.finish(rooms.door.next_timeout()) {
                out.event(Event::log(LogLevel::Warn, "record", &sentence));
            }
        }
        for errand in rooms.errands.drain(..) {
            self.upstreams.run(errand);
        }
        if let Some(kept) = &mut rooms.kept {
            kept.notice(now, &rooms.world);
        }
        let next = rooms.next_timeout();
        if !rooms.events.is_empty() || next.is_some_and(|next| rooms.armed.is_none_or(|armed| next < armed)) {
            self.stirred.notify_one();
        }
        result
    }

    /// A peer came: its number and its mailbox.
    pub(super) fn connect(&self, via: Via<'_>) -> (u32, Rc<Mailbox>) {
        let (peer, mailbox) = self.mailbox();
        self.with_door(self.about(Input::Connect { peer, via }), |door, world, now, out| {
            door.handle_connect(now, peer, via, world, out)
        });
        (peer, mailbox)
    }

    /// What happened at another door of the same world.
    #[cfg(feature = "gateway")]
    pub(super) fn show_changes(&self, now: Instant, changes: &[Changes]) {
        for changes in changes {
            self.with_door(Call { now }, |door, world, now, out| door.handle_changes(now, changes, world, out));
        }
        if !self.rooms.borrow().events.is_empty() {
            self.stirred.notify_one();
        }
    }

    /// Something may have come of another door: the main task looks, if there is anything for it.
    #[cfg(feature = "gateway")]
    pub(super) fn settle(&self) {
        let rooms = self.rooms.borrow();
        let is_early = rooms.next_timeout().is_some_and(|next| rooms.armed.is_none_or(|armed| next < armed));
        if is_early || !rooms.events.is_empty() {
            self.stirred.notify_one();
        }
    }

    /// Something is for the main task to look at.
    #[cfg(feature = "gateway")]
    pub(super) fn wake(&self) {
        self.stirred.notify_one();
    }

    /// The number of the next peer, of whatever door.
    pub(super) fn next_number(&self) -> u32 {
        self.next_peer.replace(self.next_peer.get().wrapping_add(1).max(1))
    }

    /// The next number, and its mailbox.
    fn mailbox(&self) -> (u32, Rc<Mailbox>) {
        let peer = self.next_number();
        let mailbox = Rc::new(Mailbox::default());
        self.rooms.borrow_mut().mailboxes.insert(peer, mailbox.clone());
        (peer, mailbox)
    }

    pub(super) fn frame(&self, peer: u32, frame: Frame<'_>) -> Result<(), ProtocolError> {
        self.with_door(self.about(Input::Frame { peer, frame }), |door, world, now, out| {
            door.handle_frame(now, peer, frame, world, out)
        })
    }

    pub(super) fn gone(&self, peer: u32) {
        self.rooms.borrow_mut().mailboxes.remove(&peer);
        self.with_door(self.about(Input::Gone { peer }), |door, world, now, out| {
            door.handle_gone(now, peer, world, out)
        });
        self.stirred.notify_one();
    }

    pub(super) fn http(&self, request: HttpRequest<'_>) -> HttpResponse {
        self.with_door(self.about(Input::Http(request)), |door, world, now, out| {
            door.handle_http(now, request, world, out)
        })
    }

    /// A command that comes once: its number, and the mailbox that its reply will be in.
    pub(super) fn post(&self, request: HttpRequest<'_>) -> Result<(u32, Rc<Mailbox>), HttpResponse> {
        let (peer, mailbox) = self.mailbox();
        let posted = self.with_door(self.about(Input::Post { peer, request }), |door, world, now, out| {
            door.handle_post(now, peer, request, world, out)
        });
        match posted {
            Ok(()) => Ok((peer, mailbox)),
            Err(refused) => {
                self.rooms.borrow_mut().mailboxes.remove(&peer);
                Err(refused)
            }
        }
    }

    /// Whose API answers this request, when it is not this world's; or why nobody's.
    pub(super) fn api_elsewhere(&self, request: HttpRequest<'_>) -> Option<Result<Backend, HttpResponse>> {
        let backend = self.api.filter(|_| request.target.starts_with("/api/"))?;
        let call = self.about(Input::Api(request));
        let passes = self.with_door(call, |door, world, now, _| door.passes_api(now, request, world));
        Some(passes.map(|()| backend))
    }

    /// A command of the host's. It has no peer to wait for, so its reply is there at once.
    pub(super) fn command(&self, command: Command, outlet: &mut Outlet) {
        if self.sandbox_command(&command) {
            return self.deliver(outlet);
        }
        let (name, tag) = (command.name.clone(), command.tag);
        match files::order(command) {
            Ok(Order::Door(command)) => self.carry_out(command),
            Ok(Order::Save { path, secrets }) => {
                let saved = snapshot::save(&self.rooms.borrow().world, secrets);
                let written = crate::files::write(&path, &saved).map_err(|error| files::within("path", error));
                self.reply(&name, tag, written.map(|()| (path, saved.len())));
            }
            Err(error) => self.reply(&name, tag, Err(error)),
        }
        self.deliver(outlet);
    }

    fn carry_out(&self, command: Command) {
        let call = self.about(Input::Command(&command));
        self.with_door(call, |door, world, now, out| door.handle_command(now, command, world, out));
    }

    /// What the door would say of a command that it never saw.
    fn reply(&self, name: &str, tag: u64, outcome: Result<(PathBuf, usize), Error>) {
        let rooms = &mut *self.rooms.borrow_mut();
        let mut out = Effects {
            now: clock::now(),
            mailboxes: &rooms.mailboxes,
            events: &mut rooms.events,
            errands: &mut rooms.errands,
            sandbox: None,
        };
        let mut event = Event::new(EventType::Reply, name);
        event.tag = tag;
        match outcome {
            Err(error) if tag == 0 => {
                out.event(Event::log(LogLevel::Warn, "rpc server", &format!("{name} failed: {error}")));
            }
            Err(error) => {
                (event.status, event.message) = (error.status, &error.message);
                out.event(event);
            }
            Ok(_) if tag == 0 => {}
            Ok((path, bytes)) => {
                let mut payload = Vec::new();
                let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
                Object::begin(&mut payload).str("path", &path.display().to_string()).int("bytes", bytes).end();
                event.payload = &payload;
                out.event(event);
            }
        }
    }

    /// What the service is to begin with, as if the host had sent the commands.
    ///
    /// # Errors
    /// The first of them failed.
    fn begin(&self, service: &Service) -> Result<(), Error> {
        for First { command, parameter, args } in &service.beginning {
            self.carry_out(Command {
                name: (*command).into(),
                args: args.clone(),
                tag: BEGINNING,
                ..Command::default()
            });
            let events = &mut self.rooms.borrow_mut().events;
            let replied = |waiting: &Waiting| waiting.event.kind == EventType::Reply && waiting.event.tag == BEGINNING;
            let Some(at) = events.iter().position(replied) else { continue };
            let reply = events.remove(at);
            if reply.event.status != Status::Ok {
                return Err(Error::new(reply.event.status, format!("rpc: {parameter}: {}", reply.message)));
            }
        }
        Ok(())
    }

    pub(super) fn answer(&self, request: u64, status: Status, json: &[u8]) -> Result<(), Error> {
        let call = self.about(Input::Answer { request, status, json });
        self.with_door(call, |door, world, now, out| door.handle_answer(now, request, status, json, world, out))
    }

    pub(super) fn timeout(&self, outlet: &mut Outlet) {
        self.with_door(self.about(Input::Timeout), |door, world, now, out| door.handle_timeout(now, world, out));
        self.sandbox_timeout();
        let due = self.rooms.borrow().kept.as_ref().and_then(Kept::due);
        if due.is_some_and(|due| due <= clock::now()) {
            self.keep_aloud(outlet);
        }
    }

    /// The door's deadline, which the caller now keeps.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let rooms = &mut *self.rooms.borrow_mut();
        rooms.armed = rooms.next_timeout();
        rooms.armed
    }

    pub(super) async fn stirred(&self) {
        self.stirred.notified().await;
    }

    /// Hands the program what happened. A question that it cannot be asked, since it has long not polled, is a no: peers
    /// that ask again and again must not fill the lane that drops nothing.
    pub(super) fn deliver(&self, outlet: &mut Outlet) {
        let mut unasked = Vec::new();
        for waiting in self.rooms.borrow_mut().events.drain(..) {
            let (name, message, payload) = (&waiting.name, &waiting.message, &waiting.payload);
            if waiting.event.kind == EventType::Request && outlet.unread_bytes() > MAX_UNREAD {
                unasked.push(waiting.event.tag);
                continue;
            }
            outlet.event_at(waiting.time.as_nanos(), &Event { name, message, payload, ..waiting.event });
        }
        for request in unasked {
            let sentence = "a request was denied, because earlier ones were not polled";
            outlet.log(LogLevel::Warn, "host", sentence);
            // It was asked a moment ago, so it waits; and if not, nothing is lost.
            let _ = self.answer(request, Status::Cancelled, b"");
        }
        outlet.publish();
    }

    /// Whose Discord peers meet, for CONNECTED.
    pub(super) fn account(&self, json: &mut Vec<u8>) {
        let rooms = self.rooms.borrow();
        rooms.door.write_account(&rooms.world, json);
    }

    /// The guest's object, as READY shows it.
    pub(super) fn local_user(&self, json: &mut Vec<u8>) {
        gamebridge_proto::server::rpc::write_user(json, self.rooms.borrow().world.local_user());
    }

    /// Until when the host's commands wait for peers that have much to read. Where too much waits altogether, the peer for whom
    /// most does is dropped.
    pub(super) fn held_until(&self) -> Option<Instant> {
        let now = clock::now();
        let rooms = self.rooms.borrow();
        if rooms.mailboxes.values().map(|mailbox| mailbox.waiting()).sum::<usize>() > MOST_OF_ALL
            && let Some(most) = rooms.mailboxes.values().max_by_key(|mailbox| mailbox.waiting())
        {
            most.drop_peer();
        }
        rooms.mailboxes.values().filter_map(|mailbox| mailbox.holds_until(now)).max()
    }

    /// A peer has caught up: the main task looks anew.
    pub(super) fn caught_up(&self) {
        self.stirred.notify_one();
    }

    /// Closes every peer, and waits a little for them to hear of it.
    pub(super) async fn close_all(&self, code: u16, reason: &str) {
        for mailbox in self.rooms.borrow().mailboxes.values() {
            mailbox.close.borrow_mut().get_or_insert_with(|| (code, reason.to_owned()));
            mailbox.stirred.notify_one();
        }
        self.close_gateway(code, reason);
        let all_gone = async {
            while !self.rooms.borrow().mailboxes.is_empty() || !self.gateway_is_empty() {
                self.stirred.notified().await;
            }
        };
        // Who does not listen loses its task.
        let _ = tokio::time::timeout(CLOSE_WITHIN, all_gone).await;
    }
}
