//! A session: what it takes to go on where a connection ended, in this process or the next.

use super::address;
use crate::error::Error;
use crate::value::{Document, Kind, Value};
use crate::wire::json::{Object, array};

/// Tries with the session's own address; further ones go to the Gateway's.
pub const RESUME_TRIES_THERE: u32 = 3;
/// Tries to resume a session before it is given up, and a new one begins.
pub const RESUME_TRIES: u32 = 6;

/// What a RESUME says.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The shard's number and how many there are.
    pub shard: (u32, u32),
    /// What the Gateway calls it. With the token it opens the session, so it is shown nowhere else.
    pub id: Box<str>,
    /// Where it is resumed; `None` for the Gateway's own address.
    pub url: Option<Box<str>>,
    /// The last sequence that was delivered.
    pub seq: u64,
}

impl std::fmt::Debug for Session {
    /// Without the id.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("shard", &self.shard).field("url", &self.url).field("seq", &self.seq).finish()
    }
}

/// Writes sessions for the next process.
pub fn write<'s>(out: &mut Vec<u8>, version: u32, sessions: impl Iterator<Item = &'s Session>) {
    Object::begin(out)
        .int("version", version.into())
        .with("sessions", |out| {
            array(out, sessions, |out, session| {
                let (number, count) = session.shard;
                Object::begin(out)
                    .raw("shard", format!("[{number},{count}]").as_bytes())
                    .str("session_id", &session.id)
                    .opt_str("resume_gateway_url", session.url.as_deref())
                    .raw("seq", session.seq.to_string().as_bytes())
                    .end();
            });
        })
        .end();
}

/// Reads what [`write`] wrote. `version` is what the connection speaks.
///
/// # Errors
/// What is none, or of another version; the sentence names the field.
pub fn read(text: &[u8], version: u32) -> Result<Vec<Session>, Error> {
    let wrong = |what: String| Error::argument(format!("session{what}"));
    let mut doc = Document::new();
    doc.parse(text).map_err(|error| wrong(format!(": not JSON: {error}")))?;
    let given = doc.root().member("version").as_whole();
    if given != Some(version.into()) {
        return Err(wrong(format!(".version: {version} expected, as this connection speaks")));
    }
    let list = doc.root().member("sessions");
    if list.kind() != Kind::Array {
        return Err(wrong(".sessions: an array expected".to_owned()));
    }
    list.iter()
        .enumerate()
        .map(|(at, session)| one(session).map_err(|what| wrong(format!(".sessions[{at}].{what}"))))
        .collect()
}

fn one(session: Value<'_>) -> Result<Session, &'static str> {
    let number = |value: Value<'_>| value.as_whole().and_then(|number| u32::try_from(number).ok());
    let pair = session.member("shard");
    let shard = match (pair.len(), number(pair.at(0)), number(pair.at(1))) {
        (2, Some(number), Some(count)) if number < count => (number, count),
        _ => return Err("shard: [number, count] expected"),
    };
    let id = session.member("session_id").as_str().filter(|id| is_id(id));
    let url = session.member("resume_gateway_url");
    let url = match url.as_str() {
        Some(url) if url.len() <= 2048 => Some(url.into()),
        Some(_) => return Err("resume_gateway_url: at most 2048 characters expected"),
        None if url.is_none() => None,
        None => return Err("resume_gateway_url: a string or null expected"),
    };
    let seq = session.member("seq").as_id();
    match (id, seq) {
        (Some(id), Some(seq)) => Ok(Session { shard, id: id.into(), url, seq }),
        (None, _) => Err("session_id: 1 to 256 printable characters expected"),
        (_, None) => Err("seq: a whole number expected"),
    }
}

/// Whether it can be a session's id.
pub(super) fn is_id(id: &str) -> bool {
    (1..=256).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Takes away an imported session's address that may not be used, and says why.
pub(super) fn keep_allowed(session: &mut Session, own: &str, allowed: &[String]) -> Result<(), &'static str> {
    let checked = session.url.as_deref().map_or(Ok(()), |url| address::allow(url, own, allowed));
    if checked.is_err() {
        session.url = None;
    }
    checked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let sessions = [
            Session { shard: (0, 2), id: "abc".into(), url: Some("wss://x.discord.gg".into()), seq: u64::MAX },
            Session { shard: (1, 2), id: "\"quoted\"".into(), url: None, seq: 0 },
        ];
        let mut text = Vec::new();
        write(&mut text, 10, sessions.iter());
        assert_eq!(read(&text, 10).expect("it was written here"), sessions);
        assert!(!format!("{:?}", sessions[0]).contains("abc"));
        let error = read(&text, 9).expect_err("another version");
        assert_eq!(error.message, "session.version: 9 expected, as this connection speaks");
    }

    #[test]
    fn what_is_no_session_is_named() {
        for (text, words) in [
            ("x", "session: not JSON"),
            ("{}", "session.version"),
            (r#"{"version":10}"#, "session.sessions: an array"),
            (r#"{"version":10,"sessions":[{}]}"#, "session.sessions[0].shard"),
            (r#"{"version":10,"sessions":[{"shard":[1,1],"session_id":"x","seq":1}]}"#, "sessions[0].shard"),
            (r#"{"version":10,"sessions":[{"shard":[0,1],"session_id":"","seq":1}]}"#, "session_id"),
            (r#"{"version":10,"sessions":[{"shard":[0,1],"session_id":"x","seq":-1}]}"#, "seq"),
            (
                r#"{"version":10,"sessions":[{"shard":[0,1],"session_id":"x","seq":1,"resume_gateway_url":5}]}"#,
                "resume_gateway_url",
            ),
        ] {
            let error = read(text.as_bytes(), 10).expect_err(text);
            assert!(error.message.contains(words), "{text}: {error}");
        }
    }
}
