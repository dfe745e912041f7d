//! `POST /rpc`: one command in, its reply out, by somebody who has no connection.
//!
//! The URL is that of a WebSocket (`?v=1&client_id=..`, and `&launch_token=..` where no Origin is sent), the body one
//! envelope, and an access token may stand in `Authorization: Bearer ..`. A request is a peer while it waits for its reply:
//! a question to the user, or a `timeout`, takes as long as it takes over a WebSocket. It holds no place of a peer's;
//! there are as many of its own. What lasts as long as a connection is refused: subscriptions, presence, voice settings,
//! devices, AUTHENTICATE ([`LASTING`]). With a Discord's account the token is shown to it, and the command passed on.
//! There is no command by GET and no CORS: a page that was not registered can neither ask nor read.
//!
//! The one thing to know before changing it: all who ask once are one peer where the rate of commands is counted, since
//! each of them sends only one.

use super::admission::{ORIGIN_UNKNOWN, client_of};
use super::caller::Caller;
use super::http::{HttpRequest, HttpResponse, JSON, JSON_AGAIN, JSON_BEARER, bearer};
use super::peer::{Bucket, Peer, State, Transport};
use super::{Cx, Door, Sink};
use crate::server::form;
use crate::time::Instant;
use crate::value::Document;
use crate::wire::json::Object;
use crate::wire::rpc::ErrorCode;
use crate::world::World;

/// What lasts as long as a connection, and so can't be asked once.
pub(super) const LASTING: &[&str] = &[
    "AUTHENTICATE",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "SET_ACTIVITY",
    "SET_VOICE_SETTINGS",
    "SET_USER_VOICE_SETTINGS",
    "SET_CERTIFIED_DEVICES",
];

impl Door {
    /// A `POST /rpc` came. `peer` is a number as [`Door::handle_connect`] takes it. Its reply is the one frame that is then
    /// sent to this peer, now or later; [`Door::http_reply`] makes the answer of it, and [`Door::handle_gone`] ends it, as
    /// it does when the asker goes away.
    ///
    /// # Errors
    /// The answer, when the request is refused before its command is looked at.
    pub fn handle_post(
        &mut self,
        now: Instant,
        peer: u32,
        request: HttpRequest<'_>,
        world: &mut World,
        out: &mut impl Sink,
    ) -> Result<(), HttpResponse> {
        let cx = &mut Cx { now, world, out };
        let relayed = !self.relay.serves_guests();
        if relayed && !self.is_discord_there() {
            return Err(answer(503, ErrorCode::Unknown, self.too_late()));
        }
        let caller = self.judge_post(cx, peer, request)?;
        let limits = &self.config.limits;
        if !self.once.take(now, limits.commands_per_second, limits.commands_burst) {
            let sentence = format!("more than {} commands a second", limits.commands_per_second);
            return Err(answer(429, ErrorCode::Unknown, &sentence));
        }
        let waiting = self.peers.values().filter(|known| matches!(known.state, State::Once { .. })).count();
        if waiting >= limits.peers {
            return Err(answer(429, ErrorCode::Unknown, "too many requests wait for their reply"));
        }
        let (client, bucket) = (caller.client, Bucket::default());
        self.peers.insert(peer, Peer { transport: Transport::Http, bucket, state: State::Once { caller, relayed } });
        if relayed {
            let token = request.authorization.and_then(bearer);
            self.post_upstream(cx, peer, client, token, request.body);
        } else {
            self.command(cx, peer, request.body);
        }
        Ok(())
    }

    fn judge_post(&self, cx: &Cx<'_, impl Sink>, peer: u32, request: HttpRequest<'_>) -> Result<Caller, HttpResponse> {
        let media_type = request.content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        // Exactly this: a form, and what a page can post across sites without asking, is no command.
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(answer(400, ErrorCode::InvalidPayload, "Content-Type: application/json expected"));
        }
        let query = request.target.split_once('?').map_or("", |(_, query)| query);
        let invalid = |why| answer(400, ErrorCode::InvalidClientId, why);
        let application = client_of(cx.world, query).map_err(invalid)?;
        if !self.origin_allowed(&application, query, request.origin) {
            return Err(answer(403, ErrorCode::InvalidOrigin, ORIGIN_UNKNOWN));
        }
        if form::parameter(query, "v").as_deref() != Some("1") {
            return Err(answer(400, ErrorCode::InvalidPayload, "v: 1 expected"));
        }
        if form::parameter(query, "encoding").is_some_and(|encoding| encoding != "json") {
            return Err(answer(400, ErrorCode::InvalidPayload, "encoding: json expected"));
        }
        if request.body.len() > self.config.limits.message_bytes {
            return Err(answer(400, ErrorCode::InvalidPayload, "the command is too long"));
        }
        let client = application.id;
        let scopes = match request.authorization {
            None => None,
            // Discord will say which scopes its token has.
            Some(header) if !self.relay.serves_guests() => {
                let sentence = "Authorization: Bearer and an access token expected";
                bearer(header).ok_or_else(|| answer(401, ErrorCode::InvalidToken, sentence))?;
                None
            }
            Some(header) => {
                let token = bearer(header).and_then(|token| cx.world.token(cx.now, &token));
                let local = cx.world.local_user().id;
                let token = token.filter(|token| token.application == client && token.user == local);
                let token = token.ok_or_else(|| {
                    let sentence = "Authorization: the access token is unknown, run out, revoked, or another \
                                    application's or user's";
                    answer(401, ErrorCode::InvalidToken, sentence)
                })?;
                Some(token.scopes.clone())
            }
        };
        Ok(Caller { peer, client, session: None, local: false, scopes })
    }

    /// What answers a `POST /rpc` whose reply is `frame`: 200 with the reply, or what was wrong. `authorized` is whether the
    /// request had an access token: without one 4006 asks for it.
    pub fn http_reply(frame: &[u8], authorized: bool) -> HttpResponse {
        let mut doc = Document::new();
        let parsed = doc.parse(frame).is_ok();
        let root = doc.root();
        if parsed && root.member("evt").as_str() != Some("ERROR") {
            return HttpResponse { status: 200, headers: JSON, body: frame.to_vec() };
        }
        let code = root.get("/data/code").as_whole().unwrap_or(ErrorCode::Unknown as i64);
        let sentence = root.get("/data/message").as_str().unwrap_or_default();
        let status = match ErrorCode::from_code(code) {
            Some(ErrorCode::InvalidPermissions) if authorized => 403,
            Some(ErrorCode::InvalidPermissions | ErrorCode::InvalidToken) => 401,
            Some(ErrorCode::InvalidOrigin) => 403,
            _ => 400,
        };
        written(status, code, sentence)
    }

    /// What answers a `POST /rpc` that is closed in place of a reply: the server ends.
    pub fn http_closed(reason: &str) -> HttpResponse {
        answer(503, ErrorCode::Unknown, reason)
    }
}

fn answer(status: u16, code: ErrorCode, sentence: &str) -> HttpResponse {
    written(status, code as i64, sentence)
}

fn written(status: u16, code: i64, sentence: &str) -> HttpResponse {
    let mut body = Vec::new();
    Object::begin(&mut body).int("code", code).str("message", sentence).end();
    let headers = match status {
        401 => JSON_BEARER,
        429 => JSON_AGAIN,
        _ => JSON,
    };
    HttpResponse { status, headers, body }
}
