//! The API on a port of its own, as the sandbox serves it: who asks is told by `Bot` or `Bearer` in Authorization, or is a user
//! who shows a token without a word before it.
//!
//! A bot and a user may use every endpoint; a bearer token those that its scopes open. `GET /gateway` needs neither. The Origin is not
//! looked at: what lets in is the token, as it is at Discord's API, and no cookie ever does.

use super::{Caller, Request, Response, Site, handle};
use crate::secret::Secret;
use crate::server::rpc::{HttpRequest, HttpResponse, JSON};
use crate::time::Instant;
use crate::wire::rest::{JsonCode, Version};
use crate::world::{Changes, World};

/// What comes with an answer that has no body: discord.py 0.16 looks at this header before it looks at the status.
const NOTHING: &[(&str, &str)] = &[("content-type", "text/html; charset=utf-8")];

/// Answers a request below `/api/`; what changed in the world goes into `changes`, in order.
pub fn answer(
    now: Instant,
    request: HttpRequest<'_>,
    site: &Site,
    world: &mut World,
    changes: &mut Vec<Changes>,
) -> HttpResponse {
    let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    let asked = Version::of_path(path).and_then(Result::ok).map(|(_, path)| path);
    let open = (request.method == "GET" && asked == Some("/gateway")).then(|| site.write()).flatten();
    let response = match (open, caller(now, request.authorization, world)) {
        (Some(body), _) => Response { status: 200, body },
        (None, None) => Response::error(401, JsonCode::General, "401: Unauthorized"),
        (None, Some(caller)) => {
            let HttpRequest { method, content_type, body, .. } = request;
            let request = Request { method, path, query, content_type, body };
            handle(now, request, &caller, site, world, changes)
        }
    };
    let headers = if response.body.is_empty() { NOTHING } else { JSON };
    HttpResponse { status: response.status, headers, body: response.body }
}

/// Whoever the token of `Authorization` is for.
pub fn caller(now: Instant, authorization: Option<&str>, world: &World) -> Option<Caller> {
    let authorization = authorization?.trim();
    let Some((scheme, token)) = authorization.split_once(' ') else {
        let user = world.login_with(&Secret::new(authorization))?.id;
        return Some(Caller { user, application: None, scopes: [].into(), full: true });
    };
    let token = Secret::new(token.trim());
    if scheme.eq_ignore_ascii_case("bot") {
        let bot = world.bot_with(&token)?;
        return Some(Caller { user: bot.user, application: Some(bot.application), scopes: [].into(), full: true });
    }
    let token = world.token(now, &token).filter(|_| scheme.eq_ignore_ascii_case("bearer"))?;
    let (user, application, scopes) = (token.user, Some(token.application), token.scopes.clone());
    Some(Caller { user, application, scopes, full: false })
}
