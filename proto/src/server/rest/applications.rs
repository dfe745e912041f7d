//! What an application asks about itself, and where its Gateway is.

use super::call::{Call, json};
use super::refusal::Refusal;
use super::{Response, Site, objects};
use crate::wire::json::{Object, array};
use crate::wire::rest::JsonCode;

fn no_gateway() -> Refusal {
    Refusal::new(404, JsonCode::General, "404: Not Found")
}

impl Site {
    /// `GET /gateway` needs no token: its answer.
    pub fn write(&self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        Object::begin(&mut body).str("url", self.gateway.as_deref()?).end();
        Some(body)
    }
}

pub(super) fn gateway(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let body = call.site.write().ok_or_else(no_gateway)?;
    Ok(Response { status: 200, body })
}

pub(super) fn gateway_bot(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let Site { gateway, identifies, identifies_left, identifies_reset, max_concurrency, guilds_per_shard } = call.site;
    let url = gateway.as_deref().ok_or_else(no_gateway)?;
    let user = call.caller.user;
    let guilds = call.world.guilds().filter(|guild| guild.members.contains_key(&user)).count();
    let shards = guilds.div_ceil((*guilds_per_shard).max(1)).max(1);
    Ok(json(|out| {
        Object::begin(out)
            .str("url", url)
            .count("shards", shards)
            .with("session_start_limit", |out| {
                Object::begin(out)
                    .int("total", (*identifies).into())
                    .int("remaining", (*identifies_left).into())
                    .count("reset_after", identifies_reset.as_millis())
                    .int("max_concurrency", (*max_concurrency).into())
                    .end();
            })
            .end();
    }))
}

pub(super) fn current(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let world = &*call.world;
    let known = call.caller.application.and_then(|application| world.application(application));
    let known = known.ok_or_else(|| Refusal::new(404, JsonCode::UnknownApplication, "Unknown Application"))?;
    Ok(json(|out| {
        let object = Object::begin(out)
            .id("id", known.id.get())
            .str("name", &known.name)
            .opt_str("icon", known.icon.as_deref())
            .str("description", &known.description)
            .str("summary", "")
            .with("rpc_origins", |out| {
                let origins = known.rpc_origins.iter().map(|origin| &**origin);
                array(out, origins, crate::wire::json::push_str);
            })
            .bool("bot_public", false)
            .bool("bot_require_code_grant", false)
            .str("verify_key", "")
            .int("flags", objects::application_flags(world, known.id))
            .opt_str("team", None)
            .with("owner", |out| objects::user(out, world.local_user()));
        match world.bot(known.id).and_then(|bot| world.user(bot.user)) {
            Some(bot) => object.with("bot", |out| objects::user(out, bot)).end(),
            None => object.end(),
        }
    }))
}
