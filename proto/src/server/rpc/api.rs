//! `/api/...` on the RPC port: the account's API, for tokens of the scope `rpc.api`.
//!
//! The guest's account is this world, so the REST door answers, on behalf of the token's user and in the name of its
//! application. The driver passes what is a Discord's elsewhere; then [`Door::passes_api`] says whether it may. Where it does
//! not know an elsewhere, what is a Discord's is 501.

use super::http::{HttpRequest, HttpResponse, JSON, JSON_AGAIN, JSON_BEARER, bearer};
use super::{Door, Sink};
use crate::server::rest::{self, Caller, Request, Response, Site};
use crate::time::Instant;
use crate::wire::json::Object;
use crate::wire::rest::{JsonCode, Version};
use crate::world::{DEFAULT_ORIGIN, World};

/// The scope that opens the API here.
const SCOPE: &str = "rpc.api";

impl Door {
    pub(super) fn api(
        &mut self,
        now: Instant,
        request: HttpRequest<'_>,
        world: &mut World,
        out: &mut impl Sink,
    ) -> HttpResponse {
        if !self.relay.serves_guests() {
            let sentence = "the account is a Discord's, and this server was not told where its API is";
            return refused(501, JSON, JsonCode::General, sentence);
        }
        let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
        let answered = caller(now, request, world).and_then(|caller| {
            self.pace_api(now, path)?;
            let HttpRequest { method, content_type, body, .. } = request;
            let mut changes = Vec::new();
            let request = Request { method, path, query, content_type, body };
            let response = rest::handle(now, request, &caller, &Site::default(), world, &mut changes);
            for changes in changes {
                self.handle_changes(now, &changes, world, out);
            }
            Ok(HttpResponse { status: response.status, headers: JSON, body: response.body })
        });
        let response = answered.unwrap_or_else(|refused| refused);
        if response.body.is_empty() { HttpResponse { headers: &[], ..response } } else { response }
    }

    /// Whether a request for the API may be passed to a Discord's, which judges the token itself.
    ///
    /// # Errors
    /// The answer, when not: it bears no token or one of this world's without the scope rpc.api, comes from a page
    /// that no application registered, or too soon.
    pub fn passes_api(&mut self, now: Instant, request: HttpRequest<'_>, world: &World) -> Result<(), HttpResponse> {
        let Some(shown) = request.authorization.and_then(bearer) else { return Err(unauthorized()) };
        // One of this world's own has to allow it here; of others only who gave them knows what they allow.
        let ours = world.token(now, &shown);
        if ours.is_some_and(|token| !token.scopes.iter().any(|scope| **scope == *SCOPE)) {
            return Err(unauthorized());
        }
        let known = |origin: &str| {
            origin == DEFAULT_ORIGIN || world.applications().any(|application| application.allows_origin(origin))
        };
        if request.origin.is_some_and(|origin| !known(origin)) {
            return Err(refused(403, JSON, JsonCode::InvalidOrigin, "Invalid request origin"));
        }
        self.pace_api(now, request.target)
    }

    /// One request more, of all who ask over HTTP.
    fn pace_api(&mut self, now: Instant, path: &str) -> Result<(), HttpResponse> {
        let limits = &self.config.limits;
        if self.once.take(now, limits.commands_per_second, limits.commands_burst) {
            return Ok(());
        }
        let version = Version::of_path(path).and_then(Result::ok).map_or(Version::DEFAULT, |(version, _)| version);
        let mut body = Vec::new();
        Object::begin(&mut body)
            .str("message", "You are being rate limited.")
            .int("retry_after", if version.counts_seconds() { 1 } else { 1000 })
            .bool("global", true)
            .end();
        Err(HttpResponse { status: 429, headers: JSON_AGAIN, body })
    }
}

/// Who asks, by the token that is shown.
fn caller(now: Instant, request: HttpRequest<'_>, world: &World) -> Result<Caller, HttpResponse> {
    let token = request.authorization.and_then(bearer).and_then(|token| world.token(now, &token).cloned());
    let token = token.filter(|token| token.scopes.iter().any(|scope| **scope == *SCOPE)).ok_or_else(unauthorized)?;
    let application = world.application(token.application);
    if let Some(origin) = request.origin
        && !application.is_some_and(|application| application.allows_origin(origin))
    {
        return Err(refused(403, JSON, JsonCode::InvalidOrigin, "Invalid request origin"));
    }
    Ok(Caller { user: token.user, application: Some(token.application), scopes: token.scopes, full: false })
}

fn unauthorized() -> HttpResponse {
    refused(401, JSON_BEARER, JsonCode::Unauthorized, "a bearer token with the scope rpc.api is needed")
}

fn refused(
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    code: JsonCode,
    sentence: &str,
) -> HttpResponse {
    let Response { status, body } = Response::error(status, code, sentence);
    HttpResponse { status, headers, body }
}
