//! What is sent against the catalog, strictly: every documented member that is required stands there, of its type, and
//! nothing stands there that the catalog does not name.

use gamebridge_proto::wire::catalog::{Shape, Type};
use serde_json::Value;

/// What stands in an object although its shape does not name it, and why.
const EXTRA: &[(&str, &str, &str)] =
    &[("Activity", "application_id", "Discord answers with it; the shape is that of the argument, which has none")];

/// Members that the catalog has as optional, since the same shape is an argument or is sometimes shorter, and that a reply
/// or an event of ours has always.
const ALWAYS: &[(&str, &[&str])] = &[
    ("PartialUser", &["global_name", "bot"]),
    ("VoiceInput", &["device_id", "volume", "available_devices"]),
    ("VoiceOutput", &["device_id", "volume", "available_devices"]),
    ("VoiceMode", &["type", "auto_threshold", "threshold", "shortcut", "delay"]),
    (
        "VoiceSettings",
        &[
            "input",
            "output",
            "mode",
            "automatic_gain_control",
            "echo_cancellation",
            "noise_suppression",
            "qos",
            "silence_warning",
            "deaf",
            "mute",
        ],
    ),
    ("UserVoiceSettings", &["pan", "volume", "mute"]),
    ("Channel", &["guild_id", "position"]),
    ("VoiceChannelSelect", &["guild_id"]),
    ("GuildStatus", &["online"]),
    ("RelationshipUpdate", &["presence"]),
    ("Presence", &["activity"]),
    ("Activity", &["name", "type"]),
    ("Entitlement", &["starts_at", "ends_at", "consumed"]),
];

/// What does not fit, by its path.
pub fn complaints(ty: &Type, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(ty, value, "data", &mut found);
    found
}

fn compare(ty: &Type, value: &Value, path: &str, found: &mut Vec<String>) {
    let fits = match ty {
        Type::Any => true,
        Type::Null => value.is_null(),
        Type::Bool => value.is_boolean(),
        Type::Int { min, max } => value.as_i64().is_some_and(|number| (*min..=*max).contains(&number)),
        Type::Num { min, max } => value.as_f64().is_some_and(|number| (*min..=*max).contains(&number)),
        Type::Text { min, max } => value.as_str().is_some_and(|text| (*min..=*max).contains(&text.chars().count())),
        Type::Time => value.as_str().is_some_and(is_time),
        Type::Snowflake => value.as_str().is_some_and(|text| text.parse::<u64>().is_ok_and(|id| id > 0)),
        Type::Numbers(known) => known.iter().any(|(number, _)| value.as_i64() == Some(*number)),
        Type::Names(known) => known.iter().any(|name| value.as_str() == Some(name)),
        Type::Nullable(_) if value.is_null() => true,
        Type::Either(one, other) => complaints(one, value).is_empty() || complaints(other, value).is_empty(),
        Type::Nullable(inner) => return compare(inner, value, path, found),
        Type::Object(shape) if value.is_object() => return members(shape, value, path, found),
        Type::Object(_) => false,
        Type::Array { of, min, max } => match value.as_array() {
            Some(items) if (*min..=*max).contains(&items.len()) => {
                for (at, item) in items.iter().enumerate() {
                    compare(of, item, &format!("{path}[{at}]"), found);
                }
                true
            }
            _ => false,
        },
    };
    if !fits {
        found.push(format!("{path}: {ty} expected, {value} given"));
    }
}

fn members(shape: &Shape, value: &Value, path: &str, found: &mut Vec<String>) {
    let object = value.as_object().unwrap();
    // A message that was deleted is only its id.
    let always = ALWAYS.iter().find(|(name, _)| *name == shape.name).map_or(&[][..], |(_, always)| always);
    for field in shape.fields {
        match object.get(field.name) {
            Some(member) => compare(&field.ty, member, &format!("{path}.{}", field.name), found),
            None if field.required || always.contains(&field.name) => {
                found.push(format!("{path}.{}: missing", field.name));
            }
            None => {}
        }
    }
    for name in object.keys() {
        let extra = EXTRA.iter().any(|(of, extra, _)| *of == shape.name && extra == name);
        if !extra && !shape.fields.iter().any(|field| field.name == name) {
            found.push(format!("{path}.{name}: not in the catalog"));
        }
    }
}

/// `2017-06-29T19:09:52.361000+00:00`
fn is_time(text: &str) -> bool {
    let pattern = "dddd-dd-ddTdd:dd:dd.dddddd+00:00";
    let fits = |(given, expected): (char, char)| given == expected || expected == 'd' && given.is_ascii_digit();
    text.len() == pattern.len() && text.chars().zip(pattern.chars()).all(fits)
}
