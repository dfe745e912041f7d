//! `GET /gateway/bot` (or `/gateway`, for an account that is no bot's): where the Gateway is.
//!
//! HTTPS, or HTTP to this machine; no redirect is followed, since a token goes along. The answer is the machine's to judge.

use std::net::IpAddr;
use std::time::Duration;

use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::secret::Secret;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Uri;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::transport::tls::{self, Trust};

/// From connecting to the end of the answer.
const WITHIN: Duration = Duration::from_secs(20);
/// The longest answer, in bytes.
const ANSWER: usize = 64 * 1024;

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: Error,
    /// How long the API wants to be left alone.
    pub(super) retry_after_ms: u32,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal { error, retry_after_ms: 0 }
    }
}

/// What is asked, and where.
#[derive(Clone, Debug)]
pub(super) struct Question {
    host: String,
    port: u16,
    secure: bool,
    authority: String,
    path: String,
    /// Whether it is on this machine.
    here: bool,
    /// Of a bot; without it `/gateway` is asked.
    token: Option<Secret>,
}

impl Question {
    /// The question at an API's address, as `https://discord.com/api/v10`.
    ///
    /// # Errors
    /// `Argument` for an address at which a token is not shown.
    pub(super) fn new(api: &str, token: Option<Secret>) -> Result<Self, Error> {
        let wrong = || Error::argument("gateway: api: https:// expected, or http:// to this machine, without a query");
        let uri: Uri = api.trim_end_matches('/').parse().map_err(|_| wrong())?;
        let (Some(authority), None) = (uri.authority(), uri.query()) else { return Err(wrong()) };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if here => false,
            _ => return Err(wrong()),
        };
        if authority.as_str().contains('@') {
            return Err(wrong());
        }
        let end = if token.is_some() { "/gateway/bot" } else { "/gateway" };
        Ok(Question {
            host,
            port: authority.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            secure,
            authority: authority.as_str().to_owned(),
            path: format!("{}{end}", uri.path().trim_end_matches('/')),
            here,
            token,
        })
    }

    /// Whether the API is on this machine.
    pub(super) fn is_here(&self) -> bool {
        self.here
    }

    /// Asks, and gives the body of the answer.
    ///
    /// # Errors
    /// `Auth` when the token was refused; `RateLimited`, `Remote` with the HTTP status, `Timeout`, `Io` and `Protocol`.
    pub(super) async fn ask(&self, trust: &Trust) -> Result<Vec<u8>, Refusal> {
        match tokio::time::timeout(WITHIN, self.exchange(trust)).await {
            Ok(answer) => answer,
            Err(_) => {
                let sentence = format!("{} did not answer {} within {} s", self.host, self.path, WITHIN.as_secs());
                Err(Error::new(Status::Timeout, sentence).into())
            }
        }
    }

    async fn exchange(&self, trust: &Trust) -> Result<Vec<u8>, Refusal> {
        let stream = TcpStream::connect((&*self.host, self.port))
            .await
            .map_err(|error| Error::new(Status::Io, format!("no connection to {}: {error}", self.authority)))?;
        if self.secure {
            self.over(TokioIo::new(tls::connect(stream, &self.host, trust).await?)).await
        } else {
            self.over(TokioIo::new(stream)).await
        }
    }

    async fn over(&self, stream: impl Read + Write + Unpin) -> Result<Vec<u8>, Refusal> {
        let broke = |error: &dyn std::fmt::Display| {
            Error::new(Status::Io, format!("{} broke off {}: {error}", self.authority, self.path))
        };
        let (mut sender, connection) = http1::handshake(stream).await.map_err(|error| broke(&error))?;
        let mut ask = hyper::Request::get(&*self.path)
            .header(HOST, &*self.authority)
            .header(USER_AGENT, concat!("DiscordBot (gamebridge, ", env!("CARGO_PKG_VERSION"), ")"));
        if let Some(token) = &self.token {
            let mut value = HeaderValue::from_str(&format!("Bot {}", token.reveal()))
                .map_err(|_| Error::argument("token: printable characters without spaces expected"))?;
            value.set_sensitive(true);
            ask = ask.header(AUTHORIZATION, value);
        }
        let ask = ask.body(Empty::<Bytes>::new()).map_err(|error| broke(&error))?;
        let answer = async {
            let (head, body) = sender.send_request(ask).await.map_err(|error| broke(&error))?.into_parts();
            let body = Limited::new(body, ANSWER).collect().await.map_err(|error| broke(&*error))?;
            let (status, sentence) = match head.status.as_u16() {
                200 => return Ok(body.to_bytes().to_vec()),
                401 => (Status::Auth, "the token was refused".to_owned()),
                429 => (Status::RateLimited, "asked too often".to_owned()),
                other => (Status::Remote, format!("answered with HTTP {other}; 200 expected")),
            };
            let error = Error::new(status, format!("{}: {sentence}", self.path)).with_code(head.status.as_u16().into());
            let retry_after_ms = head.headers.get(RETRY_AFTER).map_or(0, |value| milliseconds(value.as_bytes()));
            Err(Refusal { error, retry_after_ms })
        };
        // The connection moves the bytes, and may end before or after the answer is whole.
        let mut answer = std::pin::pin!(answer);
        tokio::select! {
            answered = &mut answer => answered,
            _ = connection => answer.await,
        }
    }
}

/// Of seconds, as Discord writes Retry-After. A date, which HTTP allows too, is none.
fn milliseconds(seconds: &[u8]) -> u32 {
    let seconds = std::str::from_utf8(seconds).ok().and_then(|text| text.trim().parse::<f64>().ok());
    // Saturating; what is no number is nothing.
    (seconds.unwrap_or(0.0) * 1000.0).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_says_of_its_next_answer_is_read() {
        for (header, ms) in [
            ("60", 60_000),
            (" 1.5 ", 1500),
            ("-1", 0),
            ("1e99", u32::MAX),
            ("NaN", 0),
            ("Sat, 21 Nov 2026 22:00:00 GMT", 0),
        ] {
            assert_eq!(milliseconds(header.as_bytes()), ms, "{header}");
        }
    }

    #[test]
    fn a_token_is_shown_over_tls_or_to_this_machine() {
        let token = || Some(Secret::new("t0ken"));
        for (api, asked) in [
            ("https://discord.com/api/v10", "discord.com 443 /api/v10/gateway/bot"),
            ("https://discord.com:8443/", "discord.com 8443 /gateway/bot"),
            ("http://127.0.0.1:8080/api/v9/", "127.0.0.1 8080 /api/v9/gateway/bot"),
            ("http://[::1]:1/api", "::1 1 /api/gateway/bot"),
            ("http://localhost", "localhost 80 /gateway/bot"),
        ] {
            let question = Question::new(api, token()).expect(api);
            assert_eq!(question.is_here(), api.starts_with("http://"), "{api}");
            assert_eq!(format!("{} {} {}", question.host, question.port, question.path), asked);
        }
        for api in
            ["", "discord.com", "http://discord.com/api", "https://a@discord.com", "ws://127.0.0.1", "https://x/?a=b"]
        {
            let error = Question::new(api, token()).expect_err(api);
            assert_eq!(error.status, Status::Argument, "{api}");
        }
        assert_eq!(Question::new("https://discord.com/api", None).expect("a user").path, "/api/gateway");
        assert!(!format!("{:?}", Question::new("https://x", token())).contains("t0ken"));
    }
}
