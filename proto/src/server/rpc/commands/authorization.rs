//! AUTHORIZE and AUTHENTICATE.

use super::{Answer, Call, Effect, Reply};
use crate::secret::Secret;
use crate::server::rpc::peer::Standing;
use crate::server::rpc::questions::Question;
use crate::server::rpc::refusal::Refusal;
use crate::server::rpc::{Consent, Cx, Door, Sink, objects};
use crate::value::Value;
use crate::wire::catalog;
use crate::wire::json::Object;
use crate::wire::rpc::ErrorCode;
use crate::world::{self, ApplicationId, Change, NewUser, Operation, Scopes, UserEdit};

/// How many scopes one AUTHORIZE may ask for, and how long a scope's name may be.
const MOST_SCOPES: usize = 64;

/// These are how a peer stands, not what a user allows: a token must never carry them.
const PSEUDO_SCOPES: [&str; 3] = ["rpc.local", "rpc.authenticated", "rpc.private"];

/// What a person clicks away. The word in front is RFC 6749's (section 4.1.2.1).
pub(in crate::server::rpc) const DENIED: &str = "access_denied: the user did not consent";

impl Door {
    pub(super) fn authorize(&mut self, cx: &mut Cx<'_, impl Sink>, call: Call<'_>, data: &mut Vec<u8>) -> Answer {
        let application = call.caller.client;
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
        let peer = call.caller.peer;
        if self.questions.values().any(|question| question.peer == peer) {
            return Err(Refusal::new(ErrorCode::OAuth2, "the user is being asked already"));
        }
        self.asked += 1;
        let until = cx.now + self.config.limits.consent;
        let nonce = call.nonce.into();
        let question = Question { peer, until, nonce, application, scopes, username };
        self.questions.insert(self.asked, question);
        Ok(Effect { reply: Reply::Asked(self.asked), ..Effect::default() })
    }

    pub(super) fn authenticate(&mut self, cx: &mut Cx<'_, impl Sink>, call: Call<'_>, data: &mut Vec<u8>) -> Answer {
        call.caller.session(call.row.name)?;
        let client = call.caller.client;
        let shown = Secret::new(call.args.member("access_token").as_str().unwrap_or_default());
        // What another user of this world allowed is nothing that the local one did.
        let local = cx.world.local_user().id;
        let token = cx.world.token(cx.now, &shown);
        let token = token.filter(|token| token.application == client && token.user == local);
        let token = token.ok_or(Refusal::new(
            ErrorCode::InvalidToken,
            "the access token is unknown, run out, revoked, or another application's or user's",
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
        if let Some(open) = self.peers.get_mut(&call.caller.peer).and_then(|peer| peer.open_mut()) {
            open.caller.scopes = Some(token.scopes.clone());
            open.standing = Standing::Authenticated { token: Some(token.id), expires: token.expires };
        }
        Ok(Effect { notice: Some(("AUTHENTICATED", notice)), ..Effect::default() })
    }
}

/// Consent is there: the code, and the guest's name.
pub(in crate::server::rpc) fn grant(
    cx: &mut Cx<'_, impl Sink>,
    application: ApplicationId,
    scopes: Scopes,
    username: Option<Box<str>>,
    data: &mut Vec<u8>,
) -> Answer {
    let user = cx.world.local_user().id;
    let authorized = cx.world.apply(cx.now, Operation::Authorize { application, user, scopes: scopes.clone() })?;
    let Some(Change::CodeIssued(code)) = authorized.into_iter().next() else {
        return Err(Refusal::new(ErrorCode::Unknown, "no code came of the authorization"));
    };
    let mut changes = Vec::new();
    if let Some(username) = username {
        let edit = UserEdit { username: Some(username), ..UserEdit::default() };
        changes.push(cx.world.apply(cx.now, Operation::EditUser { user, edit })?);
    }
    Object::begin(data).str("code", code.reveal()).end();
    let mut notice = Vec::new();
    objects::rights(&mut notice, application.get(), &scopes, cx.world.local_user());
    Ok(Effect { changes, notice: Some(("AUTHORIZED", notice)), ..Effect::default() })
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
