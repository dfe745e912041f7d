//! What the host is told of what changed.

use crate::server::rpc::objects::{self, activity};
use crate::server::rpc::{Cx, Door, Sink, notify};
use crate::wire::json::Object;
use crate::world::Change;

impl Door {
    pub(super) fn tell_host(&mut self, cx: &mut Cx<'_, impl Sink>, cause: u32, change: &Change) {
        self.frame.clear();
        let name = match change {
            Change::ActivityChanged { user, application, session } => {
                let known = cx.world.application(*application);
                let shown = cx.world.session(*session).and_then(|session| session.activity.as_ref());
                Object::begin(&mut self.frame)
                    .id("user_id", user.get())
                    .id("application_id", application.get())
                    .with("activity", |out| match (shown, known) {
                        (Some(shown), Some(known)) => activity::write(out, shown, &known),
                        _ => out.extend_from_slice(b"null"),
                    })
                    .end();
                "ACTIVITY_UPDATE"
            }
            Change::JoinAnswered { from, application, accepted, secret } => {
                Object::begin(&mut self.frame)
                    .with("user", |out| objects::user_or_null(out, cx.world, *from))
                    .with("application_id", |out| objects::optional_id(out, application.map(|id| id.get())))
                    .bool("accepted", *accepted)
                    .opt_str("secret", secret.as_ref().map(|secret| secret.reveal()))
                    .end();
                "JOIN_REQUEST_ANSWERED"
            }
            _ => return,
        };
        notify(cx.out, cause, name, &self.frame);
    }
}
