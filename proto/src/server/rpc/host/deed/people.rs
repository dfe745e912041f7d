//! Users, presences, relationships.

use super::{Args, Deed, Made, Thing};
use crate::error::Error;
use crate::server::rpc::objects::activity;
use crate::world::{NewUser, Operation, Presence, RelationshipKind, Status, UserEdit};

pub(super) fn read(name: &str, args: Args<'_>) -> Option<Result<Deed, Error>> {
    Some(Ok(match name {
        "USER_CREATE" => {
            let new = NewUser {
                username: args.text("username").unwrap_or_default(),
                discriminator: args.text("discriminator").unwrap_or("0".into()),
                global_name: args.text("global_name"),
                avatar: args.text("avatar"),
                bot: args.flag("bot").unwrap_or(false),
            };
            Deed::makes(Operation::CreateUser(new), Made::User)
        }
        "USER_EDIT" => {
            let user = args.who();
            let edit = UserEdit {
                username: args.text("username"),
                discriminator: args.text("discriminator"),
                global_name: args.erasable("global_name"),
                avatar: args.erasable("avatar"),
                flags: args.number("flags"),
                premium_type: args.number("premium_type"),
            };
            Deed::is(Operation::EditUser { user, edit }, Thing::User(user))
        }
        "PRESENCE_SET" => {
            let user = args.the("user_id");
            let shown = args.value.member("activity");
            let activity = shown.member("application_id").as_id();
            let activity = activity.map(|application| (application.into(), Box::new(activity::read(shown))));
            let status = args.text("status").and_then(|name| Status::from_name(&name)).unwrap_or_default();
            let presence = Presence { status, activity };
            Deed::is(Operation::SetPresence { user, presence }, Thing::User(user))
        }
        "RELATIONSHIP_SET" => {
            let user = args.the("user_id");
            let name = args.text("type").unwrap_or_default();
            let kind = RelationshipKind::ALL.iter().find(|(_, known)| **known == *name).map(|(kind, _)| *kind);
            let kind = kind.unwrap_or_default();
            Deed::is(Operation::SetRelationship { user, kind }, Thing::User(user))
        }
        _ => return None,
    }))
}
