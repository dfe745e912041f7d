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
use gamebridge_proto::record::{Setup, Tapped};
use gamebridge_proto::server::beside::Beside;
use gamebridge_proto::server::host::conclude;
use gamebridge_proto::server::rpc::{Account, Door, Errand, HttpRequest, HttpResponse, ROOM, Via, snapshot};
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::ipc::Frame;
use gamebridge_proto::wire::json::Object;
use gamebridge_proto::world::{Entropy, World};
use tokio::sync::{Notify, mpsc};

use super::account_file::Kept;
use super::backend::{Backend, Turns};
use super::beginning::First;
use super::effects::{Effects, Out, Told, Waiting};
use super::files::{self, Order};
use super::half_open::HalfOpen;
use super::mailbox::{MOST_OF_ALL, Mailbox};
use super::sandbox::{self, Posts, Sandbox};
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
    /// What waits for their peers.
    pub(super) posts: Posts,
    /// The guest's file, where there is one.
    kept: Option<Kept>,
    /// The deadline that the main task knows of.
    armed: Option<Instant>,
    tape: Option<Box<Tape>>,
}

/// The operating system's generator. When it gives nothing there are no tokens to be had: the panic ends the connection that
/// asked for one, and guessable tokens would be worse.
#[derive(Clone, Debug)]
pub(super) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        fill_random(bytes).expect("random bytes from the operating system");
    }
}

impl Rooms {
    fn next_timeout(&self) -> Option<Instant> {
        let due = self.kept.as_ref().and_then(Kept::due);
        self.doors_timeout().into_iter().chain(due).min()
    }

    /// The doors' own, which a recording has.
    fn doors_timeout(&self) -> Option<Instant> {
        let further = self.sandbox.as_ref().and_then(Sandbox::next_timeout);
        self.door.next_timeout().into_iter().chain(further).min()
    }
}

/// A call of the doors that was announced.
pub(super) struct Call {
    now: Instant,
}

impl House {
    /// `own` are the addresses at which it listens itself, `gateway` that of a sandbox's Gateway. What its connections
    /// to a Discord say comes out of the other end,
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
        let further = service.sandbox.as_ref().zip(gateway).map(|(doors, url)| doors.config(url));
        let mut tape = Tape::begin(Setup::Server(&config, &world, further.as_ref()), outlet);
        let entropy = record::overheard(tape.as_deref_mut(), SystemEntropy);
        let world =
            World::new(world, entropy.clone()).map_err(|error| Error::argument(format!("rpc: username: {error}")))?;
        let sandbox = further.map(|config| Sandbox::new(config, entropy));
        let kept = service.account_file.clone().map(Kept::new);
        let house = House {
            rooms: RefCell::new(Rooms {
                door: Door::new(config),
                world,
                mailboxes: HashMap::new(),
                events: Vec::new(),
                errands: Vec::new(),
                sandbox,
                posts: Posts::default(),
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

    /// Announces a call of the doors: this, as data, is what goes on record. So no call can be made that a recording lacks.
    pub(super) fn about(&self, input: Input<'_>) -> Call {
        let now = clock::now();
        if let Some(tape) = &mut self.rooms.borrow_mut().tape {
            tape.door(now, &input);
        }
        Call { now }
    }

    /// Calls the door, then tells the main task what it has to know.
    pub(super) fn with_door<R: Told>(
        &self,
        Call { now }: Call,
        step: impl FnOnce(&mut Door, &mut World, Instant, &mut Out<'_, '_, '_>) -> R,
    ) -> R {
        let rooms = &mut *self.rooms.borrow_mut();
        let mut effects = Effects {
            now,
            mailboxes: &rooms.mailboxes,
            posts: &rooms.posts,
            events: &mut rooms.events,
            errands: &mut rooms.errands,
        };
        let mut tapped = Tapped::new(&mut effects, rooms.tape.as_deref_mut());
        let out = &mut Beside { out: &mut tapped, others: rooms.sandbox.as_mut() };
        let result = step(&mut rooms.door, &mut rooms.world, now, out);
        let deadline = rooms.doors_timeout();
        if let Some(tape) = &mut rooms.tape {
            result.show(tape);
            if let Some(sentence) = tape.finish(deadline) {
                rooms.events.push(Waiting::of(now, Event::log(LogLevel::Warn, "record", &sentence)));
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
        self.with_door(self.about(Input::Gone { peer, code: None }), |door, world, now, out| {
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
        let mut data = Vec::new();
        if let Ok((path, bytes)) = &outcome {
            Object::begin(&mut data).str("path", &path.display().to_string()).count("bytes", *bytes).end();
        }
        let events = &mut self.rooms.borrow_mut().events;
        let tell = |event: Event<'_>| events.push(Waiting::of(clock::now(), event));
        conclude(ROOM, name, tag, outcome.map(|_| &*data), tell);
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
        self.with_door(self.about(Input::Timeout), |door, world, now, out| {
            door.handle_timeout(now, world, out);
            sandbox::timeout(now, door, world, out);
        });
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
        self.close_sandbox(code, reason);
        let all_gone = async {
            while !self.rooms.borrow().mailboxes.is_empty() || !self.sandbox_is_empty() {
                self.stirred.notified().await;
            }
        };
        // Who does not listen loses its task.
        let _ = tokio::time::timeout(CLOSE_WITHIN, all_gone).await;
    }
}
