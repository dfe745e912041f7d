//! AUTHORIZE, the question that it may put to the host, and AUTHENTICATE.

use super::commands::{self, Call, Effect, Refusal};
use super::peer::{Open, Standing};
use super::{Consent, Cx, Door, Sink, objects};
use crate::error::{Error, Status};
use crate::event::{Event, EventType};
use crate::secret::Secret;
use crate::time::Instant;
use crate::value::Value;
use crate::wire::catalog;
use crate::wire::ipc::Opcode;
use crate::wire::json::Object;
use crate::wire::rpc::ErrorCode;
use crate::world::{self, ApplicationId, Change, NewUser, Operation, Scopes, UserEdit, World};

/// An AUTHORIZE that waits for the host's answer.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) peer: u32,
    pub(super) until: Instant,
    nonce: Box<[u8]>,
    application: ApplicationId,
    scopes: Scopes,
    username: Option<Box<str>>,
}

/// How many scopes one AUTHORIZE may ask for, and how long a scope's name may be.
const MOST_SCOPES: usize = 64;

/// These are how a peer stands, not what a user allows: a token must never carry them.
const PSEUDO_SCOPES: [&str; 3] = ["rpc.local", "rpc.authenticated", "rpc.private"];

/// What a person clicks away. The word in front is RFC 6749's (section 4.1.2.1).
const DENIED: &str = "access_denied: the user did not consent";

impl Door {
    pub(super) fn authorize(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        call: Call<'_>,
        data: &mut Vec<u8>,
    ) -> Result<Effect, Refusal> {
        let application = self.open(call.peer)?.client;
        let shown = call.args.member("client_id");
        if shown.is_none() {
            return Err(Refusal::new(ErrorCode::InvalidClientId, "client_id: missing"));
        }
        catalog::check(call.row, call.args).map_err(Refusal::argument)?;
        if shown.as_id() != Some(application.get()) {
            let sentence = "client_id: the application that this connection was opened as expected";
            return Err(Refusal::new(ErrorCode::InvalidClientId, sentence));
        }
        let scopes = scopes(call.args.member("scopes"))?;
        let username = call.args.member("username").as_str().filter(|_| cx.world.local_user_is_guest());
        let username = username.map(NewUser::check_username).transpose()?;
        let user = cx.world.local_user().id;
        if !cx.world.application(application).is_some_and(|application| application.may_be_authorized_by(user)) {
            return Err(world::Error::NotATester(application).into());
        }
        if self.config.consent == Consent::Deny {
            return Err(Refusal::new(ErrorCode::OAuth2, DENIED));
        }
        let rpc_token = call.args.member("rpc_token").as_str();
        if let Some(token) = rpc_token {
            if scopes.iter().any(|scope| **scope == *"messages.read") {
                let sentence = "invalid_scope: messages.read is not given for an rpc_token";
                return Err(Refusal::new(ErrorCode::OAuth2, sentence));
            }
            cx.world.apply(cx.now, Operation::UseRpcToken { application, token: Secret::new(token) })?;
        }
        if self.config.consent == Consent::Allow || rpc_token.is_some() {
            return grant(cx, application, scopes, username, data);
        }
        if self.questions.values().any(|question| question.peer == call.peer) {
            return Err(Refusal::new(ErrorCode::OAuth2, "the user is being asked already"));
        }
        self.asked += 1;
        let until = cx.now + self.config.limits.consent;
        let nonce = call.nonce.into();
        let question = Question { peer: call.peer, until, nonce, application, scopes, username };
        self.questions.insert(self.asked, question);
        Ok(Effect::Asked(self.asked))
    }

    /// Puts a question to the host.
    pub(super) fn ask(&mut self, cx: &mut Cx<'_, impl Sink>, request: u64) {
        let Some(question) = self.questions.get(&request) else { return };
        let Some(application) = cx.world.application(question.application) else { return };
        self.frame.clear();
        Object::begin(&mut self.frame)
            .with("application", |out| objects::host_application(out, &application))
            .with("scopes", |out| objects::texts(out, &question.scopes))
            .opt_str("username", question.username.as_deref())
            .end();
        let mut event = Event::new(EventType::Request, "AUTHORIZE");
        (event.tag, event.peer, event.payload) = (request, question.peer, &self.frame);
        cx.out.event(event);
    }

    /// The host's answer to a REQUEST event: [`Status::Ok`] allows, any other status denies. `json` is for requests that
    /// need more than that; none does yet.
    ///
    /// # Errors
    /// [`Status::State`] when nobody waits for it: it was answered already, its time ran out, or the peer left.
    pub fn handle_answer(
        &mut self,
        now: Instant,
        request: u64,
        status: Status,
        json: &[u8],
        world: &mut World,
        out: &mut impl Sink,
    ) -> Result<(), Error> {
        let _ = json;
        let Some(question) = self.questions.remove(&request) else {
            let sentence = format!(
                "request {request} waits for no answer: it was answered already, its time ran out, or its peer left"
            );
            return Err(Error::new(Status::State, sentence));
        };
        self.settle(&mut Cx { now, world, out }, question, status == Status::Ok);
        Ok(())
    }

