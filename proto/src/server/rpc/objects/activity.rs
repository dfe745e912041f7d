//! The activity between its JSON and the world.

use crate::secret::Secret;
use crate::value::Value;
use crate::wire::json::{Object, array, push_int, push_str};
use crate::world::{Activity, Application, ApplicationId, Assets, Button, Party, Secrets};

/// Reads an activity that fits the catalog. Members that the catalog does not name are left out.
///
/// A party of size 0 is as good as none, and so is left out; a most of 0 is no limit, and stays as it is.
pub(in crate::server) fn read(value: Value<'_>) -> Activity {
    let text = |object: Value<'_>, name| object.member(name).as_str().map(Box::from);
    let secret = |object: Value<'_>, name| object.member(name).as_str().map(Secret::new);
    let small = |name| value.member(name).as_whole().and_then(|number| u8::try_from(number).ok());
    let (assets, party, secrets) = (value.member("assets"), value.member("party"), value.member("secrets"));
    let size = party.member("size");
    let size = size.at(0).as_whole().zip(size.at(1).as_whole()).filter(|(size, _)| *size > 0);
    Activity {
        name: text(value, "name"),
        kind: small("type").unwrap_or(0),
        status_display_type: small("status_display_type"),
        details: text(value, "details"),
        details_url: text(value, "details_url"),
        state: text(value, "state"),
        state_url: text(value, "state_url"),
        start: value.member("timestamps").member("start").as_whole(),
        end: value.member("timestamps").member("end").as_whole(),
        assets: Assets {
            large_image: text(assets, "large_image"),
            large_text: text(assets, "large_text"),
            large_url: text(assets, "large_url"),
            small_image: text(assets, "small_image"),
            small_text: text(assets, "small_text"),
            small_url: text(assets, "small_url"),
            invite_cover_image: text(assets, "invite_cover_image"),
        },
        party: (!party.is_none()).then(|| Party {
            id: text(party, "id"),
            size,
            privacy: party.member("privacy").as_whole().and_then(|number| u8::try_from(number).ok()),
        }),
        secrets: Secrets {
            join: secret(secrets, "join"),
            spectate: secret(secrets, "spectate"),
            match_: secret(secrets, "match"),
        },
        instance: value.member("instance").as_bool(),
        buttons: value
            .member("buttons")
            .iter()
            .filter_map(|button| Some(Button { label: text(button, "label")?, url: text(button, "url")? }))
            .collect(),
        supported_platforms: (value.member("supported_platforms").iter())
            .filter_map(|name| name.as_str().map(Box::from))
            .collect(),
    }
}

/// Writes it as Discord shows it to its own game and to the host: named by the application unless it has a name of its
/// own, and with that one's id.
pub(in crate::server::rpc) fn write(out: &mut Vec<u8>, activity: &Activity, application: &Application) {
    let name = activity.name.as_deref().or(Some(&application.name));
    write_with(out, activity, name, application.id, &activity.secrets);
}

/// Writes it as others see it: without the secrets, which let in whoever knows them.
pub(in crate::server) fn write_public(out: &mut Vec<u8>, activity: &Activity, application: &Application) {
    let name = activity.name.as_deref().or(Some(&application.name));
    write_with(out, activity, name, application.id, &Secrets::default());
}

/// Writes it as it was said, without what its application's name would add.
pub(in crate::server::rpc) fn write_exact(out: &mut Vec<u8>, activity: &Activity, application: ApplicationId) {
    write_with(out, activity, activity.name.as_deref(), application, &activity.secrets);
}

fn write_with(
    out: &mut Vec<u8>,
    activity: &Activity,
    name: Option<&str>,
    application: ApplicationId,
    secrets: &Secrets,
) {
    let Activity { assets, .. } = activity;
    let mut object = Object::begin(out).int("type", activity.kind.into());
    if let Some(name) = name {
        object = object.str("name", name);
    }
    object = object.id("application_id", application.get());
    let texts = [
        ("details", &activity.details),
        ("details_url", &activity.details_url),
        ("state", &activity.state),
        ("state_url", &activity.state_url),
    ];
    object = members(object, &texts);
    if let Some(kind) = activity.status_display_type {
        object = object.int("status_display_type", kind.into());
    }
    if activity.start.is_some() || activity.end.is_some() {
        object = object.with("timestamps", |out| {
            let mut object = Object::begin(out);
            for (name, moment) in [("start", activity.start), ("end", activity.end)] {
                if let Some(moment) = moment {
                    object = object.int(name, moment);
                }
            }
            object.end();
        });
    }
    let texts = [
        ("large_image", &assets.large_image),
        ("large_text", &assets.large_text),
        ("large_url", &assets.large_url),
        ("small_image", &assets.small_image),
        ("small_text", &assets.small_text),
        ("small_url", &assets.small_url),
        ("invite_cover_image", &assets.invite_cover_image),
    ];
    if texts.iter().any(|(_, text)| text.is_some()) {
        object = object.with("assets", |out| members(Object::begin(out), &texts).end());
    }
    if let Some(party) = &activity.party {
        object = object.with("party", |out| {
            let mut object = members(Object::begin(out), &[("id", &party.id)]);
            if let Some((size, most)) = party.size {
                object = object.with("size", |out| {
                    array(out, [size, most], push_int);
                });
            }
            if let Some(privacy) = party.privacy {
                object = object.int("privacy", privacy.into());
            }
            object.end();
        });
    }
    let texts = [("join", &secrets.join), ("spectate", &secrets.spectate), ("match", &secrets.match_)];
    if texts.iter().any(|(_, secret)| secret.is_some()) {
        object = object.with("secrets", |out| {
            let mut object = Object::begin(out);
            for (name, secret) in texts {
                if let Some(secret) = secret {
                    object = object.str(name, secret.reveal());
                }
            }
            object.end();
        });
    }
    if let Some(instance) = activity.instance {
        object = object.bool("instance", instance);
    }
    if !activity.buttons.is_empty() {
        object = object.with("buttons", |out| {
            array(out, &activity.buttons, |out, button| {
                Object::begin(out).str("label", &button.label).str("url", &button.url).end();
            });
        });
    }
    if !activity.supported_platforms.is_empty() {
        object = object.with("supported_platforms", |out| {
            array(out, &activity.supported_platforms, |out, name| push_str(out, name));
        });
    }
    object.end();
}

fn members<'o>(mut object: Object<'o>, texts: &[(&str, &Option<Box<str>>)]) -> Object<'o> {
    for (name, text) in texts {
        if let Some(text) = text {
            object = object.with(name, |out| push_str(out, text));
        }
    }
    object
}
