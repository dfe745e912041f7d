//! Error bodies: `{"code":..,"message":..}`, and for a form that is wrong the field and what was expected.

use std::borrow::Cow;

use super::Response;
use crate::error::Error;
use crate::wire::json::{Object, push_str};
use crate::wire::rest::{JsonCode, Version};
use crate::world;

/// Why a request was refused.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    code: JsonCode,
    message: Cow<'static, str>,
    /// The field that is wrong, as a path (`permission_overwrites[0].id`).
    field: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: JsonCode, message: impl Into<Cow<'static, str>>) -> Self {
        Refusal { status, code, message: message.into(), field: None }
    }

    /// A field of the path, the query or the body is wrong.
    pub(super) fn field(field: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Refusal { status: 400, code: JsonCode::InvalidForm, message: message.into(), field: Some(field.into()) }
    }

    /// A catalog's refusal or the world's: `name: 2 to 100 characters expected, 1 given`.
    fn sentence(sentence: &str) -> Self {
        match sentence.split_once(": ") {
            Some((field, expected)) if !field.contains(' ') => Refusal::field(field, expected.to_owned()),
            _ => Refusal::new(400, JsonCode::InvalidForm, sentence.to_owned()),
        }
    }

    pub(super) fn argument(error: &Error) -> Self {
        Refusal::sentence(&error.message)
    }

    /// A permission is missing.
    pub(super) fn forbidden(name: &str) -> Self {
        Refusal::new(403, JsonCode::MissingPermissions, format!("Missing Permissions: {name}"))
    }

    /// The user can't see it.
    pub(super) fn no_access() -> Self {
        Refusal::new(403, JsonCode::MissingAccess, "Missing Access")
    }

    pub(super) fn into_response(self, version: Version) -> Response {
        let Refusal { status, code, message, field } = self;
        let Some(field) = field else { return Response::error(status, code, &message) };
        let mut body = Vec::new();
        let object = Object::begin(&mut body).int("code", (code as u32).into()).str("message", "Invalid Form Body");
        if version.has_error_tree() {
            let missing = message.ends_with("nothing given");
            let kind = if missing { "BASE_TYPE_REQUIRED" } else { "BASE_TYPE_INVALID" };
            let path = field.split(['.', '[', ']']).filter(|part| !part.is_empty()).collect::<Vec<_>>();
            object.with("errors", |out| tree(out, &path, kind, &message)).end();
        } else {
            let first = field.split(['.', '[']).next().unwrap_or_default();
            // The field's name could be one of ours; then the sentence stands where a program looks for it anyway.
            let first = if matches!(first, "code" | "message") { "errors" } else { first };
            object
                .with(first, |out| {
                    out.push(b'[');
                    push_str(out, &message);
                    out.push(b']');
                })
                .end();
        }
        Response { status, body }
    }
}

/// `{"name":{"_errors":[{"code":..,"message":..}]}}`, as deep as the field lies.
fn tree(out: &mut Vec<u8>, path: &[&str], kind: &str, message: &str) {
    match path {
        [] => Object::begin(out)
            .with("_errors", |out| {
                out.push(b'[');
                Object::begin(out).str("code", kind).str("message", message).end();
                out.push(b']');
            })
            .end(),
        [first, rest @ ..] => Object::begin(out).with(first, |out| tree(out, rest, kind, message)).end(),
    }
}

impl From<world::Error> for Refusal {
    fn from(error: world::Error) -> Self {
        use world::Error as E;
        let (status, code) = match error {
            E::Invalid(sentence) => return Refusal::sentence(&sentence),
            E::Forbidden(name) => return Refusal::forbidden(name),
            E::UnknownUser(_) => (404, JsonCode::UnknownUser),
            E::UnknownGuild(_) => (404, JsonCode::UnknownGuild),
            E::UnknownChannel(_) => (404, JsonCode::UnknownChannel),
            E::UnknownMessage(_) => (404, JsonCode::UnknownMessage),
            E::UnknownRole(_) => (404, JsonCode::UnknownRole),
            E::NotAMember(_) => (404, JsonCode::UnknownMember),
            E::UnknownCommand(_) => (404, JsonCode::UnknownCommand),
            E::UnknownApplication(_) => (404, JsonCode::UnknownApplication),
            E::Unavailable(_) => (503, JsonCode::General),
            E::BadToken => (401, JsonCode::Unauthorized),
            _ => (400, JsonCode::General),
        };
        Refusal::new(status, code, sentence_of(code).map_or_else(|| error.to_string().into(), Cow::Borrowed))
    }
}

/// Discord's own words where programs compare them.
fn sentence_of(code: JsonCode) -> Option<&'static str> {
    Some(match code {
        JsonCode::UnknownUser => "Unknown User",
        JsonCode::UnknownGuild => "Unknown Guild",
        JsonCode::UnknownChannel => "Unknown Channel",
        JsonCode::UnknownMessage => "Unknown Message",
        JsonCode::UnknownRole => "Unknown Role",
        JsonCode::UnknownMember => "Unknown Member",
        JsonCode::UnknownApplication => "Unknown Application",
        JsonCode::Unauthorized => "401: Unauthorized",
        _ => return None,
    })
}
