use gamebridge_proto::value::Document;
use gamebridge_proto::wire::gateway::{self, MAX_NAME};
use serde_json::{Map, Value};

use crate::run::saw;

/// What the envelope says is what a whole parser reads, in every order of the members.
pub fn envelope(data: &[u8]) {
    let found = gateway::envelope(data);
    match &found {
        Ok(found) => saw(format!("{} {}", found.seq.is_some(), found.name.is_empty()), found.data.len()),
        Err(error) => saw(error.to_string(), 0),
    }
    if let Ok(found) = &found {
        assert!(found.name.len() <= MAX_NAME && found.name.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(found.data.is_empty() || data.as_ptr_range().contains(&found.data.as_ptr()));
    }
    let Ok(Value::Object(message)) = serde_json::from_slice(data) else { return };
    // A payload that is not read can hide members behind it; then it does not parse.
    if let Ok(found) = &found
        && (found.data.is_empty() || Document::new().parse(found.data).is_ok())
        && !data.contains(&b'\\')
    {
        agrees(found, &message);
    }
    // The same members, written by somebody else in two orders, are always read, when they can be.
    if !is_plain(&message) {
        return;
    }
    for first in [&["t", "s", "op", "d"][..], &["d", "op", "x", "t", "s"]] {
        let text = in_order(&message, first);
        match gateway::envelope(text.as_bytes()) {
            Ok(found) => agrees(&found, &message),
            Err(error) => assert!(error.message.contains("nested more than"), "{text}: {error}"),
        }
    }
}

fn agrees(found: &gateway::Envelope<'_>, message: &Map<String, Value>) {
    let member = |name| message.get(name).unwrap_or(&Value::Null);
    assert_eq!(Some(u64::from(found.op)), member("op").as_u64());
    assert_eq!(found.seq, member("s").as_u64());
    assert_eq!(found.name, member("t").as_str().unwrap_or(""));
    match message.get("d") {
        // As text too, since serde_json does not read every double back as it wrote it.
        Some(d) if found.data == d.to_string().as_bytes() => {}
        Some(d) => assert_eq!(serde_json::from_slice::<Value>(found.data).ok().as_ref(), Some(d)),
        None => assert!(found.data.is_empty()),
    }
}

/// Whether the four members are of their types.
fn is_plain(message: &Map<String, Value>) -> bool {
    let op = message.get("op").and_then(Value::as_u64).is_some_and(|op| u32::try_from(op).is_ok());
    let seq = message.get("s").is_none_or(|seq| seq.is_null() || seq.is_u64());
    let name = message.get("t").is_none_or(|name| match name {
        Value::Null => true,
        Value::String(name) => {
            let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\' && byte != b'"';
            (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(plain)
        }
        _ => false,
    });
    op && seq && name
}

/// Members of these names first, the rest before `d`, which comes last unless it is named first.
fn in_order(message: &Map<String, Value>, first: &[&str]) -> String {
    let mut names: Vec<&String> = message.keys().collect();
    names.sort_by_key(|name| match first.iter().position(|known| known == name) {
        Some(3) if first[3] == "d" => 99,
        Some(at) => at,
        None => 50,
    });
    let members = names.into_iter().map(|name| format!("{} : {}", Value::from(name.as_str()), message[name]));
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}
