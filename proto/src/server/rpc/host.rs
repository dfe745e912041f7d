//! The host's own commands ([`crate::wire::host`]).

use super::peer::{Peer, Standing};
use super::{CLOSE_NORMAL, Cx, Door, Sink, activity, objects};
use crate::command::Command;
use crate::error::{Error, Status};
use crate::event::{Event, EventType, LogLevel};
use crate::secret::Secret;
use crate::time::Instant;
use crate::value::{Document, Value};
use crate::wire::host;
use crate::wire::json::{Object, push_str};
use crate::world::{self, Application, ApplicationId, Change, ClientCredentials, NewGuild, NewUser, Operation, World};

impl From<world::Error> for Error {
    fn from(error: world::Error) -> Self {
        let status = match error {
            world::Error::BadClient | world::Error::BadGrant(_) | world::Error::BadToken => Status::Auth,
            _ => Status::Argument,
        };
        Error::new(status, error.to_string())
    }
}

impl Door {
    /// A command of the host program. Its outcome is a REPLY event when it has a tag; without one only a failure is
    /// told, as a log line.
    pub fn handle_command(&mut self, now: Instant, command: Command, world: &mut World, out: &mut impl Sink) {
        let cx = &mut Cx { now, world, out };
        let Command { name, args, tag, .. } = command;
        let mut doc = Document::new();
        let text: &[u8] = if args.is_empty() { b"{}" } else { &args };
        let mut reply = Vec::new();
        let outcome = match doc.parse(text) {
            Ok(()) => self.carry_out(cx, &name, doc.root(), &mut reply),
            Err(error) => Err(Error::argument(format!("{name}: the arguments are not JSON: {error}"))),
        };
        match (outcome, tag) {
            (Ok(()), 0) => {}
            (Err(error), 0) => {
                cx.out.event(Event::log(LogLevel::Warn, "rpc server", &format!("{name} failed: {error}")));
            }
            (outcome, tag) => {
                let mut event = Event::new(EventType::Reply, &name);
                event.tag = tag;
                match &outcome {
                    Ok(()) => event.payload = &reply,
                    Err(error) => {
                        (event.status, event.code, event.message) = (error.status, error.code, &error.message);
                    }
                }
                cx.out.event(event);
            }
        }
    }

    fn carry_out(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        name: &str,
        args: Value<'_>,
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        host::check(name, args)?;
        let text = |name| args.member(name).as_str();
        let owned = |name| args.member(name).as_str().map(Box::from);
        let id = |name| args.member(name).as_id();
        let secret = |name| Secret::new(text(name).unwrap_or_default());
        let operation = match name {
            "STATE" => {
                self.state(cx.world, reply);
                return Ok(());
            }
            "PEER_CLOSE" => return self.close_for_host(cx, args, reply),
            "USER_CREATE" => Operation::CreateUser(NewUser {
                username: owned("username").unwrap_or_default(),
                discriminator: owned("discriminator").unwrap_or("0".into()),
                global_name: owned("global_name"),
                avatar: owned("avatar"),
                bot: args.member("bot").as_bool().unwrap_or(false),
            }),
            "GUILD_CREATE" => Operation::CreateGuild(NewGuild {
                name: owned("name").unwrap_or_default(),
                icon: owned("icon"),
                ..NewGuild::default()
            }),
            "APPLICATION_REGISTER" => Operation::RegisterApplication(application(args)),
            "ACTIVITY_JOIN" => Operation::AcceptJoin {
                application: id("application_id").map(ApplicationId::from),
                secret: secret("secret"),
            },
            "ACTIVITY_SPECTATE" => Operation::AcceptSpectate {
                application: id("application_id").map(ApplicationId::from),
                secret: secret("secret"),
            },
            "ACTIVITY_JOIN_REQUEST" => Operation::RequestJoin {
                from: id("user_id").unwrap_or_default().into(),
                application: id("application_id").map(ApplicationId::from),
            },
            "TOKEN_EXCHANGE" => Operation::ExchangeCode {
                client: ClientCredentials {
                    id: id("client_id").unwrap_or_default().into(),
                    secret: text("client_secret").map(Secret::new),
                },
                code: secret("code"),
                redirect_uri: owned("redirect_uri"),
            },
            "TOKEN_REVOKE" => Operation::RevokeToken(secret("access_token")),
            other => {
                let sentence = format!("{other}: in the catalog, but not carried out by this server");
                return Err(Error::new(Status::Unsupported, sentence));
            }
        };
        let changes = cx.world.apply(cx.now, operation)?;
        let reached = self.fan_out(cx, 0, &changes);
        for change in changes.iter() {
            made(cx.world, change, reached, reply);
        }
        Ok(())
    }

