use gamebridge_proto::value::{Document, Kind, Value};
use gamebridge_proto::wire::etf::{MAX_GROWTH, from_json, to_json};

use crate::run::saw;

/// What is read from a term is JSON, says the same when it is written and read again, and is bounded by the term; and
/// what is written of a JSON text says what the text says.
pub fn etf(data: &[u8]) {
    let (mut json, mut doc) = (Vec::new(), Document::new());
    match to_json(data, &mut json) {
        Ok(()) => {
            assert!(json.len() <= MAX_GROWTH * data.len(), "{} bytes of {}", json.len(), data.len());
            let (mut term, mut again) = (Vec::new(), Vec::new());
            from_json(&json, &mut doc, &mut term).expect("what was read can be written");
            to_json(&term, &mut again).expect("what was written can be read");
            assert_eq!(String::from_utf8(again), String::from_utf8(json));
            saw("ok".into(), term.len());
        }
        Err(error) => {
            assert!(json.is_empty() && json.capacity() <= 64 + 2 * MAX_GROWTH * data.len());
            saw(error.to_string(), 0);
        }
    }
    let mut term = Vec::new();
    if from_json(data, &mut doc, &mut term).is_ok() {
        let mut json = Vec::new();
        to_json(&term, &mut json).expect("what was written can be read");
        let mut back = Document::new();
        back.parse(&json).expect("what was read is JSON");
        same(doc.root(), data, back.root(), &json);
    }
}

fn same(one: Value<'_>, text: &[u8], other: Value<'_>, json: &[u8]) {
    assert_eq!(one.key(), other.key());
    match (one.kind(), other.kind()) {
        (Kind::Int, Kind::Int) => assert_eq!(one.raw(text), other.raw(json)),
        (Kind::Int | Kind::Num, Kind::Int | Kind::Num) => {
            assert_eq!(one.as_f64().map(f64::to_bits), other.as_f64().map(f64::to_bits));
        }
        (one_kind, other_kind) => assert_eq!(one_kind, other_kind),
    }
    assert_eq!((one.len(), one.as_str(), one.as_bool()), (other.len(), other.as_str(), other.as_bool()));
    for (one, other) in one.iter().zip(other.iter()) {
        same(one, text, other, json);
    }
}
