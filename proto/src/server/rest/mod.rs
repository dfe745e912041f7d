//! The REST door: the API of a Discord, without sockets.
//!
//! A request comes in with who asks, an answer goes out, and what changed in the world comes beside it for the other doors
//! to show: a message posted here is MESSAGE_CREATE at the RPC door. The driver (today the RPC port, at `/api`) has
//! found out who asks; this door finds the endpoint ([`crate::wire::rest`]), checks scopes, ids, query and body by its row,
//! and has a handler carry it out.
//!
//! | file | what lies there |
//! |---|---|
//! | `call` | one request on its way through: ids, query, body |
//! | `refusal` | error bodies, with Discord's codes |
//! | `view` | what the caller may see and do |
//! | `objects` | the world's things as the API writes them |
//! | `applications`, `commands`, `users`, `guilds`, `members`, `roles`, `channels`, `overwrites`, `messages` | the handlers |
//!
//! The one thing to know before changing it: whoever asks sees what its user sees, and not a sign of anything else. A
//! channel that the user cannot see and one that does not exist get different codes only where Discord's do (10003 and
//! 50001 tell them apart; of guilds, 10004 is the answer to both). Rules that hold at other doors too are the
//! world's. Sources: the inventories of REST, objects, versions and JSON codes.

mod applications;
mod call;
mod channels;
mod commands;
mod guilds;
mod members;
mod messages;
mod overwrites;
mod port;
mod refusal;
mod roles;
mod users;
mod view;

pub use port::{answer, caller};

use std::time::Duration;

use super::objects;
use crate::time::Instant;
use crate::value::Document;
use crate::wire::json::Object;
use crate::wire::rest::{self, Endpoint, JsonCode, Version};
use crate::world::{ApplicationId, Changes, Scopes, UserId, World};
use call::Call;
use refusal::Refusal;

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// On whose behalf.
    pub user: UserId,
    /// With which application's token, unless it is a user's own. What it makes is marked as made by it.
    pub application: Option<ApplicationId>,
    /// What the token allows.
    pub scopes: Scopes,
    /// Whether it is a bot or a user with a token of its own, to which every endpoint is open.
    pub full: bool,
}

/// What this server says about itself: where its Gateway is.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Clients connect there; without one there is no Gateway.
    pub gateway: Option<Box<str>>,
    /// `session_start_limit`'s total: how many sessions a bot may begin in a day.
    pub identifies: u32,
    /// How many are left for whoever asks.
    pub identifies_left: u32,
    /// When all are there again.
    pub identifies_reset: Duration,
    /// How many shards may identify within 5 seconds.
    pub max_concurrency: u32,
    /// More guilds than this need more shards.
    pub guilds_per_shard: usize,
}

/// A request, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`
    pub method: &'a str,
    /// The path without the query: `/api/v10/users/@me`
    pub path: &'a str,
    /// What stands behind `?`; empty when there is nothing.
    pub query: &'a str,
    /// Content-Type
    pub content_type: Option<&'a str>,
    /// The body, at most the driver's limit.
    pub body: &'a [u8],
}

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// JSON; empty with 204.
    pub body: Vec<u8>,
}

impl Response {
    /// An error body, in the words of no version in particular: a code and a sentence.
    pub fn error(status: u16, code: JsonCode, sentence: &str) -> Response {
        let mut body = Vec::new();
        Object::begin(&mut body).int("code", (code as u32).into()).str("message", sentence).end();
        Response { status, body }
    }
}

