//! Catalogs: what a command or an event is, as data.
//!
//! A [`Row`] is the whole command. The client checks arguments against it before they leave the program ([`check`]), a
//! server dispatches by it, and the reference documentation and the Python stubs are printed from it; so a fact about a
//! command is written once, here or nowhere. The catalogs themselves are the tables of the protocols' rooms.
//!
//! A catalog knows less than the peer: members that it does not name pass, and so do commands that it does not have,
//! since Discord adds both faster than libraries ship. Not so where the words are ours alone ([`Row::exact`]).

mod check;
mod name;

use std::fmt;
use std::time::Duration;

pub use check::{check, check_value};
pub(super) use name::named;

use crate::error::Error;
use crate::value::Value;

/// How long a reply may take when neither the caller nor the row says otherwise.
pub const REPLY_TIMEOUT: Duration = Duration::from_secs(30);

/// What a value must be. Also says what a reply is made of.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// Anything at all.
    Any,
    /// Always `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A whole number in this range, however it is spelled (`5.0`, `1.7e9`): read it with [`Value::as_whole`].
    Int {
        /// The least that is accepted.
        min: i64,
        /// The most that is accepted.
        max: i64,
    },
    /// Any number in this range.
    Num {
        /// The least that is accepted.
        min: f64,
        /// The most that is accepted.
        max: f64,
    },
    /// A text; its length counts characters, not bytes.
    Text {
        /// The fewest characters.
        min: usize,
        /// The most characters.
        max: usize,
    },
    /// A moment as ISO 8601 text.
    Time,
    /// An id of 64 bits: a decimal string, as Discord writes it, or a whole number.
    Snowflake,
    /// One of these whole numbers, each with its name.
    Numbers(&'static [(i64, &'static str)]),
    /// One of these texts.
    Names(&'static [&'static str]),
    /// `null`, or what stands inside.
    Nullable(&'static Type),
    /// One of two things that JSON tells apart: a number or an array, a text or an object.
    Either(&'static Type, &'static Type),
    /// An object of this shape.
    Object(&'static Shape),
    /// An array.
    Array {
        /// What each element is.
        of: &'static Type,
        /// The fewest elements.
        min: usize,
        /// The most elements.
        max: usize,
    },
}

impl Type {
    /// A text of any length.
    pub const TEXT: Type = Type::text(0, usize::MAX);
    /// Any whole number.
    pub const INT: Type = Type::int(i64::MIN, i64::MAX);
    /// Any number.
    pub const NUM: Type = Type::Num { min: f64::NEG_INFINITY, max: f64::INFINITY };

    /// A text of `min` to `max` characters.
    pub const fn text(min: usize, max: usize) -> Type {
        Type::Text { min, max }
    }

    /// A whole number from `min` to `max`.
    pub const fn int(min: i64, max: i64) -> Type {
        Type::Int { min, max }
    }

    /// An array of any length.
    pub const fn list(of: &'static Type) -> Type {
        Type::Array { of, min: 0, max: usize::MAX }
    }
}

impl fmt::Display for Type {
    /// What is expected, in words: `2 to 128 characters`, `a snowflake`, `one of 0, 2, 3, 5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Type::Any => f.write_str("any value"),
            Type::Null => f.write_str("null"),
            Type::Bool => f.write_str("true or false"),
            Type::Int { min: i64::MIN, max: i64::MAX } => f.write_str("a whole number"),
            Type::Int { min, max: i64::MAX } => write!(f, "a whole number of at least {min}"),
            Type::Int { min, max } => write!(f, "a whole number from {min} to {max}"),
            Type::Num { min, max } if min.is_finite() => write!(f, "a number from {min} to {max}"),
            Type::Num { .. } => f.write_str("a number"),
            Type::Text { min: 0, max: usize::MAX } => f.write_str("a string"),
            Type::Text { min: 1, max: usize::MAX } => f.write_str("a string that is not empty"),
            Type::Text { min, max: usize::MAX } => write!(f, "a string of at least {min} characters"),
            Type::Text { min, max } => write!(f, "{min} to {max} characters"),
            Type::Time => f.write_str("an ISO 8601 time"),
            Type::Snowflake => f.write_str("a snowflake (digits as a string, or a whole number)"),
            Type::Numbers(known) => {
                f.write_str("one of ")?;
                for (at, (number, _)) in known.iter().enumerate() {
                    write!(f, "{}{number}", if at == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Type::Names(known) => {
                f.write_str("one of ")?;
                for (at, name) in known.iter().enumerate() {
                    write!(f, "{}\"{name}\"", if at == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Type::Nullable(inner) => write!(f, "{inner}, or null"),
            Type::Either(one, other) => write!(f, "{one}, or {other}"),
            Type::Object(shape) if shape.name.is_empty() => f.write_str("an object"),
            Type::Object(shape) => write!(f, "an object ({})", shape.name),
            Type::Array { min: 0, max: usize::MAX, .. } => f.write_str("an array"),
            Type::Array { min, max, .. } if min == max => write!(f, "an array of {min} elements"),
            Type::Array { min: 0, max, .. } => write!(f, "an array of at most {max} elements"),
            Type::Array { min, max: usize::MAX, .. } => write!(f, "an array of at least {min} elements"),
            Type::Array { min, max, .. } => write!(f, "an array of {min} to {max} elements"),
        }
    }
}

/// The members of an object, under the name that documentation and stubs give it.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// `"Activity"`, `"PartialUser"`; empty for one that stands in a single place.
    pub name: &'static str,
    /// Its members.
    pub fields: &'static [Arg],
}

/// A member: of a command's arguments, of an object in them, or of a reply.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// Its name in the JSON.
    pub name: &'static str,
    /// What it must be.
    pub ty: Type,
    /// Whether it has to be there; of a reply, whether it always is.
    pub required: bool,
    /// What it means, in a line.
    pub about: &'static str,
}

impl Arg {
    /// A member that has to be there.
    pub const fn required(name: &'static str, ty: Type, about: &'static str) -> Arg {
        Arg { name, ty, required: true, about }
    }

    /// A member that may be left out.
    pub const fn optional(name: &'static str, ty: Type, about: &'static str) -> Arg {
        Arg { name, ty, required: false, about }
    }
}

/// Which OAuth2 scopes open a command or an event.
///
/// Two names are no scopes of a token: `rpc.local` is held by whoever speaks over IPC (no Origin), and the rest only by
/// who has authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scopes {
    /// None is needed: open before authentication.
    Open,
    /// Any one of these.
    AnyOf(&'static [&'static str]),
    /// Any one of `any_of`; and `foreign` as well in a channel that the application did not create.
    InChannel {
        /// One of these, always.
        any_of: &'static [&'static str],
        /// This one too, where the channel is not the application's own.
        foreign: &'static str,
    },
    /// Those of the event that is named in the command.
    OfEvent,
}

