//! The tape: what it accepts and refuses ([`grammar`], and [`agreement`] with serde_json, the independent reader), and what
//! can be asked of what it read ([`access`]).

mod access;
mod agreement;
mod grammar;

use gamebridge_proto::value::{Document, Kind, Value};

fn parsed(text: &[u8]) -> Document {
    let mut doc = Document::new();
    doc.parse(text).unwrap_or_else(|error| panic!("{}: {error}", text.escape_ascii()));
    doc
}

fn refusal(text: &[u8]) -> (usize, &'static str) {
    let mut doc = parsed(b"[1]");
    let error = doc.parse(text).expect_err(&text.escape_ascii().to_string());
    assert_eq!(doc.root().kind(), Kind::Missing, "nothing is left of an earlier text");
    (error.offset, error.what)
}

/// The tree of a value, made by walking `first` and `next`, as serde_json would hold it.
fn tree(value: Value<'_>, text: &[u8]) -> serde_json::Value {
    match value.kind() {
        Kind::Array => value.iter().map(|element| tree(element, text)).collect(),
        Kind::Object => serde_json::Value::Object(
            value.iter().map(|member| (member.key().unwrap().to_owned(), tree(member, text))).collect(),
        ),
        Kind::Str => {
            let bytes = value.as_bytes_with_nul().unwrap();
            assert_eq!(bytes.split_last(), Some((&0, value.as_str().unwrap().as_bytes())));
            assert_eq!(value.len(), bytes.len() - 1);
            value.as_str().unwrap().into()
        }
        Kind::Bool => value.as_bool().unwrap().into(),
        Kind::Null => serde_json::Value::Null,
        Kind::Int | Kind::Num => {
            let number: serde_json::Value = serde_json::from_slice(value.raw(text)).unwrap();
            // serde_json holds a negative zero as a double.
            assert_eq!(value.as_i64().filter(|_| value.raw(text) != b"-0"), number.as_i64());
            number
        }
        other => panic!("{other:?} in a tree"),
    }
}

/// Every value's raw JSON is, read alone, the value; its index and its members' count are what a walk finds.
fn check_parts(doc: &Document, text: &[u8]) {
    for (index, node) in doc.nodes().iter().enumerate().skip(1) {
        assert_eq!(node.index() as usize, index);
        let value = doc.value_at(index as u32);
        assert_eq!(value.exists(), node.kind() != Kind::Key);
        if value.exists() {
            let raw = value.raw(text);
            assert_eq!(tree(value, text), serde_json::from_slice::<serde_json::Value>(raw).unwrap());
            assert_eq!(raw.trim_ascii(), raw);
            if matches!(value.kind(), Kind::Array | Kind::Object) {
                assert_eq!(value.len(), value.iter().count());
            }
        }
    }
}
