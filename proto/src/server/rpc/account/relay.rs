//! The door with a Discord behind it: letting peers in by its READY, passing on what they say and what it says, and the
//! changes from one account to the other.

use super::ask::Kind;
use super::posts::{Post, Step, is_single};
use super::trunk::{Asked, Outcome, Trunk};
use super::upstream::Upstream;
use super::{Account, CLOSE_LATER, CLOSE_RESTART, Errand, FIRST_LOOK, GRACE, LINGER, Meets, NO_ROOM, Watch, ready};
use crate::error::Status;
use crate::event::{Event, EventType, LogLevel};
use crate::secret::Secret;
use crate::server::rpc::admission::refuse;
use crate::server::rpc::caller::Caller;
use crate::server::rpc::commands::{Call, Effect, Reply, topic};
use crate::server::rpc::peer::{Peer, Standing, State};
use crate::server::rpc::refusal::Refusal;
use crate::server::rpc::{Cx, Door, Sink, envelope, notify, objects};
use crate::time::Instant;
use crate::value::{self, Document, Value};
use crate::wire::catalog;
use crate::wire::ipc::Opcode;
use crate::wire::json::{Object, array, push_str};
use crate::wire::rpc::{self, CloseCode, ErrorCode};
use crate::world::{ApplicationId, TOKEN_LIFETIME, Timestamp, World};

const ACCOUNT_CHANGED: &str = "the account changed; connect again";
/// Of the name of a command that no row describes.
const MOST_NAME: usize = 64;
const REVOKED: &str = "the access token was revoked";
const BROKE: &str = "the connection to Discord broke; connect again";

impl Door {
    /// Begins: an account that is not the guest's is looked for. Call it once, before the first peer.
    pub fn start(&mut self, now: Instant, world: &mut World, out: &mut impl Sink) {
        let cx = &mut Cx { now, world, out };
        if self.relay.home().is_some() {
            self.relay.first_look = Some(now + FIRST_LOOK);
            self.relay.look(now);
            self.connect_upstreams(cx);
        }
    }

    /// Asks for the connections that are wanted by now, and closes those for whom there is none.
    fn connect_upstreams(&mut self, cx: &mut Cx<'_, impl Sink>) {
        for client in self.relay.connect(cx.now, self.config.limits.peers, cx.out) {
            let waiting = self.peers.iter().filter(|(_, peer)| peer.waits_for() == Some(client));
            for peer in waiting.map(|(number, _)| *number).collect::<Vec<_>>() {
                self.close(cx, peer, CLOSE_LATER, NO_ROOM);
            }
            self.end_posts(cx, NO_ROOM, |post| post.client == client);
        }
    }

    /// Whether it is known which account it is, or was looked for long enough. Until then nobody should be let in.
    pub fn is_settled(&self) -> bool {
        self.relay.first_look.is_none()
    }

    /// Writes whose Discord peers meet now: `{"kind":"desktop","user":{..}}`; the user is null while there is no Discord.
    pub fn write_account(&self, world: &World, out: &mut Vec<u8>) {
        self.account(world, None, out);
    }

    fn account(&self, world: &World, reason: Option<&str>, out: &mut Vec<u8>) {
        let guest = self.relay.serves_guests();
        let object = Object::begin(out).str("kind", if guest { "guest" } else { "desktop" }).with("user", |out| {
            match &self.relay.watch {
                _ if guest => objects::user(out, world.local_user()),
                Watch::Present { user } => out.extend_from_slice(user),
                _ => out.extend_from_slice(b"null"),
            }
        });
        match reason {
            Some(reason) => object.str("reason", reason).end(),
            None => object.end(),
        }
    }