impl Scopes {
    /// Whether what `held` says is enough, `foreign` channels aside. Of [`Scopes::OfEvent`] ask the event.
    pub fn allow(self, held: impl Fn(&str) -> bool) -> bool {
        match self {
            Scopes::Open | Scopes::OfEvent => true,
            Scopes::AnyOf(any_of) | Scopes::InChannel { any_of, .. } => any_of.iter().any(|scope| held(scope)),
        }
    }
}

/// One command, or one event.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name on the wire.
    pub name: &'static str,
    /// Other names that mean the same: accepted, never sent.
    pub aliases: &'static [&'static str],
    /// What it does, or when it comes, in a line.
    pub about: &'static str,
    /// Of a command its arguments; of an event those of its subscription.
    pub args: &'static [Arg],
    /// Of a command its reply's `data`; of an event its own.
    pub reply: Type,
    /// Who may use it.
    pub scopes: Scopes,
    /// Whether a program may send it, or subscribe to it.
    pub callable: bool,
    /// How long to wait for the reply; see [`Row::timeout`].
    pub default_timeout: Duration,
    /// Whether its own `timeout` argument (seconds) says how long the peer itself waits.
    pub peer_waits: bool,
    /// A rule that shapes can't say; it gets arguments that fit `args`.
    pub rule: Option<fn(Value<'_>) -> Result<(), Error>>,
    /// Whether `args` are all there is: members that nothing names are refused, at every level.
    pub exact: bool,
}

impl Row {
    /// A row without arguments, with nothing in its reply, open to all; the other methods add what it has.
    pub const fn new(name: &'static str, about: &'static str) -> Row {
        Row {
            name,
            aliases: &[],
            about,
            args: &[],
            reply: Type::Any,
            scopes: Scopes::Open,
            callable: true,
            default_timeout: REPLY_TIMEOUT,
            peer_waits: false,
            rule: None,
            exact: false,
        }
    }

    /// With these arguments.
    pub const fn args(mut self, args: &'static [Arg]) -> Row {
        self.args = args;
        self
    }

    /// With this reply, or this event data.
    pub const fn reply(mut self, reply: Type) -> Row {
        self.reply = reply;
        self
    }

    /// Open to who holds any of these scopes.
    pub const fn any_of(mut self, scopes: &'static [&'static str]) -> Row {
        self.scopes = Scopes::AnyOf(scopes);
        self
    }

    /// Open as these scopes say.
    pub const fn scopes(mut self, scopes: Scopes) -> Row {
        self.scopes = scopes;
        self
    }

    /// Known under these names as well.
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Row {
        self.aliases = aliases;
        self
    }

    /// Only ever sent by the peer.
    pub const fn not_callable(mut self) -> Row {
        self.callable = false;
        self
    }

    /// With a reply that may take this long.
    pub const fn within(mut self, timeout: Duration) -> Row {
        self.default_timeout = timeout;
        self
    }

    /// With a `timeout` argument that the peer obeys.
    pub const fn peer_waits(mut self) -> Row {
        self.peer_waits = true;
        self
    }

    /// With a rule that shapes can't say.
    pub const fn rule(mut self, rule: fn(Value<'_>) -> Result<(), Error>) -> Row {
        self.rule = Some(rule);
        self
    }

    /// With nothing beside what it names: for words that are ours alone, where an unknown one is a typing error.
    pub const fn exact(mut self) -> Row {
        self.exact = true;
        self
    }

    /// Whether it is this row's name or one of its other names.
    pub fn is_named(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// Whether it may be used before authentication, over any transport. (Where the scopes hold `rpc.local`, a peer
    /// over IPC need not authenticate either.)
    pub fn before_authentication(&self) -> bool {
        self.scopes == Scopes::Open
    }

    /// How long to wait for the reply to these arguments. Where the peer waits by itself (`timeout`, in seconds), its
    /// own "timed out" has 5 seconds to arrive, so that the better explained of two failures wins; ten minutes at most.
    pub fn timeout(&self, args: Value<'_>) -> Duration {
        let asked = match args.member("timeout").as_whole() {
            Some(seconds) if self.peer_waits => Duration::from_secs(seconds.clamp(0, 600) as u64 + 5),
            _ => Duration::ZERO,
        };
        self.default_timeout.max(asked)
    }
}
