//! The events that the program wants: state, not requests, so they are asked for again on every connection.

use crate::value::{Kind, Value};
use crate::wire::rpc;

/// One event with its arguments.
#[derive(Clone)]
pub(super) struct Subscription {
    pub(super) event: Box<str>,
    /// The arguments as the program wrote them: a JSON object.
    pub(super) args: Box<[u8]>,
    /// The same for arguments that mean the same.
    key: Box<[u8]>,
}

impl Subscription {
    /// Reads `{"evt": .., "args": {..}}`; `text` is what `value` was parsed from.
    pub(super) fn read(value: Value<'_>, text: &[u8]) -> Result<Subscription, &'static str> {
        let event =
            value.member("evt").as_str().filter(|event| !event.is_empty()).ok_or("evt: an event's name expected")?;
        let args = value.member("args");
        let raw: &[u8] = match args.kind() {
            Kind::Missing | Kind::Null => b"{}",
            Kind::Object => args.raw(text),
            _ => return Err("args: an object expected"),
        };
        let key = match rpc::event(event) {
            Some(row) => {
                let mut key = Vec::new();
                for arg in row.args {
                    let value = args.member(arg.name);
                    match value.as_id() {
                        Some(id) => key.extend_from_slice(id.to_string().as_bytes()),
                        None => key.extend(without_space(value.raw(text))),
                    }
                    key.push(b' ');
                }
                key
            }
            None => without_space(raw).collect(),
        };
        Ok(Subscription { event: event.into(), args: raw.into(), key: key.into() })
    }

    fn is_same(&self, other: &Subscription) -> bool {
        self.event == other.event && self.key == other.key
    }
}

/// JSON without the white space between its tokens.
fn without_space(json: &[u8]) -> impl Iterator<Item = u8> {
    let (mut inside, mut escaped) = (false, false);
    json.iter().copied().filter(move |byte| {
        if inside {
            inside = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            return true;
        }
        inside = *byte == b'"';
        !byte.is_ascii_whitespace()
    })
}

/// What the program wants to hear of, in the order in which it said so.
#[derive(Default)]
pub(super) struct Subscriptions {
    /// Each with the request that asked for it last.
    wanted: Vec<(Subscription, u64)>,
}

impl Subscriptions {
    /// A SUBSCRIBE went out. One that was wanted already stays with the request that it has.
    pub(super) fn add(&mut self, subscription: Subscription, request: u64) {
        if !self.wanted.iter().any(|(known, _)| known.is_same(&subscription)) {
            self.wanted.push((subscription, request));
        }
    }

    /// An UNSUBSCRIBE went out.
    pub(super) fn remove(&mut self, subscription: &Subscription) {
        self.wanted.retain(|(known, _)| !known.is_same(subscription));
    }

    /// The request was refused, or never reached the peer.
    pub(super) fn forget(&mut self, request: u64) {
        self.wanted.retain(|(_, by)| *by != request);
    }

    /// Asks for all of them anew: `ask` sends one and says under which request.
    pub(super) fn replay(&mut self, mut ask: impl FnMut(&Subscription) -> u64) {
        for (subscription, request) in &mut self.wanted {
            *request = ask(subscription);
        }
    }
}
