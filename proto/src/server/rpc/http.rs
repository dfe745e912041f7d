//! The HTTP routes on the RPC port that are answered at once: the token endpoints (RFC 6749 and 7009), and the API.
//! (`POST /rpc` is [`super::once`]'s.)
//!
//! No CORS, no banner, and one 404 for all that is no route of ours, so that a scan learns nothing. The driver has
//! refused what has not our Host ([`super::host_is_ours`]) before it gets here.

use super::admission::{CLIENT_ID_EXPECTED, client_id};
use super::{Consent, Door, Sink, objects};
use crate::secret::Secret;
use crate::server::form;
use crate::time::Instant;
use crate::wire::json::Object;
use crate::wire::rest::Version;
use crate::world::{self, Change, ClientCredentials, Operation, World};

/// A request, as far as it matters here. Headers as they came.
#[derive(Clone, Copy, Debug)]
pub struct HttpRequest<'a> {
    /// `POST`
    pub method: &'a str,
    /// Path and query: `/oauth2/token`
    pub target: &'a str,
    /// Content-Type
    pub content_type: Option<&'a str>,
    /// Origin
    pub origin: Option<&'a str>,
    /// Authorization
    pub authorization: Option<&'a str>,
    /// The body, at most the driver's limit.
    pub body: &'a [u8],
}

/// What to answer. Content-Length is the driver's; no other header is to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// 200, 400, 401, 404, 501
    pub status: u16,
    /// Headers, for the names in lower case.
    pub headers: &'static [(&'static str, &'static str)],
    /// JSON, or nothing.
    pub body: Vec<u8>,
}

/// Exactly this type, without a charset: clients compare it as text. And tokens are not to be kept on the way (RFC 6749
/// section 5.1).
pub(in crate::server) const JSON: &[(&str, &str)] =
    &[("content-type", "application/json"), ("cache-control", "no-store")];
pub(super) const JSON_BEARER: &[(&str, &str)] =
    &[("content-type", "application/json"), ("cache-control", "no-store"), ("www-authenticate", "Bearer")];
const JSON_BASIC: &[(&str, &str)] =
    &[("content-type", "application/json"), ("cache-control", "no-store"), ("www-authenticate", "Basic")];
/// After too many requests. A second is as long as any bucket here needs for one more.
pub(super) const JSON_AGAIN: &[(&str, &str)] =
    &[("content-type", "application/json"), ("cache-control", "no-store"), ("retry-after", "1")];

/// The token of an Authorization header.
pub(super) fn bearer(header: &str) -> Option<Secret> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim()))
}

/// An error of RFC 6749 section 5.2.
struct OAuthError {
    status: u16,
    error: &'static str,
    description: String,
}

fn oauth_error(error: &'static str, description: impl Into<String>) -> OAuthError {
    OAuthError { status: 400, error, description: description.into() }
}

impl From<world::Error> for OAuthError {
    fn from(error: world::Error) -> Self {
        let (status, name) = match error {
            world::Error::BadClient | world::Error::UnknownApplication(_) => (401, "invalid_client"),
            world::Error::BadGrant(_) => (400, "invalid_grant"),
            _ => (400, "invalid_request"),
        };
        OAuthError { status, error: name, description: error.to_string() }
    }
}

impl Door {
    /// Answers an HTTP request.
    pub fn handle_http(
        &mut self,
        now: Instant,
        request: HttpRequest<'_>,
        world: &mut World,
        out: &mut impl Sink,
    ) -> HttpResponse {
        let path = request.target.split(['?', '#']).next().unwrap_or_default();
        // Discord has the token endpoints below /api, and programs that were pointed here look for them there.
        let versioned = Version::of_path(path).and_then(Result::ok).map(|(_, path)| path);
        let answer = match (request.method, versioned.unwrap_or(path)) {
            ("POST", "/oauth2/token") => token_request(now, request, world),
            ("POST", "/oauth2/token/rpc") => rpc_token_request(now, request, self.config.consent, world),
            ("POST", "/oauth2/token/revoke") => self.revoke_request(now, request, world, out),
            _ if path.starts_with("/api/") => return self.api(now, request, world, out),
            _ => return HttpResponse { status: 404, headers: &[], body: Vec::new() },
        };
        answer.unwrap_or_else(|OAuthError { status, error, description }| {
            let mut body = Vec::new();
            Object::begin(&mut body).str("error", error).str("error_description", &description).end();
            HttpResponse { status, headers: if status == 401 { JSON_BASIC } else { JSON }, body }
        })
    }

    /// `POST /oauth2/token/revoke`: RFC 7009. A token that is none, or none any more, is as good as revoked; another
    /// application's is not touched, and nothing tells the two apart.
    fn revoke_request(
        &mut self,
        now: Instant,
        request: HttpRequest<'_>,
        world: &mut World,
        out: &mut impl Sink,
    ) -> Result<HttpResponse, OAuthError> {
        let form = form_of(request)?;
        let client = client(request, form, world)?;
        let application = world.application(client.id).ok_or(world::Error::UnknownApplication(client.id))?;
        if application.secret.is_some() && application.secret != client.secret {
            return Err(world::Error::BadClient.into());
        }
        let token = form::parameter(form, "token").filter(|token| !token.is_empty());
        let token = Secret::new(token.ok_or_else(|| oauth_error("invalid_request", "token: missing"))?);
        if world.token_application(&token) == Some(client.id)
            && let Ok(changes) = world.apply(now, Operation::RevokeToken(token))
        {
            self.handle_changes(now, &changes, world, out);
        }
        Ok(HttpResponse { status: 200, headers: JSON, body: b"{}".to_vec() })
    }
}