/// Carries out an endpoint.
type Handler = fn(&mut Call<'_>) -> Result<Response, Refusal>;

/// Which handler carries out which endpoint. A test holds the two tables together.
const HANDLERS: &[(&str, Handler)] = &[
    ("GET_CURRENT_USER", users::current),
    ("GET_CURRENT_USER_GUILDS", users::guilds),
    ("GET_GATEWAY", applications::gateway),
    ("GET_GATEWAY_BOT", applications::gateway_bot),
    ("GET_CURRENT_APPLICATION", applications::current),
    ("GET_CURRENT_OAUTH2_APPLICATION", applications::current),
    ("GET_COMMANDS", commands::list),
    ("CREATE_COMMAND", commands::create),
    ("REPLACE_COMMANDS", commands::replace),
    ("GET_COMMAND", commands::get),
    ("EDIT_COMMAND", commands::edit),
    ("DELETE_COMMAND", commands::delete),
    ("GET_GUILD_COMMANDS", commands::list),
    ("CREATE_GUILD_COMMAND", commands::create),
    ("REPLACE_GUILD_COMMANDS", commands::replace),
    ("GET_GUILD_COMMAND", commands::get),
    ("EDIT_GUILD_COMMAND", commands::edit),
    ("DELETE_GUILD_COMMAND", commands::delete),
    ("TRIGGER_TYPING", messages::typing),
    ("LEAVE_GUILD", users::leave),
    ("GET_DMS", users::dms),
    ("CREATE_DM", users::create_dm),
    ("GET_USER", users::get),
    ("CREATE_GUILD", guilds::create),
    ("GET_GUILD", guilds::get),
    ("MODIFY_GUILD", guilds::modify),
    ("DELETE_GUILD", guilds::delete),
    ("GET_GUILD_CHANNELS", guilds::channels),
    ("CREATE_GUILD_CHANNEL", guilds::create_channel),
    ("LIST_MEMBERS", members::list),
    ("MODIFY_CURRENT_MEMBER", members::modify_current),
    ("GET_MEMBER", members::get),
    ("MODIFY_MEMBER", members::modify),
    ("REMOVE_MEMBER", members::remove),
    ("GET_ROLES", roles::list),
    ("CREATE_ROLE", roles::create),
    ("MODIFY_ROLE", roles::modify),
    ("DELETE_ROLE", roles::delete),
    ("GET_CHANNEL", channels::get),
    ("MODIFY_CHANNEL", channels::modify),
    ("REPLACE_CHANNEL", channels::replace),
    ("DELETE_CHANNEL", channels::delete),
    ("EDIT_CHANNEL_PERMISSIONS", overwrites::put),
    ("DELETE_CHANNEL_PERMISSIONS", overwrites::delete),
    ("GET_MESSAGES", messages::list),
    ("CREATE_MESSAGE", messages::create),
    ("GET_MESSAGE", messages::get),
    ("EDIT_MESSAGE", messages::edit),
    ("DELETE_MESSAGE", messages::delete),
    ("GET_PINS", messages::pins),
    ("PIN_MESSAGE", messages::pin),
    ("UNPIN_MESSAGE", messages::unpin),
];

/// Answers a request; what changed in the world goes into `changes`, in order.
pub fn handle(
    now: Instant,
    request: Request<'_>,
    caller: &Caller,
    site: &Site,
    world: &mut World,
    changes: &mut Vec<Changes>,
) -> Response {
    let (version, path) = match Version::of_path(request.path) {
        Some(Ok(found)) => found,
        Some(Err(_)) => {
            let sentence = "Invalid API version: this server speaks 6 to 10";
            return Response::error(400, JsonCode::InvalidVersion, sentence);
        }
        None => return Response::error(404, JsonCode::General, "404: Not Found"),
    };
    let endpoint = match find(request.method, path) {
        Ok(endpoint) => endpoint,
        Err(response) => return response,
    };
    let (mut query, mut body) = (Document::new(), Document::new());
    let answered = call::read(endpoint, request, &mut query, &mut body).and_then(|()| {
        permit(endpoint, caller)?;
        let Some((_, handler)) = HANDLERS.iter().find(|(name, _)| *name == endpoint.row.name) else {
            return Err(Refusal::new(501, JsonCode::General, "this server does not carry this endpoint out"));
        };
        let (text, query, body) = (request.body, query.root(), body.root());
        handler(&mut Call { now, world, caller, site, version, endpoint, path, query, body, text, changes })
    });
    answered.unwrap_or_else(|refusal| refusal.into_response(version))
}

fn find(method: &str, path: &str) -> Result<&'static Endpoint, Response> {
    let mut found = rest::at(path).peekable();
    // Of two paths that fit, words before ids, the first is the path that is meant.
    let Some(meant) = found.peek().map(|endpoint| endpoint.path) else {
        return Err(Response::error(404, JsonCode::General, "404: Not Found"));
    };
    let meant = found.find(|endpoint| endpoint.path == meant && endpoint.method == method);
    meant.ok_or_else(|| Response::error(405, JsonCode::General, "405: Method Not Allowed"))
}

/// Whether the token opens this endpoint.
fn permit(endpoint: &Endpoint, caller: &Caller) -> Result<(), Refusal> {
    if caller.full || endpoint.row.scopes.allow(|scope| caller.scopes.iter().any(|held| **held == *scope)) {
        return Ok(());
    }
    Err(Refusal::new(403, JsonCode::MissingScope, "the token lacks the OAuth2 scope that this endpoint needs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_has_a_handler_and_every_handler_an_endpoint() {
        for endpoint in rest::ENDPOINTS {
            let handlers = HANDLERS.iter().filter(|(name, _)| *name == endpoint.row.name).count();
            assert_eq!(handlers, 1, "{}", endpoint.row.name);
        }
        assert_eq!(HANDLERS.len(), rest::ENDPOINTS.len());
    }

    #[test]
    fn paths_and_methods_that_are_none_are_told_apart() {
        assert_eq!(find("GET", "/users/@me").unwrap().row.name, "GET_CURRENT_USER");
        assert_eq!(find("GET", "/users/1").unwrap().row.name, "GET_USER");
        assert_eq!(find("DELETE", "/users/@me").unwrap_err().status, 405);
        assert_eq!(find("GET", "/nowhere").unwrap_err().status, 404);
    }
}
