use gamebridge_proto::value::{Document, Kind, Value};

use crate::run::saw;

/// A pointer never panics, finds what a slow walk finds, and every value is found by its own pointer.
///
/// The first line is the pointer, the rest the JSON text.
pub fn pointer(data: &[u8]) {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let (pointer, text) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let pointer = String::from_utf8_lossy(pointer);
    let mut doc = Document::new();
    if doc.parse(text).is_err() {
        assert!(!doc.root().get(&pointer).exists() && !doc.root().at(3).first().next().exists());
        return;
    }
    let found = doc.root().get(&pointer);
    assert_eq!(found.index(), slow(doc.root(), &pointer).map_or(0, Value::index), "{pointer}");
    saw(format!("{:?}", found.kind()), pointer.matches('/').count());
    if doc.nodes().len() <= 200 {
        by_their_own(doc.root(), doc.root(), "");
    }
    for index in 0..doc.nodes().len() as u32 + 2 {
        let value = doc.value_at(index);
        assert!(value.index() == index || !value.exists());
    }
}

fn slow<'d>(mut value: Value<'d>, pointer: &str) -> Option<Value<'d>> {
    let mut tokens = pointer.split('/');
    if !tokens.next().unwrap_or_default().is_empty() {
        return None;
    }
    for token in tokens {
        value = match value.kind() {
            Kind::Object => {
                let name = unescape(token)?;
                value.iter().filter(|member| member.key() == Some(&name)).last()?
            }
            Kind::Array => value.iter().enumerate().find(|(position, _)| position.to_string() == token)?.1,
            _ => return None,
        };
    }
    Some(value)
}

fn unescape(token: &str) -> Option<String> {
    let mut parts = token.split('~');
    let mut name = parts.next()?.to_owned();
    for part in parts {
        match part.strip_prefix('1') {
            Some(rest) => name = name + "/" + rest,
            None => name = name + "~" + part.strip_prefix('0')?,
        }
    }
    Some(name)
}

fn by_their_own(root: Value<'_>, value: Value<'_>, path: &str) {
    // Of members with the same name the last one is found.
    assert!(root.get(path).index() >= value.index(), "{path}");
    for (position, inside) in value.iter().enumerate() {
        assert_eq!(value.at(position).index(), inside.index());
        let path = match inside.key() {
            Some(name) => format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")),
            None => format!("{path}/{position}"),
        };
        // One that is hidden by a later one of its name hides what is in it.
        if root.get(&path).index() == inside.index() {
            by_their_own(root, inside, &path);
        }
    }
}