    fn close_for_host(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        args: Value<'_>,
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let number = args.member("peer").as_whole().and_then(|peer| u32::try_from(peer).ok()).unwrap_or(0);
        let Some(peer) = self.peers.get(&number) else {
            return Err(Error::argument(format!("PEER_CLOSE: peer: there is no peer {number}")));
        };
        self.peer_state(reply, number, peer);
        let code = args.member("code").as_whole().and_then(|code| u16::try_from(code).ok()).unwrap_or(CLOSE_NORMAL);
        self.close(cx, number, code, args.member("message").as_str().unwrap_or_default());
        Ok(())
    }

    fn state(&self, world: &World, out: &mut Vec<u8>) {
        Object::begin(out)
            .with("user", |out| objects::user(out, world.local_user()))
            .bool("guest", world.local_user_is_guest())
            .with("peers", |out| {
                objects::array(out, &self.peers, |out, (number, peer)| self.peer_state(out, *number, peer))
            })
            .with("activities", |out| {
                let sessions = world.sessions().filter_map(|session| Some((session, session.activity.as_ref()?)));
                objects::array(out, sessions, |out, (session, shown)| {
                    Object::begin(out)
                        .id("user_id", session.user.get())
                        .id("application_id", session.application.get())
                        .with("activity", |out| match world.application(session.application) {
                            Some(application) => activity::write(out, shown, &application),
                            None => out.extend_from_slice(b"null"),
                        })
                        .end();
                });
            })
            .with("join_requests", |out| {
                objects::array(out, world.join_requests(), |out, request| {
                    Object::begin(out)
                        .id("user_id", request.from.get())
                        .with("application_id", |out| optional_id(out, request.application))
                        .end();
                });
            })
            .with("users", |out| objects::array(out, world.users(), objects::user))
            .with("guilds", |out| objects::array(out, world.guilds(), objects::host_guild))
            .with("applications", |out| objects::array(out, world.applications(), objects::host_application))
            .end();
    }

    fn peer_state(&self, out: &mut Vec<u8>, number: u32, peer: &Peer) {
        let open = peer.open();
        Object::begin(out)
            .int("peer", number.into())
            .str("transport", peer.transport.name())
            .with("client_id", |out| optional_id(out, open.map(|open| open.client)))
            .bool("authenticated", open.is_some_and(|open| matches!(open.standing, Standing::Authenticated { .. })))
            .with("scopes", |out| objects::texts(out, peer.scopes().map_or(&[], |scopes| scopes)))
            .with("subscriptions", |out| {
                objects::array(out, self.subscriptions.of_peer(number), |out, topic| push_str(out, topic.event));
            })
            .end();
    }
}

fn optional_id(out: &mut Vec<u8>, id: Option<ApplicationId>) {
    match id {
        Some(id) => push_str(out, &id.to_string()),
        None => out.extend_from_slice(b"null"),
    }
}

/// The reply of a command that changed the world: what it made, or how many peers it reached.
fn made(world: &World, change: &Change, reached: usize, reply: &mut Vec<u8>) {
    match change {
        Change::UserCreated(id) => {
            if let Some(user) = world.user(*id) {
                objects::user(reply, user);
            }
        }
        Change::GuildCreated(id) => {
            if let Some(guild) = world.guild(*id) {
                objects::host_guild(reply, guild);
            }
        }
        Change::ApplicationRegistered(id) => {
            if let Some(application) = world.application(*id) {
                objects::host_application(reply, &application);
            }
        }
        Change::TokenIssued(token) => objects::token(reply, token),
        _ => Object::begin(reply).int("peers", i64::try_from(reached).unwrap_or(i64::MAX)).end(),
    }
}

fn application(args: Value<'_>) -> Application {
    let text = |name| args.member(name).as_str().map(Box::from);
    let texts = |name| args.member(name).iter().filter_map(Value::as_str).map(Box::from).collect();
    let id = ApplicationId::from(args.member("id").as_id().unwrap_or_default());
    let default = Application::unregistered(id);
    Application {
        id,
        name: text("name").unwrap_or(default.name),
        description: text("description").unwrap_or(default.description),
        icon: text("icon"),
        rpc_origins: if args.member("rpc_origins").exists() { texts("rpc_origins") } else { default.rpc_origins },
        redirect_uris: texts("redirect_uris"),
        secret: args.member("secret").as_str().map(Secret::new),
        approved: args.member("approved").as_bool().unwrap_or(true),
        testers: args.member("testers").iter().filter_map(Value::as_id).map(Into::into).collect(),
    }
}
