//! SET_ACTIVITY, and the answers to who asks to join.

use super::{Answer, Call, Effect};
use crate::server::rpc::caller::Caller;
use crate::server::rpc::objects::activity;
use crate::server::rpc::{Cx, Sink};
use crate::world::{Operation, Session, SessionId, World};

/// SET_ACTIVITY. Each connection has an activity of its own, also where several speak for one application.
pub(super) fn set(cx: &mut Cx<'_, impl Sink>, call: Call<'_>, data: &mut Vec<u8>) -> Answer {
    let session = call.caller.session(call.row.name)?;
    let value = call.args.member("activity");
    let activity = (!value.is_none()).then(|| Box::new(activity::read(value)));
    let set = activity.is_some();
    let changes = cx.world.apply(cx.now, Operation::SetActivity { session, activity })?;
    let shown = cx.world.session(session).and_then(|session| session.activity.as_ref()).filter(|_| set);
    match (shown, cx.world.application(call.caller.client)) {
        (Some(shown), Some(application)) => activity::write(data, shown, &application),
        _ => data.extend_from_slice(b"null"),
    }
    Ok(Effect::changed(changes))
}

/// The connection of this application whose activity has a join secret: the caller's own, else the latest one's. An
/// overlay may answer for the game.
fn playing(world: &World, caller: &Caller) -> Option<SessionId> {
    let lets_in = |session: &&Session| session.activity.as_ref().is_some_and(|shown| shown.secrets.join.is_some());
    let of_game = world.sessions().filter(|session| session.application == caller.client).filter(lets_in);
    of_game.map(|session| session.id).max_by_key(|id| (Some(*id) == caller.session, *id))
}

/// SEND_ACTIVITY_JOIN_INVITE and CLOSE_ACTIVITY_REQUEST.
pub(super) fn answer_join(cx: &mut Cx<'_, impl Sink>, call: Call<'_>, accepted: bool, data: &mut Vec<u8>) -> Answer {
    let session = playing(cx.world, call.caller);
    let from = call.args.member("user_id").as_id().unwrap_or_default().into();
    let answer = Operation::AnswerJoin { from, application: Some(call.caller.client), session, accepted };
    let changes = cx.world.apply(cx.now, answer)?;
    data.extend_from_slice(b"null");
    Ok(Effect::changed(changes))
}
