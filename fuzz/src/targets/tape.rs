use gamebridge_proto::value::{Document, Kind, Value};
use serde_json::Value as Tree;

use crate::run::saw;

/// The tape takes exactly what another parser takes (but for depth and the size of numbers), reads the same in it, and
/// cuts out what stands there.
pub fn tape(data: &[u8]) {
    let mut doc = Document::new();
    let tree = serde_json::from_slice::<Tree>(data);
    match (doc.parse(data), tree) {
        (Ok(()), Ok(tree)) => {
            saw(String::new(), doc.nodes().len().ilog2() as usize);
            agrees(doc.root(), &tree, data);
        }
        // A double that is out of range is infinite here, as in C, and an error there.
        (Ok(()), Err(error)) => {
            assert!(error.to_string().contains("number out of range"), "only the tape takes it: {error}")
        }
        (Err(error), Ok(_)) => {
            assert_eq!(error.what, "nested more than 64 levels", "only the tape refuses it: {error}")
        }
        (Err(error), Err(_)) => {
            assert!(error.offset <= data.len() && doc.root().kind() == Kind::Missing);
            saw(error.what.into(), 0);
        }
    }
}

fn agrees(value: Value<'_>, tree: &Tree, text: &[u8]) {
    let raw = value.raw(text);
    match tree {
        Tree::Null => assert_eq!((value.kind(), raw), (Kind::Null, &b"null"[..])),
        Tree::Bool(truth) => assert_eq!(value.as_bool(), Some(*truth)),
        Tree::Number(number) => {
            let (one, other) = (value.as_f64().expect("a number"), number.as_f64().expect("a number"));
            // serde_json's own reading may be off by the last digit.
            assert!((one - other).abs() <= other.abs() * 1e-15, "{one} and {other}");
            if number.is_i64() {
                assert_eq!(value.as_i64(), number.as_i64());
            }
            if number.is_u64() {
                assert_eq!(value.as_id(), number.as_u64());
            }
        }
        Tree::String(string) => {
            assert_eq!((value.as_str(), value.len()), (Some(string.as_str()), string.len()));
            assert_eq!(serde_json::from_slice::<String>(raw).ok().as_ref(), Some(string));
        }
        Tree::Array(elements) => {
            assert_eq!(
                (value.kind(), value.len(), value.iter().count()),
                (Kind::Array, elements.len(), elements.len())
            );
            for (value, tree) in value.iter().zip(elements) {
                agrees(value, tree, text);
            }
        }
        Tree::Object(members) => {
            assert_eq!((value.kind(), value.len()), (Kind::Object, value.iter().count()));
            assert!(value.len() >= members.len());
            for (name, tree) in members {
                agrees(value.member(name), tree, text);
            }
        }
    }
    if matches!(tree, Tree::Array(_) | Tree::Object(_)) && raw.len() < 4096 {
        assert_eq!(serde_json::from_slice::<Tree>(raw).ok().as_ref(), Some(tree));
    }
}
