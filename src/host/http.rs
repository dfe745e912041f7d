//! What is asked by plain HTTP: commands that come once, tokens, and the account's API.
//!
//! The door judges and answers; here its answers are waited for. A `POST /rpc` is a peer of the house while it waits for its
//! reply, and leaves when that was sent, or when the asker went away and the waiting was dropped.

use gamebridge_proto::server::rpc::{Door, HttpRequest, HttpResponse};
#[cfg(feature = "gateway")]
use gamebridge_proto::wire::rest::Version;

use super::house::House;
use super::peer::Stay;
use crate::transport::http::{Request, Response};

/// Answers a request.
pub(super) async fn answer(house: &House, request: Request) -> Response {
    let target = request.target();
    let seen = see(&request, &target);
    if request.path == "/rpc" {
        return sent(once(house, seen).await);
    }
    match house.api_elsewhere(seen) {
        Some(Ok(backend)) => match house.api_turns.take() {
            Ok(_turn) => backend.pass(seen).await,
            Err(busy) => busy,
        },
        Some(Err(refused)) => sent(refused),
        None => sent(house.http(seen)),
    }
}

#[cfg(feature = "gateway")]
/// Answers a request at a sandbox's own port: tokens are given out as at the RPC port, all else is the API's.
pub(super) async fn answer_site(house: &House, request: Request) -> Response {
    let target = request.target();
    let seen = see(&request, &target);
    sent(if is_of_tokens(&request.path) { house.http(seen) } else { house.site(seen) })
}

#[cfg(feature = "gateway")]
fn is_of_tokens(path: &str) -> bool {
    Version::of_path(path).and_then(Result::ok).is_some_and(|(_, path)| path.starts_with("/oauth2/token"))
}

fn see<'r>(request: &'r Request, target: &'r str) -> HttpRequest<'r> {
    HttpRequest {
        method: &request.method,
        target,
        content_type: request.content_type.as_deref(),
        origin: request.origin.as_deref(),
        authorization: request.authorization.as_ref().map(|secret| secret.reveal()),
        body: &request.body,
    }
}

fn sent(response: HttpResponse) -> Response {
    let HttpResponse { status, headers, body } = response;
    Response::of(status, headers, body)
}

/// One command, until its reply is there.
async fn once(house: &House, request: HttpRequest<'_>) -> HttpResponse {
    let (peer, mailbox) = match house.post(request) {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let _stay = Stay { house, peer };
    loop {
        if let Some(frame) = mailbox.frames.borrow_mut().take() {
            return Door::http_reply(frame.payload, request.authorization.is_some());
        }
        if let Some((_, reason)) = mailbox.close.borrow_mut().take() {
            return Door::http_closed(&reason);
        }
        mailbox.stirred.notified().await;
    }
}
