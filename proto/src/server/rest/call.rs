//! One request on its way through: its ids, its query and its body, checked by the endpoint's row before a handler sees
//! them.

use super::refusal::Refusal;
use super::{Caller, Request, Response, Site};
use crate::server::form;
use crate::time::Instant;
use crate::value::{Document, Kind, Value};
use crate::wire::catalog::{self, Arg, Row, Type};
use crate::wire::json::{Object, push_int, push_str};
use crate::wire::rest::{Endpoint, JsonCode, Version};
use crate::world::{self, Change, Changes, Operation, World};

/// What a handler works with.
pub(super) struct Call<'a> {
    pub(super) now: Instant,
    pub(super) world: &'a mut World,
    pub(super) caller: &'a Caller,
    pub(super) site: &'a Site,
    pub(super) version: Version,
    pub(super) endpoint: &'static Endpoint,
    pub(super) path: &'a str,
    pub(super) query: Value<'a>,
    pub(super) body: Value<'a>,
    /// The body as it came, for [`Value::raw`].
    pub(super) text: &'a [u8],
    pub(super) changes: &'a mut Vec<Changes>,
}

impl Call<'_> {
    /// The id of this name in the path. [`read`] has found them all to be ids.
    pub(super) fn id<T: From<u64>>(&self, name: &str) -> T {
        self.endpoint.segment(self.path, name).and_then(|given| given.parse().ok()).unwrap_or(0).into()
    }

    /// A text of the body, for a thing that can be taken away: the outer `None` when it is not named, the inner one when
    /// it is null or empty.
    #[allow(clippy::option_option)]
    pub(super) fn erasable(&self, name: &str) -> Option<Option<Box<str>>> {
        let value = self.body.member(name);
        value.exists().then(|| value.as_str().filter(|text| !text.is_empty()).map(Box::from))
    }

    /// A text of the body.
    pub(super) fn text(&self, name: &str) -> Option<Box<str>> {
        self.body.member(name).as_str().map(Box::from)
    }

    /// A whole number of the body, whose range the row has checked.
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        self.body.member(name).as_whole().and_then(|number| u32::try_from(number).ok())
    }

    /// How many the query asks for.
    pub(super) fn limit(&self, unless_given: usize) -> usize {
        let given = self.query.member("limit").as_whole().and_then(|limit| usize::try_from(limit).ok());
        given.unwrap_or(unless_given)
    }

    /// Does it, and gives what came of it.
    pub(super) fn apply(&mut self, operation: Operation) -> Result<Vec<Change>, Refusal> {
        self.apply_within(operation, JsonCode::General)
    }

    /// The same where there may be too many of what is made; `too_many` is that refusal's code.
    pub(super) fn apply_within(&mut self, operation: Operation, too_many: JsonCode) -> Result<Vec<Change>, Refusal> {
        let changes = self.world.apply(self.now, operation).map_err(|error| match error {
            world::Error::TooMany(sentence) => Refusal::new(400, too_many, sentence),
            other => other.into(),
        })?;
        let seen = changes.iter().cloned().collect();
        self.changes.push(changes);
        Ok(seen)
    }
}

/// 200 with what `write` writes.
pub(super) fn json(write: impl FnOnce(&mut Vec<u8>)) -> Response {
    let mut body = Vec::new();
    write(&mut body);
    Response { status: 200, body }
}

/// 201 with what `write` writes: something was made.
pub(super) fn created(write: impl FnOnce(&mut Vec<u8>)) -> Response {
    Response { status: 201, ..json(write) }
}

/// 204: done, and nothing to say.
pub(super) const DONE: Response = Response { status: 204, body: Vec::new() };

/// Reads ids, query and body as the endpoint's row says.
pub(super) fn read(
    endpoint: &Endpoint,
    request: Request<'_>,
    query: &mut Document,
    body: &mut Document,
) -> Result<(), Refusal> {
    let path = Version::of_path(request.path).and_then(Result::ok).map_or("", |(_, path)| path);
    for name in endpoint.ids() {
        let given = endpoint.segment(path, name).unwrap_or_default();
        let is_id = given.bytes().all(|byte| byte.is_ascii_digit()) && given.parse::<u64>().is_ok();
        if !is_id {
            return Err(Refusal::field(name, "a snowflake expected: 1 to 20 digits"));
        }
    }
    let refused = |error: crate::error::Error| Refusal::argument(&error);
    let text = query_json(request.query, endpoint.query);
    // Our own writing, so it parses.
    query.parse(&text).map_err(|_| Refusal::new(400, JsonCode::General, "the query can't be read"))?;
    catalog::check(&Row::new("query", "").args(endpoint.query), query.root()).map_err(refused)?;
    if request.body.is_empty() || request.method == "GET" || request.method == "DELETE" {
        body.parse(b"{}").map_err(|_| Refusal::new(400, JsonCode::InvalidJson, "no body"))?;
    } else {
        let media_type = request.content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            let sentence = "Expected \"Content-Type\" header to be one of {'application/json'}.";
            return Err(Refusal::new(400, JsonCode::InvalidForm, sentence));
        }
        let invalid = |sentence: String| Refusal::new(400, JsonCode::InvalidJson, sentence);
        body.parse(request.body)
            .map_err(|error| invalid(format!("The request body contains invalid JSON: {error}")))?;
        if let Some(of) = &endpoint.list {
            return catalog::check_value("", of, body.root()).map_err(refused);
        }
        if body.root().kind() != Kind::Object {
            return Err(invalid("The request body must be a JSON object.".to_owned()));
        }
    }
    catalog::check(&endpoint.row, body.root()).map_err(refused)
}

/// The query as an object, each value of the kind that its row wants: so rows check it as they check a body. What is none
/// of that kind stays a text, and is refused by the row.
fn query_json(query: &str, args: &[Arg]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut object = Object::begin(&mut text);
    for arg in args {
        let Some(given) = form::parameter(query, arg.name) else { continue };
        object = object.with(arg.name, |out| match (arg.ty, given.parse::<i64>(), given.parse::<bool>()) {
            (Type::Int { .. }, Ok(number), _) => push_int(out, number),
            (Type::Bool, _, Ok(value)) => out.extend_from_slice(if value { b"true" } else { b"false" }),
            _ => push_str(out, &given),
        });
    }
    object.end();
    text
}