    /// An event of the client machine that runs over a connection that an [`Errand`] asked for.
    pub fn handle_upstream(
        &mut self,
        now: Instant,
        session: u32,
        event: &Event<'_>,
        world: &mut World,
        out: &mut impl Sink,
    ) {
        let cx = &mut Cx { now, world, out };
        if event.kind == EventType::Log {
            return cx.out.event(*event);
        }
        let of_session = |trunk: &Trunk| trunk.upstreams().iter().any(|upstream| upstream.session() == Some(session));
        let Some((client, trunk)) = self.relay.trunks.iter_mut().find(|(_, trunk)| of_session(trunk)) else { return };
        let (client, first) = (*client, trunk.is_first(session));
        match event.kind {
            EventType::Connected => {
                trunk.opened(now, session, cx.out);
                if first {
                    self.upstream_ready(cx, client, event);
                }
            }
            EventType::Reply => self.upstream_reply(cx, client, session, event),
            EventType::Dispatch => self.upstream_event(cx, client, session, event),
            EventType::Reconnecting | EventType::Disconnected if first => self.upstream_lost(cx, client, event),
            EventType::Reconnecting | EventType::Disconnected => self.branch_lost(cx, client, session, event),
            EventType::Request | EventType::Audio | EventType::Log | EventType::Dropped => {}
        }
        if let Some(trunk) = self.relay.trunks.get_mut(&client) {
            trunk.tidy(now);
        }
        self.connect_upstreams(cx);
    }

    fn upstream_ready(&mut self, cx: &mut Cx<'_, impl Sink>, client: ApplicationId, event: &Event<'_>) {
        let mut doc = std::mem::take(&mut self.relay.doc);
        // A client machine's payload is JSON; what is not, has no members.
        let _ = doc.parse(event.payload);
        let ready = ready::passed_on(doc.root(), event.payload, &self.config.instance);
        let user = ready::user(doc.root(), event.payload);
        self.relay.doc = doc;
        if let Some(trunk) = self.relay.trunks.get_mut(&client) {
            trunk.ready = Some(ready);
        }
        if self.relay.home() == Some(client) {
            self.found(cx, user);
        } else {
            self.admit_waiting(cx);
        }
    }

    /// A Discord is there.
    fn found(&mut self, cx: &mut Cx<'_, impl Sink>, (user, id): (Box<[u8]>, u64)) {
        self.relay.watch = Watch::Present { user };
        self.relay.grace = None;
        if self.relay.meets == Meets::Guest {
            self.dismiss_guests(cx);
        }
        self.relay.meets = Meets::Desktop;
        self.settled(cx, Some(id), "a Discord was found");
        self.admit_waiting(cx);
    }

