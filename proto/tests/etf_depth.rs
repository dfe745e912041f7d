//! A thread of its own, which the crate itself has no business with: what is nested deep must not need a deep stack.

use gamebridge_proto::value::Document;
use gamebridge_proto::wire::etf;

#[test]
fn a_million_levels_do_not_overflow_a_small_stack() {
    let deep = std::thread::Builder::new().stack_size(256 * 1024).spawn(|| {
        for tag in [vec![108, 0, 0, 0, 1], vec![104, 1], vec![116, 0, 0, 0, 1, 97, 1]] {
            let term = [vec![131], tag.repeat(1_000_000)].concat();
            let error = etf::to_json(&term, &mut Vec::new()).expect_err("a million levels");
            assert!(error.message.contains("nested more than 64 levels"), "{error}");
        }
        let json = r#"{"a":"#.repeat(64) + "1" + &"}".repeat(64);
        let (mut term, mut back) = (Vec::new(), Vec::new());
        etf::from_json(json.as_bytes(), &mut Document::new(), &mut term).expect("64 levels");
        etf::to_json(&term, &mut back).expect("64 levels");
        assert_eq!(back, json.as_bytes());
    });
    deep.expect("a thread starts").join().expect("no overflow");
}