/// `POST /oauth2/token`: RFC 6749 sections 4.1.3 and 6.
fn token_request(now: Instant, request: HttpRequest<'_>, world: &mut World) -> Result<HttpResponse, OAuthError> {
    let form = form_of(request)?;
    let client = client(request, form, world)?;
    let needed = |name: &'static str| {
        let value = form::parameter(form, name).filter(|value| !value.is_empty());
        value.ok_or_else(|| oauth_error("invalid_request", format!("{name}: missing")))
    };
    let operation = match needed("grant_type")?.as_str() {
        "authorization_code" => Operation::ExchangeCode {
            client,
            code: Secret::new(needed("code")?),
            redirect_uri: form::parameter(form, "redirect_uri").map(Into::into),
        },
        "refresh_token" => Operation::RefreshToken { client, refresh_token: Secret::new(needed("refresh_token")?) },
        _ => {
            let sentence = "grant_type: authorization_code or refresh_token expected";
            return Err(oauth_error("unsupported_grant_type", sentence));
        }
    };
    let mut body = Vec::new();
    for change in world.apply(now, operation)? {
        if let Change::TokenIssued(token) = change {
            objects::token(&mut body, &token);
        }
    }
    Ok(HttpResponse { status: 200, headers: JSON, body })
}

/// `POST /oauth2/token/rpc`: a one-time token that spares the user the question. Where there is a question to be spared, only an
/// application that has a secret and shows it may do that: a client id alone is known to every program.
fn rpc_token_request(
    now: Instant,
    request: HttpRequest<'_>,
    consent: Consent,
    world: &mut World,
) -> Result<HttpResponse, OAuthError> {
    let form = form_of(request)?;
    let client = client(request, form, world)?;
    let vouches = world.application(client.id).is_some_and(|application| application.secret.is_some());
    if consent != Consent::Allow && !vouches {
        let description = "an application without a client_secret can't vouch for the user".into();
        return Err(OAuthError { status: 401, error: "invalid_client", description });
    }
    let mut body = Vec::new();
    for change in world.apply(now, Operation::IssueRpcToken(client))? {
        if let Change::RpcTokenIssued(token) = change {
            Object::begin(&mut body).str("rpc_token", token.reveal()).end();
        }
    }
    Ok(HttpResponse { status: 200, headers: JSON, body })
}

fn form_of(request: HttpRequest<'_>) -> Result<&str, OAuthError> {
    let media_type = request.content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(oauth_error("invalid_request", "Content-Type: application/x-www-form-urlencoded expected"));
    }
    std::str::from_utf8(request.body).map_err(|_| oauth_error("invalid_request", "the body is not UTF-8"))
}

/// Who asks: in the form, or as HTTP Basic (RFC 6749 section 2.3.1). A page of another Origin than the application's may
/// not: a form can be posted across sites without asking.
fn client(request: HttpRequest<'_>, form: &str, world: &World) -> Result<ClientCredentials, OAuthError> {
    let basic = request.authorization.and_then(|header| {
        let (scheme, credentials) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("basic").then(|| base64(credentials.trim()))?
    });
    let (id, secret) = match basic.as_deref().and_then(|pair| pair.split_once(':')) {
        Some((id, secret)) => (Some(id.to_owned()), Some(Secret::new(secret))),
        None => (form::parameter(form, "client_id"), form::parameter(form, "client_secret").map(Secret::new)),
    };
    let id = id.as_deref().and_then(client_id).ok_or_else(|| oauth_error("invalid_request", CLIENT_ID_EXPECTED))?;
    if let Some(origin) = request.origin
        && !world.application(id).is_some_and(|application| application.allows_origin(origin))
    {
        return Err(oauth_error("unauthorized_client", "the Origin is not registered for this application"));
    }
    Ok(ClientCredentials { id, secret })
}

/// RFC 4648 section 4, padding optional.
fn base64(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        (bits, held) = (bits << 6 | u32::from(six), held + 6);
        if held >= 8 {
            held -= 8;
            decoded.push((bits >> held) as u8);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn basic_credentials_are_decoded() {
        // RFC 4648 section 10.
        for (text, decoded) in [
            ("", Some("")),
            ("Zg==", Some("f")),
            ("Zm8=", Some("fo")),
            ("Zm9v", Some("foo")),
            ("Zm9vYmFy", Some("foobar")),
            ("Zm9vYg", Some("foob")),
            ("Zm 9v", None),
            ("/w==", None),
        ] {
            assert_eq!(base64(text).as_deref(), decoded, "{text}");
        }
    }
}