    /// The guest's time is over: what is owed is answered, then everybody is closed.
    fn dismiss_guests(&mut self, cx: &mut Cx<'_, impl Sink>) {
        self.deny_all(cx);
        self.refuse_waits(cx, Instant::from_nanos(u64::MAX));
        let guests = self.peers.iter().filter(|(_, peer)| peer.open().is_some() && !peer.is_relayed());
        for peer in guests.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.close(cx, peer, CLOSE_RESTART, ACCOUNT_CHANGED);
        }
    }

    /// Tells the host whose account it is now, unless it knows, or will hear it with CONNECTED.
    fn settled(&mut self, cx: &mut Cx<'_, impl Sink>, user: Option<u64>, reason: &str) {
        let known = std::mem::replace(&mut self.relay.told, user) == user;
        if self.relay.first_look.take().is_some() || known {
            return;
        }
        let mut payload = Vec::new();
        self.account(cx.world, Some(reason), &mut payload);
        notify(cx.out, 0, "ACCOUNT_UPDATE", &payload);
    }

    fn upstream_reply(&mut self, cx: &mut Cx<'_, impl Sink>, client: ApplicationId, session: u32, reply: &Event<'_>) {
        let Some(trunk) = self.relay.trunks.get_mut(&client) else { return };
        match trunk.reply(cx.now, session, reply, cx.out) {
            Outcome::Nothing => {}
            Outcome::Authenticated(peer) => self.authenticated_upstream(cx, client, peer, reply.payload),
            Outcome::Refused(bearers) => {
                trunk.fail_those(&bearers, cx.out);
                for peer in bearers {
                    self.close(cx, peer, CloseCode::TokenRevoked as u16, "the access token was refused by Discord");
                }
            }
        }
    }

    /// The peer may do now what its token allows.
    fn authenticated_upstream(&mut self, cx: &mut Cx<'_, impl Sink>, client: ApplicationId, peer: u32, data: &[u8]) {
        let mut doc = Document::new();
        let _ = doc.parse(data);
        let root = doc.root();
        let scopes: Vec<Box<str>> =
            root.member("scopes").iter().filter_map(|scope| scope.as_str()).map(Box::from).collect();
        // What has run out by our clock, and was taken by Discord's, runs out when Discord says so.
        let expires = root.member("expires").as_str().and_then(Timestamp::parse).map_or(0, |at| at.0);
        let left = expires.saturating_sub(cx.world.unix_ms(cx.now));
        let left = if left == 0 { TOKEN_LIFETIME } else { std::time::Duration::from_millis(left).min(TOKEN_LIFETIME) };
        let Some(open) = self.peers.get_mut(&peer).and_then(Peer::open_mut) else {
            return self.authenticated_post(cx, peer, scopes.into());
        };
        let mut notice = Vec::new();
        Object::begin(&mut notice)
            .id("client_id", client.get())
            .with("scopes", |out| array(out, &scopes, |out, scope| push_str(out, scope)))
            .raw("user", if root.member("user").exists() { root.member("user").raw(data) } else { b"null" })
            .end();
        open.caller.scopes = Some(scopes.into());
        open.standing = Standing::Authenticated { token: None, expires: cx.now + left };
        let caller = &open.caller;
        if let Some(trunk) = self.relay.trunks.get_mut(&client) {
            trunk.restore(cx.now, peer, |row| row.scopes.allow(|scope| caller.holds(scope)), cx.out);
        }
        notify(cx.out, peer, "AUTHENTICATED", &notice);
    }

    fn upstream_event(&mut self, cx: &mut Cx<'_, impl Sink>, client: ApplicationId, session: u32, event: &Event<'_>) {
        let Some(row) = rpc::event(event.name) else { return };
        let Some(trunk) = self.relay.trunks.get(&client) else { return };
        let mut doc = std::mem::take(&mut self.relay.doc);
        let mut hearers = trunk.hearers(session, row, event.payload, &mut doc);
        // As with a guest's events, each time anew.
        hearers.retain(|peer| {
            let caller = self.peers.get(peer).and_then(Peer::caller);
            caller.is_some_and(|caller| row.scopes.allow(|scope| caller.holds(scope)))
        });
        doc.shrink_to(self.config.limits.message_bytes);
        self.relay.doc = doc;
        if hearers.is_empty() {
            return;
        }
        let data = if event.payload.is_empty() { b"null" } else { event.payload };
        envelope::dispatch(&mut self.frame, event.name, |out| out.extend_from_slice(data));
        for peer in hearers {
            cx.out.send(peer, Opcode::Frame, &self.frame);
        }
    }

    fn upstream_lost(&mut self, cx: &mut Cx<'_, impl Sink>, client: ApplicationId, event: &Event<'_>) {
        let code = u16::try_from(event.code).ok().and_then(CloseCode::from_code);
        if self.relay.home() == Some(client) {
            return match self.relay.watch {
                Watch::Present { .. } => self.discord_lost(cx, code, event.message),
                _ => self.look_failed(cx, event),
            };
        }
        self.drop_upstream(cx, client, code, BROKE);
        // It was refused before its READY: so would the next one be.
        if let Some(code) = code {
            self.refuse_waiting(cx, client, code, event.message);
        }
    }

    /// One connection of several is gone: that of a token, mostly.
    fn branch_lost(&mut self, cx: &mut Cx<'_, impl Sink>, client: ApplicationId, session: u32, event: &Event<'_>) {
        let Some(trunk) = self.relay.trunks.get_mut(&client) else { return };
        cx.out.errand(Errand::Close { session });
        let users = trunk.lose(cx.now, session, cx.out);
        trunk.fail_those(&users, cx.out);
        let revoked = u16::try_from(event.code).ok().and_then(CloseCode::from_code) == Some(CloseCode::TokenRevoked);
        for peer in users {
            match revoked {
                true => self.close(cx, peer, CloseCode::TokenRevoked as u16, REVOKED),
                false => self.close(cx, peer, CLOSE_RESTART, BROKE),
            }
        }
    }

    /// Ends an application's books: answers what is owed, then closes its peers.
    fn drop_upstream(&mut self, cx: &mut Cx<'_, impl Sink>, client: ApplicationId, code: Option<CloseCode>, why: &str) {
        let Some(mut trunk) = self.relay.trunks.remove(&client) else { return };
        for session in trunk.upstreams().iter().filter_map(Upstream::session) {
            cx.out.errand(Errand::Close { session });
        }
        // A token that was revoked closes the connection: it was that of some, and the others may come again.
        let bearers = if code == Some(CloseCode::TokenRevoked) { trunk.bearers() } else { Vec::new() };
        trunk.fail_all(cx.out);
        for peer in trunk.members() {
            match bearers.contains(&peer) {
                true => self.close(cx, peer, CloseCode::TokenRevoked as u16, REVOKED),
                false => self.close(cx, peer, CLOSE_RESTART, why),
            }
        }
    }

    fn discord_lost(&mut self, cx: &mut Cx<'_, impl Sink>, code: Option<CloseCode>, why: &str) {
        let home = self.relay.home();
        for client in self.relay.trunks.keys().copied().collect::<Vec<_>>() {
            self.drop_upstream(cx, client, code.filter(|_| Some(client) == home), BROKE);
        }
        self.end_posts(cx, BROKE, |_| true);
        let sentence = format!("Discord is gone: {why}");
        cx.out.event(Event::log(LogLevel::Info, "account", &sentence));
        self.relay.grace = Some(cx.now + GRACE);
        self.relay.rest(cx.now, true, false);
    }

    fn look_failed(&mut self, cx: &mut Cx<'_, impl Sink>, event: &Event<'_>) {
        let Some(home) = self.relay.home() else { return };
        self.relay.hang_up(home, cx.out);
        let unwelcome = event.status != Status::Io;
        self.relay.rest(cx.now, !self.peers.is_empty(), unwelcome);
        // Aloud the first time: who waits for a Discord that is not there should learn where it was looked for.
        let level = if self.relay.first_look.is_some() { LogLevel::Warn } else { LogLevel::Debug };
        cx.out.event(Event::log(level, "account", event.message));
        if self.relay.grace.is_none() {
            self.do_without(cx, "no Discord was found");
        }
    }

    /// There is no Discord: whoever waits meets the guest, where that may be.
    fn do_without(&mut self, cx: &mut Cx<'_, impl Sink>, reason: &str) {
        if matches!(self.relay.account, Account::Desktop { .. }) {
            self.relay.meets = Meets::Desktop;
            self.settled(cx, None, reason);
            if self.peers.values().any(|peer| peer.waits_for().is_some()) {
                self.relay.hurry();
            }
            return;
        }
        self.relay.meets = Meets::Guest;
        self.settled(cx, None, reason);
        let waiting = self.peers.iter().filter_map(|(number, peer)| Some((*number, peer.transport, peer.waits_for()?)));
        for (peer, transport, client) in waiting.collect::<Vec<_>>() {
            self.admit(cx, peer, transport, client);
        }
    }

    /// Somebody waits for a Discord.
    pub(in crate::server::rpc) fn wait_for_ready(&mut self, cx: &mut Cx<'_, impl Sink>) {
        self.relay.hurry();
        self.admit_waiting(cx);
    }

    /// Lets in whose READY is there, and asks for connections for the others.
    fn admit_waiting(&mut self, cx: &mut Cx<'_, impl Sink>) {
        if !matches!(self.relay.watch, Watch::Present { .. }) {
            return;
        }
        let waiting = self.peers.iter().filter_map(|(number, peer)| Some((*number, peer.transport, peer.waits_for()?)));
        for (peer, transport, client) in waiting.collect::<Vec<_>>() {
            let trunk = self.relay.want(client);
            trunk.idle_until = None;
            if let Some(ready) = trunk.ready.clone()
                && let Some(caller) = self.peers.get(&peer).and_then(Peer::caller).cloned()
            {
                trunk.join(peer);
                self.open(cx, peer, transport, caller, &ready);
            }
        }
        self.begin_posts(cx);
        self.connect_upstreams(cx);
    }

    /// Closes who waits for a connection that Discord refused.
    fn refuse_waiting(&mut self, cx: &mut Cx<'_, impl Sink>, client: ApplicationId, code: CloseCode, why: &str) {
        let waiting = self.peers.iter().filter(|(_, peer)| peer.waits_for() == Some(client));
        for peer in waiting.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.peers.remove(&peer);
            refuse(cx.out, peer, code, why);
        }
        self.end_posts(cx, why, |post| post.client == client);
    }

    pub(in crate::server::rpc) fn is_discord_there(&self) -> bool {
        matches!(self.relay.watch, Watch::Present { .. })
    }

    /// Who waited for READY and got none in time.
    pub(in crate::server::rpc) const fn too_late(&self) -> &'static str {
        match self.relay.watch {
            Watch::Present { .. } => "Discord did not answer in time; try again later",
            _ => "there is no Discord on this machine, and the account is its; try again later",
        }
    }

    /// Passes a command of a peer on. Who may was looked at before.
    pub(in crate::server::rpc) fn relay_command(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        call: Call<'_>,
    ) -> Result<Effect, Refusal> {
        let Call { caller, row, root, args, nonce, text } = call;
        let peer = caller.peer;
        let known = self.peers.get(&peer).map(|known| &known.state);
        if matches!(known, Some(State::Once { .. })) && !is_single(row) {
            return Err(Caller::lasts(row.name));
        }
        let has_begun = !matches!(known, Some(State::Waiting { .. }));
        let kind = match row.name {
            "SUBSCRIBE" => Kind::Subscribe(topic(call)?.1),
            "UNSUBSCRIBE" => Kind::Unsubscribe(topic(call)?.1),
            _ => {
                catalog::check(row, args).map_err(Refusal::argument)?;
                kind(row.name, args)
            }
        };
        let trunk = self.relay.trunks.get_mut(&caller.client).filter(|_| has_begun);
        let trunk = trunk.ok_or(Refusal::new(ErrorCode::Unknown, "READY has not come yet"))?;
        if let Kind::Subscribe(topic) = kind {
            let most = self.config.limits.subscriptions;
            if !trunk.has_room(peer, topic, most) {
                return Err(Refusal::new(ErrorCode::InvalidEvent, format!("{most} subscriptions are the most")));
            }
        }
        let name = root.member("cmd").as_str().unwrap_or(row.name);
        // Activities stay where they are, whatever their peer shows later.
        let by_token = !row.before_authentication() && !matches!(kind, Kind::Activity { .. });
        let asked = Asked { peer, nonce, name, args: args.raw(text), by_token, kind };
        trunk.ask(cx.now, asked, cx.out).map_err(|sentence| Refusal::new(ErrorCode::Unknown, sentence))?;
        trunk.tidy(cx.now);
        self.connect_upstreams(cx);
        Ok(Effect { reply: Reply::Relayed, ..Effect::default() })
    }

    /// Whether a command that no row describes is for Discord to judge. Over the local socket a peer could ask Discord
    /// itself, and its token has a connection of its own there; a page could not, as Discord looks at its Origin.
    pub(in crate::server::rpc) fn passes_unknown(&self, caller: &Caller, name: &str) -> bool {
        let authenticated = caller.local && caller.scopes.is_some() && self.is_relayed(caller);
        let letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let is_name = (1..=MOST_NAME).contains(&name.len()) && name.bytes().all(letter);
        authenticated && is_name && matches!(rpc::check_name(name), Ok(None))
    }

    /// Passes a command on that Discord may know.
    pub(in crate::server::rpc) fn relay_unknown(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        caller: &Caller,
        root: Value<'_>,
        text: &[u8],
    ) -> Result<Effect, Refusal> {
        let args = root.member("args");
        let args = match args.kind() {
            value::Kind::Missing | value::Kind::Null => b"{}",
            value::Kind::Object => args.raw(text),
            _ => return Err(Refusal::new(ErrorCode::InvalidPayload, "args: an object expected")),
        };
        let name = root.member("cmd").as_str().unwrap_or_default();
        let nonce = if root.member("nonce").exists() { root.member("nonce").raw(text) } else { b"null" };
        let asked = Asked { peer: caller.peer, nonce, name, args, by_token: true, kind: Kind::Plain };
        let trunk = self.relay.trunks.get_mut(&caller.client);
        let trunk = trunk.ok_or(Refusal::new(ErrorCode::Unknown, "READY has not come yet"))?;
        trunk.ask(cx.now, asked, cx.out).map_err(|sentence| Refusal::new(ErrorCode::Unknown, sentence))?;
        Ok(Effect { reply: Reply::Relayed, ..Effect::default() })
    }

    /// Whether this one's commands go to a Discord.
    pub(in crate::server::rpc) fn is_relayed(&self, caller: &Caller) -> bool {
        self.peers.get(&caller.peer).is_some_and(Peer::is_relayed)
    }

    /// A peer is gone, of an application that may have nobody left.
    pub(in crate::server::rpc) fn leave_upstream(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        peer: u32,
        client: ApplicationId,
    ) {
        let needed = self.relay.home() == Some(client) || self.peers.values().any(|peer| peer.client() == Some(client));
        self.relay.posts.remove(&peer);
        let Some(trunk) = self.relay.trunks.get_mut(&client) else { return };
        trunk.leave(cx.now, peer, cx.out);
        if !needed {
            trunk.idle_until = Some(cx.now + LINGER);
        }
        trunk.tidy(cx.now);
        self.connect_upstreams(cx);
    }

    pub(in crate::server::rpc) fn account_timeout(&mut self, cx: &mut Cx<'_, impl Sink>) {
        let now = cx.now;
        for trunk in self.relay.trunks.values_mut() {
            for session in trunk.expire(now, cx.out) {
                cx.out.errand(Errand::Close { session });
            }
        }
        let over = |post: &Post| matches!(post.step, Step::Waits { until, .. } if until <= now);
        self.end_posts(cx, self.too_late(), over);
        let idle = |trunk: &Trunk| trunk.idle_until.is_some_and(|until| until <= now);
        let idle = self.relay.trunks.iter().filter(|(_, trunk)| idle(trunk)).map(|(client, _)| *client);
        for client in idle.collect::<Vec<_>>() {
            self.relay.hang_up(client, cx.out);
        }
        if self.relay.grace.take_if(|until| *until <= now).is_some() {
            self.do_without(cx, "Discord quit");
        }
        if self.relay.first_look.is_some_and(|until| until <= now) {
            self.do_without(cx, "no Discord was found in time");
        }
        if let Watch::Resting { again, .. } = self.relay.watch
            && again <= now
        {
            self.relay.look(now);
        }
        self.connect_upstreams(cx);
    }
}

/// What a command changes in the books.
fn kind(name: &str, args: Value<'_>) -> Kind {
    match name {
        "AUTHENTICATE" => Kind::Authenticate(Secret::new(args.member("access_token").as_str().unwrap_or_default())),
        "SET_ACTIVITY" => {
            let pid = args.member("pid");
            let pid = pid.as_id().or_else(|| u64::try_from(pid.as_whole()?).ok());
            Kind::Activity { pid, shows: !args.member("activity").is_none() }
        }
        _ => Kind::Plain,
    }
}
