//! What outlives a connection: the guild that is connected and the session that runs. They are state, not requests, so they
//! are asked for again on every new connection.

use crate::secret::Secret;
use crate::value::Value;
use crate::wire::json::Object;

/// What a command does to what is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Nothing.
    None,
    /// This guild is to be connected.
    Connect(u64),
    /// This one no more.
    Disconnect(u64),
    /// A session in this guild.
    Begin(u64),
    /// The end of this guild's.
    End(u64),
    /// The session's credentials were said again.
    Reauth,
}

impl Wish {
    /// What a command of this name and with these arguments is for.
    pub(super) fn of(wire: &str, args: Value<'_>) -> Wish {
        let gid = || args.member("gid").as_id();
        match wire {
            "CONNECT_GUILD" => gid().map_or(Wish::None, Wish::Connect),
            "DESCONNECT_GUILD" => gid().map_or(Wish::None, Wish::Disconnect),
            "APPLICATION_SESSION" => gid().map_or(Wish::None, Wish::Begin),
            "APPLICATION_SESSION_END" => gid().map_or(Wish::None, Wish::End),
            "APPLICATION_SESSION_REAUTH" => Wish::Reauth,
            _ => Wish::None,
        }
    }
}

/// The guild that is connected.
#[derive(Debug)]
pub(super) struct Guild {
    pub(super) gid: u64,
    /// The arguments of CONNECT_GUILD.
    pub(super) args: Secret,
    /// What the user may do there, as the server tells it last; empty when it has not told.
    permissions: Box<str>,
}

/// The session that runs.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) gid: u64,
    /// The arguments of APPLICATION_SESSION.
    pub(super) args: Secret,
    /// What the user could do when the session was last told who it is: what REAUTH calls past permissions.
    authorized: Box<str>,
    /// What the user may do now.
    current: Box<str>,
}

#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) guild: Option<Guild>,
    pub(super) session: Option<Session>,
}

impl Kept {
    /// A command goes out. What it asks to end, or to put something else in the place of, is not asked for again: the document
    /// has a guild left at the mere attempt to connect another one.
    pub(super) fn sent(&mut self, wish: &Wish) {
        match wish {
            Wish::Connect(_) => self.guild = None,
            Wish::Begin(_) => self.session = None,
            Wish::Disconnect(gid) => self.leave_guild(*gid),
            Wish::End(gid) => self.end_session(Some(*gid)),
            Wish::None | Wish::Reauth => {}
        }
    }

    /// A command succeeded. `data` is its reply's.
    pub(super) fn succeeded(&mut self, wish: &Wish, args: Secret, data: Value<'_>) {
        let told = |value: Value<'_>| Box::from(value.as_str().unwrap_or_default());
        match wish {
            Wish::Connect(gid) => {
                let permissions = told(data.member("user").member("permissions"));
                self.guild = Some(Guild { gid: *gid, args, permissions });
            }
            Wish::Begin(gid) => {
                let mut current: Box<str> = told(data.member("permissions"));
                if current.is_empty()
                    && let Some(guild) = self.guild.as_ref().filter(|guild| guild.gid == *gid)
                {
                    current = guild.permissions.clone();
                }
                self.session = Some(Session { gid: *gid, args, authorized: current.clone(), current });
            }
            Wish::Reauth => {
                if let Some(session) = &mut self.session {
                    if let Some(now) = data.member("permissions").as_str() {
                        session.current = now.into();
                    }
                    session.authorized = session.current.clone();
                }
            }
            Wish::None | Wish::Disconnect(_) | Wish::End(_) => {}
        }
    }

    pub(super) fn leave_guild(&mut self, gid: u64) {
        self.guild.take_if(|guild| guild.gid == gid);
    }

    /// Of this guild, or whichever it is.
    pub(super) fn end_session(&mut self, gid: Option<u64>) {
        self.session.take_if(|session| gid.is_none_or(|gid| session.gid == gid));
    }

    /// The user's permissions in the guild that is connected are these.
    pub(super) fn permissions(&mut self, now: &str) {
        let Some(guild) = &mut self.guild else { return };
        guild.permissions = now.into();
        if let Some(session) = self.session.as_mut().filter(|session| session.gid == guild.gid) {
            session.current = now.into();
        }
    }

    /// The session's permissions are these, as the wish for its credentials says.
    pub(super) fn asked(&mut self, now: Option<&str>) {
        if let (Some(session), Some(now)) = (&mut self.session, now) {
            session.current = now.into();
        }
    }
}

impl Session {
    /// The arguments of APPLICATION_SESSION_REAUTH; `args` are the session's, parsed.
    pub(super) fn reauth(&self, args: Value<'_>) -> Secret {
        let text = |name| args.member(name).as_str().unwrap_or_default();
        let past = if self.authorized.is_empty() { "0" } else { &self.authorized };
        let mut out = Vec::with_capacity(2 * self.args.reveal().len() + 64);
        Object::begin(&mut out).str("utokh", text("utokh")).str("uhash", text("uhash")).str("pm", past).end();
        // What was made of texts is text.
        Secret::new(String::from_utf8(out).unwrap_or_default())
    }
}
