//! GET_GUILDS and GET_GUILD.

use std::time::Duration;

use super::{Answer, Call, Effect};
use crate::server::rpc::objects::{self, View};
use crate::server::rpc::refusal::Refusal;
use crate::server::rpc::waiting::Aim;
use crate::server::rpc::{Cx, Door, Sink};
use crate::wire::json::{Object, array};
use crate::world::{Guild, GuildId, World};

/// A guild that the local user is in, whether or not it can be reached.
pub(in crate::server::rpc) fn joined(world: &World, id: GuildId) -> Result<&Guild, Refusal> {
    let guild = world.guild(id).filter(|guild| guild.members.contains_key(&world.local_user().id));
    guild.ok_or_else(|| Refusal::no_guild(id))
}

/// GET_GUILDS: the guilds that can be reached.
pub(super) fn list(view: View<'_>, data: &mut Vec<u8>) -> Answer {
    let guilds = view.world.local_guilds().filter(|guild| guild.available);
    Object::begin(data)
        .with("guilds", |out| {
            array(out, guilds, |out, guild| objects::partial_guild(out, view, guild));
        })
        .end();
    Ok(Effect::default())
}

impl Door {
    /// GET_GUILD. One that can't be reached is waited for as long as `timeout` says, and not at all without: then 5002.
    pub(super) fn get_guild(&mut self, cx: &mut Cx<'_, impl Sink>, call: Call<'_>, data: &mut Vec<u8>) -> Answer {
        let id = GuildId::from(call.args.member("guild_id").as_id().unwrap_or_default());
        let guild = joined(cx.world, id)?;
        if guild.available {
            objects::guild(data, self.view(cx.world), guild);
            return Ok(Effect::default());
        }
        self.wait(cx.now, call, Duration::ZERO, Aim::Guild(id))
    }
}
