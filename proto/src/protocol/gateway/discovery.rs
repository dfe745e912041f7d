//! Asking the API where the Gateway is, and what `GET /gateway` and `GET /gateway/bot` answer:
//! `{"url":..,"shards":..,"session_start_limit":{..}}`.

use std::time::Duration;

use super::address;
use super::budget::{DAY_MS, StartLimit};
use super::config::MAX_SHARDS;
use super::reshard::Reshard;
use super::shard::{End, FAREWELL};
use super::{Client, DISCOVERY_PAUSE, DISCOVERY_TIMEOUT, Phase, Sink, log};
use crate::error::{Error, Status};
use crate::event::{Flags, LogLevel};
use crate::time::Instant;
use crate::value::{Document, Value};

/// Where the Gateway is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// Its address.
    pub url: String,
    /// How many shards Discord recommends; only `/gateway/bot` says.
    pub shards: Option<u32>,
    /// How many sessions may begin; only `/gateway/bot` says.
    pub start_limit: Option<StartLimit>,
}

impl Discovered {
    /// Reads an answer. `own` is the address that the program named, if any, and `allowed` the hosts that it allowed.
    ///
    /// # Errors
    /// What is no such answer, and an address at which the token is not shown.
    pub fn read(body: &[u8], own: Option<&str>, allowed: &[String], doc: &mut Document) -> Result<Self, Error> {
        let wrong = |what: &str| Error::new(Status::Protocol, format!("GET /gateway: {what}"));
        doc.parse(body).map_err(|error| wrong(&format!("the answer is not JSON: {error}")))?;
        let answer = doc.root();
        let url = answer.member("url").as_str().ok_or_else(|| wrong("the answer has no url"))?;
        // Without an address of the program's own nobody but Discord is believed.
        address::allow(url, own.unwrap_or_default(), allowed)
            .map_err(|why| wrong(&format!("the url is not used: {why}")))?;
        let number = |value: Value<'_>| value.as_whole().and_then(|number| u32::try_from(number).ok());
        let shards = number(answer.member("shards"));
        if shards.is_some_and(|shards| !(1..=MAX_SHARDS).contains(&shards)) {
            return Err(wrong(&format!("shards: 1 to {MAX_SHARDS} expected")));
        }
        let limit = answer.member("session_start_limit");
        let start_limit = match [number(limit.member("total")), number(limit.member("remaining"))] {
            [Some(total), Some(remaining)] => Some(StartLimit {
                total,
                remaining,
                // Where it does not say, none comes back before the day is over.
                reset_after_ms: limit.member("reset_after").as_whole().map_or(DAY_MS, |after| after.max(0) as u64),
                max_concurrency: number(limit.member("max_concurrency")).unwrap_or(1),
            }),
            _ => None,
        };
        Ok(Discovered { url: url.to_owned(), shards, start_limit })
    }
}

impl Client {
    pub(super) fn discover(&mut self, now: Instant, out: &mut impl Sink) {
        self.phase = Phase::Discovering { deadline: now + DISCOVERY_TIMEOUT };
        out.discover();
    }

    /// The API answered with this body.
    pub fn handle_discovered(&mut self, now: Instant, body: &[u8], out: &mut impl Sink) {
        let for_reshard = self.reshard.as_ref().is_some_and(Reshard::asks);
        if !matches!(self.phase, Phase::Discovering { .. }) && !for_reshard {
            return;
        }
        let own = self.shared.config.url.as_deref();
        match Discovered::read(body, own, &self.shared.config.allowed_hosts, &mut self.shared.doc) {
            Ok(discovered) => {
                if let Some(limit) = discovered.start_limit {
                    self.shared.budget.observe(now, limit);
                }
                if own.is_none() {
                    self.shared.home.clone_from(&discovered.url);
                    self.shared.url = discovered.url;
                }
                match for_reshard {
                    true => self.recommended(now, discovered.shards, out),
                    false => self.run(now, discovered.shards.unwrap_or(1), out),
                }
            }
            Err(error) => self.handle_discovery_failed(now, &error, Duration::ZERO, out),
        }
    }

    /// The API could not be asked, or refused, and wants to be left alone for so long. A refusal of the token is final.
    pub fn handle_discovery_failed(&mut self, now: Instant, error: &Error, retry_after: Duration, out: &mut impl Sink) {
        if self.reshard.as_ref().is_some_and(Reshard::asks) {
            let why = match retry_after {
                Duration::ZERO => error.message.clone().into_owned(),
                wait => format!("{}; it may be asked again in {} ms", error.message, wait.as_millis()),
            };
            return self.abandon(now, error.status, &why, out);
        }
        if !matches!(self.phase, Phase::Discovering { .. }) {
            return;
        }
        if error.status == Status::Auth || !self.shared.config.retry {
            let flags = if error.status == Status::Auth { Flags::FATAL } else { Flags::default() };
            let end = End { status: error.status, code: error.code, flags, why: error.message.clone().into_owned() };
            return self.finish(&end, 0, FAREWELL, out);
        }
        let wait = self.backoff.next(&mut self.shared.random).max(retry_after.min(DISCOVERY_PAUSE));
        self.phase = Phase::Undiscovered { at: now + wait };
        log(out, LogLevel::Info, &format!("{}; asked again in {} ms", error.message, wait.as_millis()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_answers_are_read() {
        let mut doc = Document::new();
        let mut read = |body: &str| Discovered::read(body.as_bytes(), None, &[], &mut doc);
        assert_eq!(
            read(r#"{"url":"wss://gateway.discord.gg"}"#),
            Ok(Discovered { url: "wss://gateway.discord.gg".into(), shards: None, start_limit: None })
        );
        let whole = r#"{"url":"wss://gateway.discord.gg","shards":4,"session_start_limit":
            {"total":1000,"remaining":999,"reset_after":14400000,"max_concurrency":16}}"#;
        let limit = StartLimit { total: 1000, remaining: 999, reset_after_ms: 14_400_000, max_concurrency: 16 };
        assert_eq!(
            read(whole),
            Ok(Discovered { url: "wss://gateway.discord.gg".into(), shards: Some(4), start_limit: Some(limit) })
        );
        let silent = r#"{"url":"wss://gateway.discord.gg","session_start_limit":{"total":1000,"remaining":0}}"#;
        let limit = read(silent).expect("it is one").start_limit.expect("it is there");
        assert_eq!((limit.reset_after_ms, limit.max_concurrency), (DAY_MS, 1), "when there are more is not said");
        for (body, words) in [
            ("<html>", "is not JSON"),
            ("{}", "has no url"),
            (r#"{"url":"wss://evil.example"}"#, "the url is not used"),
            (r#"{"url":"ws://gateway.discord.gg"}"#, "the url is not used"),
            (r#"{"url":"wss://gateway.discord.gg","shards":0}"#, "shards: "),
            (r#"{"url":"wss://gateway.discord.gg","shards":100000}"#, "shards: "),
        ] {
            let error = read(body).expect_err(words);
            assert!(error.status == Status::Protocol && error.message.contains(words), "{error}");
        }
    }
}
