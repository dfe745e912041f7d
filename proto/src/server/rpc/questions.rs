//! Questions: who asks for the user's consent, and what settles it.
//!
//! There are two. AUTHORIZE, by a peer; and a player who asks to join, about which the peers of the game are asked
//! (ACTIVITY_JOIN_REQUEST), the host (with [`JoinRequests::Ask`]), or nobody. Either is settled once, by whoever comes
//! first: an answer, the deadline ([`super::Limits::consent`]), which says no, or for AUTHORIZE the peer's leaving.

use super::commands::{self, DENIED, Effect};
use super::refusal::Refusal;
use super::{Cx, Door, JoinRequests, Sink, envelope, objects};
use crate::error::{Error, Status};
use crate::event::{Event, EventType};
use crate::time::Instant;
use crate::wire::ipc::Opcode;
use crate::wire::json::Object;
use crate::wire::rpc::ErrorCode;
use crate::world::{ApplicationId, Changes, JoinRequest, Operation, Scopes, UserId, World, limits};

/// An AUTHORIZE that waits for the host's answer.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) peer: u32,
    pub(super) until: Instant,
    pub(super) nonce: Box<[u8]>,
    pub(super) application: ApplicationId,
    pub(super) scopes: Scopes,
    pub(super) username: Option<Box<str>>,
}

/// A player who waits for an answer.
#[derive(Debug)]
pub(super) struct Joining {
    request: JoinRequest,
    pub(super) until: Instant,
    /// The number of the REQUEST, when the host was asked too.
    asked: Option<u64>,
}

impl Door {
    /// Puts an AUTHORIZE to the host.
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
        let cx = &mut Cx { now, world, out };
        let allowed = status == Status::Ok;
        if let Some(question) = self.questions.remove(&request) {
            self.settle(cx, question, allowed);
            return Ok(());
        }
        if let Some(at) = self.joining.iter().position(|joining| joining.asked == Some(request)) {
            let joining = self.joining.remove(at);
            self.settle_join(cx, joining.request, allowed);
            return Ok(());
        }
        let sentence = format!(
            "request {request} waits for no answer: it was answered already, its time ran out, or its peer left"
        );
        Err(Error::new(Status::State, sentence))
    }

    /// No answer in time is a no.
    pub(super) fn deny_unanswered(&mut self, cx: &mut Cx<'_, impl Sink>) {
        while let Some(request) =
            self.questions.iter().find(|(_, question)| question.until <= cx.now).map(|(request, _)| *request)
            && let Some(question) = self.questions.remove(&request)
        {
            self.settle(cx, question, false);
        }
        while let Some(at) = self.joining.iter().position(|joining| joining.until <= cx.now) {
            let joining = self.joining.remove(at);
            self.settle_join(cx, joining.request, false);
        }
    }

    /// The user who was asked is not the user any more.
    pub(super) fn deny_all(&mut self, cx: &mut Cx<'_, impl Sink>) {
        while let Some((_, question)) = self.questions.pop_first() {
            self.settle(cx, question, false);
        }
    }

    fn settle(&mut self, cx: &mut Cx<'_, impl Sink>, question: Question, allowed: bool) {
        let Question { peer, nonce, application, scopes, username, .. } = question;
        let mut frame = std::mem::take(&mut self.frame);
        envelope::reply_begin(&mut frame, "AUTHORIZE");
        let granted = match allowed {
            true => commands::grant(cx, application, scopes, username, &mut frame),
            false => Err(Refusal::new(ErrorCode::OAuth2, DENIED)),
        };
        match &granted {
            Ok(_) => envelope::reply_end(&mut frame, &nonce),
            Err(refusal) => envelope::error(&mut frame, "AUTHORIZE", refusal, &nonce),
        }
        cx.out.send(peer, Opcode::Frame, &frame);
        self.frame = frame;
        self.take_effect(cx, peer, granted.unwrap_or_default());
    }

    /// A player asked to join. Whether the peers are to be asked about it; if not, the answer is among what followed.
    pub(super) fn join_requested(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        from: UserId,
        application: Option<ApplicationId>,
        followed: &mut Vec<(u32, Changes)>,
    ) -> bool {
        let request = JoinRequest { from, application };
        let asks = match self.config.join_requests {
            JoinRequests::Peers => false,
            JoinRequests::Ask => true,
            JoinRequests::Allow | JoinRequests::Deny => {
                let accepted = self.config.join_requests == JoinRequests::Allow;
                followed.extend(answer(cx, request, accepted).map(|changes| (0, changes)));
                return false;
            }
        };
        let until = cx.now + self.config.limits.consent;
        if let Some(joining) = self.joining.iter_mut().find(|joining| joining.request == request) {
            // Asking again gains time, and is no second question.
            joining.until = until;
            return true;
        }
        if self.joining.len() >= limits::JOIN_REQUESTS {
            // The world lets its oldest go too.
            self.joining.remove(0);
        }
        let asked = asks.then(|| {
            self.asked += 1;
            self.asked
        });
        self.joining.push(Joining { request, until, asked });
        if let Some(asked) = asked {
            self.frame.clear();
            Object::begin(&mut self.frame)
                .with("user", |out| objects::user_or_null(out, cx.world, from))
                .opt_id("application_id", application.map(ApplicationId::get))
                .end();
            let mut event = Event::new(EventType::Request, "ACTIVITY_JOIN_REQUEST");
            (event.tag, event.payload) = (asked, &self.frame);
            cx.out.event(event);
        }
        true
    }

    /// A player was answered, by whomever: nobody is asked any more.
    pub(super) fn join_answered(&mut self, from: UserId, application: Option<ApplicationId>) {
        self.joining.retain(|joining| joining.request.from != from || !joining.request.is_answered_by(application));
    }

    fn settle_join(&mut self, cx: &mut Cx<'_, impl Sink>, request: JoinRequest, accepted: bool) {
        if let Some(changes) = answer(cx, request, accepted) {
            self.take_effect(cx, 0, Effect::changed(changes));
        }
    }
}

/// Answers a player in the user's name, and not through a peer. The secret is that of the game they asked for: of its
/// latest connection that has one.
fn answer(cx: &mut Cx<'_, impl Sink>, request: JoinRequest, accepted: bool) -> Option<Changes> {
    let sessions = cx.world.sessions().filter(|session| request.concerns(session.application));
    let session = sessions.max_by_key(|session| {
        (session.activity.as_ref().is_some_and(|shown| shown.secrets.join.is_some()), session.id)
    });
    let (session, played) = session.map(|session| (session.id, session.application)).unzip();
    let application = request.application.or(played);
    cx.world.apply(cx.now, Operation::AnswerJoin { from: request.from, application, session, accepted }).ok()
}
