//! The commands that an application offers to users.

use super::call::{Call, DONE, created, json};
use super::refusal::Refusal;
use super::{Response, view};
use crate::value::Value;
use crate::wire::json::{Object, array, push_str};
use crate::wire::rest::JsonCode;
use crate::world::{AppCommand, ApplicationId, CommandId, GuildId, NewAppCommand, Operation};

/// What is said of a command besides its name and its kind, and what it is unless said.
const MEMBERS: &[(&str, Option<&[u8]>)] = &[
    ("name_localizations", Some(b"null")),
    ("description", Some(b"\"\"")),
    ("description_localizations", Some(b"null")),
    ("options", None),
    ("default_member_permissions", Some(b"null")),
    ("dm_permission", None),
    ("default_permission", None),
    ("nsfw", Some(b"false")),
    ("integration_types", None),
    ("contexts", None),
    ("handler", None),
];

type Place = (ApplicationId, Option<GuildId>);

/// Whose commands, and where: only an application's own, and in a guild that it is in.
fn place(call: &Call<'_>) -> Result<Place, Refusal> {
    let application: ApplicationId = call.id("application_id");
    if call.caller.application != Some(application) {
        return Err(Refusal::new(403, JsonCode::MissingAccess, "Missing Access"));
    }
    if call.endpoint.ids().all(|name| name != "guild_id") {
        return Ok((application, None));
    }
    let guild = view::guild(call.world, call.caller, call.id("guild_id")).map_err(|_| Refusal::no_access())?;
    Ok((application, Some(guild.id)))
}

fn unknown() -> Refusal {
    Refusal::new(404, JsonCode::UnknownCommand, "Unknown application command")
}

/// The command as the world keeps it; what `given` does not say is as it was before.
fn read(given: Value<'_>, text: &[u8], before: Option<&AppCommand>) -> Result<NewAppCommand, Refusal> {
    let name = given.member("name").as_str().map(Box::from).or_else(|| before.map(|known| known.name.clone()));
    let name = name.ok_or_else(|| Refusal::field("name", "1 to 32 characters expected, nothing given"))?;
    let kind = given.member("type").as_whole().and_then(|kind| u8::try_from(kind).ok());
    let kind = kind.or(before.map(|known| known.kind)).unwrap_or(1);
    let said = |name: &str| given.member(name).exists().then(|| given.member(name).raw(text).to_vec());
    let mut doc = crate::value::Document::new();
    let old = before.map(|known| [b"{", &*known.members, b"}"].concat()).unwrap_or_else(|| b"{}".to_vec());
    // Our own writing, so it parses.
    doc.parse(&old).map_err(|_| Refusal::new(500, JsonCode::General, "the command can't be read"))?;
    let was = |name: &str| doc.root().member(name).exists().then(|| doc.root().member(name).raw(&old).to_vec());
    if kind == 1 && before.is_none() && given.member("description").as_str().is_none_or(str::is_empty) {
        return Err(Refusal::field("description", "1 to 100 characters expected, nothing given"));
    }
    let mut members = Vec::new();
    for (name, default) in MEMBERS {
        let Some(value) = said(name).or_else(|| was(name)).or_else(|| default.map(<[u8]>::to_vec)) else { continue };
        if !members.is_empty() {
            members.push(b',');
        }
        push_str(&mut members, name);
        members.push(b':');
        members.extend_from_slice(&value);
    }
    Ok(NewAppCommand { name, kind, members: members.into() })
}

fn write(out: &mut Vec<u8>, command: &AppCommand) {
    let object = Object::begin(out).id("id", command.id.get()).id("application_id", command.application.get());
    let object = match command.guild {
        Some(guild) => object.id("guild_id", guild.get()),
        None => object,
    };
    object.id("version", command.version.get()).int("type", command.kind.into()).str("name", &command.name).end();
    out.pop();
    out.push(b',');
    out.extend_from_slice(&command.members);
    out.push(b'}');
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let (application, guild) = place(call)?;
    Ok(json(|out| array(out, call.world.commands_of(application, guild), write)))
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let place = place(call)?;
    let new = read(call.body, call.text, None)?;
    let known = call.world.commands_of(place.0, place.1).any(|known| known.name == new.name && known.kind == new.kind);
    let (name, kind) = (new.name.clone(), new.kind);
    call.apply(Operation::PutCommand { application: place.0, guild: place.1, command: new })?;
    let mut made = call.world.commands_of(place.0, place.1);
    let made = made.find(|command| command.name == name && command.kind == kind).ok_or_else(unknown)?;
    Ok(if known { json(|out| write(out, made)) } else { created(|out| write(out, made)) })
}

pub(super) fn replace(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let (application, guild) = place(call)?;
    let all = call.body.iter().map(|given| read(given, call.text, None)).collect::<Result<Vec<_>, _>>()?;
    call.apply(Operation::ReplaceCommands { application, guild, commands: all })?;
    list(call)
}

fn known<'c>(call: &'c Call<'_>) -> Result<&'c AppCommand, Refusal> {
    let (application, guild) = place(call)?;
    let id: CommandId = call.id("command_id");
    call.world.command(application, id).filter(|known| known.guild == guild).ok_or_else(unknown)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let known = known(call)?;
    Ok(json(|out| write(out, known)))
}

pub(super) fn edit(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let (application, guild) = place(call)?;
    let before = known(call)?.clone();
    let command = read(call.body, call.text, Some(&before))?;
    let taken = call.world.commands_of(application, guild);
    let taken = taken
        .filter(|other| other.id != before.id)
        .any(|other| other.name == command.name && other.kind == command.kind);
    if taken || command.kind != before.kind {
        return Err(Refusal::field("name", "a name that no other command has expected, and its own type"));
    }
    call.apply(Operation::EditCommand { id: before.id, command })?;
    get(call)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let id = known(call)?.id;
    call.apply(Operation::DeleteCommand(id))?;
    Ok(DONE)
}