    /// No answer in time is a no.
    pub(super) fn deny_unanswered(&mut self, cx: &mut Cx<'_, impl Sink>) {
        while let Some(request) =
            self.questions.iter().find(|(_, question)| question.until <= cx.now).map(|(request, _)| *request)
            && let Some(question) = self.questions.remove(&request)
        {
            self.settle(cx, question, false);
        }
    }

    fn settle(&mut self, cx: &mut Cx<'_, impl Sink>, question: Question, allowed: bool) {
        let Question { peer, nonce, application, scopes, username, .. } = question;
        let mut frame = std::mem::take(&mut self.frame);
        commands::reply_begin(&mut frame, "AUTHORIZE");
        let granted = match allowed {
            true => grant(cx, application, scopes, username, &mut frame),
            false => Err(Refusal::new(ErrorCode::OAuth2, DENIED)),
        };
        match &granted {
            Ok(_) => commands::reply_end(&mut frame, &nonce),
            Err(refusal) => commands::error(&mut frame, "AUTHORIZE", refusal, &nonce),
        }
        cx.out.send(peer, Opcode::Frame, &frame);
        self.frame = frame;
        if let Ok(effect) = granted {
            self.take_effect(cx, peer, effect);
        }
    }

    pub(super) fn authenticate(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        call: Call<'_>,
        data: &mut Vec<u8>,
    ) -> Result<Effect, Refusal> {
        let client = self.open(call.peer)?.client;
        let shown = Secret::new(call.args.member("access_token").as_str().unwrap_or_default());
        let token = cx.world.token(cx.now, &shown).filter(|token| token.application == client);
        let token = token.ok_or(Refusal::new(
            ErrorCode::InvalidToken,
            "the access token is unknown, run out, revoked or another application's",
        ))?;
        let (Some(user), Some(application)) = (cx.world.user(token.user), cx.world.application(client)) else {
            return Err(Refusal::new(ErrorCode::InvalidToken, "the access token's user is gone"));
        };
        Object::begin(data)
            .with("application", |out| objects::application(out, &application))
            .str("expires", &cx.world.timestamp(token.expires).to_string())
            .with("user", |out| objects::user(out, user))
            .with("scopes", |out| objects::texts(out, &token.scopes))
            .end();
        let mut notice = Vec::new();
        objects::rights(&mut notice, client.get(), &token.scopes, user);
        if let Some(Open { standing, .. }) = self.peers.get_mut(&call.peer).and_then(|peer| peer.open_mut()) {
            let (token, scopes, expires) = (token.id, token.scopes.clone(), token.expires);
            *standing = Standing::Authenticated { token, scopes, expires };
        }
        Ok(Effect::Notice("AUTHENTICATED", notice))
    }
}

/// Consent is there: the code, and the guest's name.
fn grant(
    cx: &mut Cx<'_, impl Sink>,
    application: ApplicationId,
    scopes: Scopes,
    username: Option<Box<str>>,
    data: &mut Vec<u8>,
) -> Result<Effect, Refusal> {
    let user = cx.world.local_user().id;
    let authorized = cx.world.apply(cx.now, Operation::Authorize { application, user, scopes: scopes.clone() })?;
    let Some(Change::CodeIssued(code)) = authorized.into_iter().next() else {
        return Err(Refusal::new(ErrorCode::Unknown, "no code came of the authorization"));
    };
    if let Some(username) = username {
        // No event says so yet: CURRENT_USER_UPDATE is not delivered.
        let edit = UserEdit { username: Some(username), ..UserEdit::default() };
        cx.world.apply(cx.now, Operation::EditUser { user, edit })?;
    }
    Object::begin(data).str("code", code.reveal()).end();
    let mut notice = Vec::new();
    objects::rights(&mut notice, application.get(), &scopes, cx.world.local_user());
    Ok(Effect::Notice("AUTHORIZED", notice))
}

/// The scopes that an AUTHORIZE asks for, each once. Which names there are is Discord's to extend, so any that RFC 6749
/// (section 3.3) allows will do.
fn scopes(asked: Value<'_>) -> Result<Scopes, Refusal> {
    let invalid = |sentence: &'static str| Refusal::new(ErrorCode::OAuth2, sentence);
    let mut scopes: Vec<Box<str>> = Vec::new();
    for scope in asked.iter().filter_map(Value::as_str) {
        let well_formed = scope.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
        if scope.is_empty() || scope.len() > MOST_SCOPES || !well_formed {
            return Err(invalid("invalid_scope: a scope has 1 to 64 printable ASCII characters without spaces"));
        }
        if PSEUDO_SCOPES.contains(&scope) {
            return Err(invalid(
                "invalid_scope: rpc.local, rpc.authenticated and rpc.private are not given by consent",
            ));
        }
        if !scopes.iter().any(|known| **known == *scope) {
            scopes.push(scope.into());
        }
        if scopes.len() > MOST_SCOPES {
            return Err(invalid("invalid_scope: 64 scopes at most"));
        }
    }
    if scopes.is_empty() { Err(invalid("invalid_scope: at least one scope expected")) } else { Ok(scopes.into()) }
}
