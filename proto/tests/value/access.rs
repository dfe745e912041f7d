//! Values, members, pointers, and the raw JSON of each.

use gamebridge_proto::value::{Document, Kind};

use crate::{check_parts, parsed, tree};

#[test]
fn a_string_of_any_length_ends_stops_and_is_unescaped_at_any_place() {
    let mut doc = Document::new();
    for length in 0..=130 {
        let plain = "a".repeat(length);
        let text = format!("[\"{plain}\",\"{plain}\"]");
        doc.parse(text.as_bytes()).unwrap();
        assert_eq!(doc.root().at(1).as_str(), Some(&plain[..]));
        for at in 0..length {
            for (inside, meaning) in [
                ("\\\"", Some("\"")),
                ("\\\\", Some("\\")),
                ("\\n", Some("\n")),
                ("\\u00e9", Some("é")),
                ("\\ud83d\\udd25", Some("🔥")),
                ("\\\\\\\"\\\\", Some("\\\"\\")),
                ("🔥", Some("🔥")),
                ("\u{7f}", Some("\u{7f}")),
                ("\n", None),
                ("\0", None),
                ("\x1f", None),
                ("\"", None),
                ("\\", None),
                ("\\u12-", None),
            ] {
                let (before, behind) = plain.split_at(at);
                let text = format!("{{\"k\":\"{before}{inside}{behind}\",\"{before}{inside}{behind}\":7}}");
                let result = doc.parse(text.as_bytes());
                let Some(meaning) = meaning else {
                    // A backslash is unknown before an `a`.
                    assert!(result.is_err(), "{text}");
                    continue;
                };
                result.unwrap();
                let expected = format!("{before}{meaning}{behind}");
                assert_eq!(doc.root().member("k").as_str(), Some(&expected[..]));
                assert_eq!(doc.root().member(&expected).as_i64(), Some(7));
                assert_eq!(doc.root().at(1).key_with_nul().unwrap(), format!("{expected}\0").as_bytes());
            }
        }
    }
}

#[test]
fn a_nul_in_a_string_is_a_byte_like_any_other() {
    let doc = parsed(br#"{"a\u0000b":"x\u0000y"}"#);
    let value = doc.root().member("a\0b");
    assert_eq!((value.as_str(), value.len()), (Some("x\0y"), 3));
    assert_eq!(value.as_bytes_with_nul(), Some(&b"x\0y\0"[..]));
    assert_eq!(value.key_with_nul(), Some(&b"a\0b\0"[..]));
}

#[test]
fn whole_numbers_of_64_bits_are_exact_and_larger_ones_are_none() {
    for (text, int, id) in [
        ("0", Some(0), Some(0)),
        ("-0", Some(0), None),
        ("-1", Some(-1), None),
        ("9007199254740993", Some(9007199254740993), Some(9007199254740993)),
        ("9223372036854775807", Some(i64::MAX), Some(9223372036854775807)),
        ("-9223372036854775808", Some(i64::MIN), None),
        ("9223372036854775808", None, Some(9223372036854775808)),
        ("18446744073709551615", None, Some(u64::MAX)),
        ("18446744073709551616", None, None),
        ("99999999999999999999999999", None, None),
        ("1.0", None, None),
        ("1e3", None, None),
        ("\"1200000000000004194\"", None, Some(1200000000000004194)),
        ("\"18446744073709551615\"", None, Some(u64::MAX)),
        ("\"18446744073709551616\"", None, None),
        ("\"\"", None, None),
        ("\"+1\"", None, None),
        ("\"-1\"", None, None),
        ("\"1 \"", None, None),
        ("\"0x1\"", None, None),
        ("true", None, None),
        ("[1]", None, None),
    ] {
        let doc = parsed(text.as_bytes());
        assert_eq!((doc.root().as_i64(), doc.root().as_id()), (int, id), "{text}");
    }
}

#[test]
fn a_whole_number_is_whole_however_it_is_spelled() {
    for (text, whole) in [
        ("5", Some(5)),
        ("5.0", Some(5)),
        ("-5.00e0", Some(-5)),
        ("1.7e9", Some(1_700_000_000)),
        ("1700000000.0", Some(1_700_000_000)),
        ("-0.0", Some(0)),
        ("-9223372036854775808.0", Some(i64::MIN)),
        ("9223372036854775808.0", None),
        ("9223372036854775808", None),
        ("1e300", None),
        ("1e999", None),
        ("5.5", None),
        ("1e-3", None),
        ("\"5\"", None),
        ("null", None),
    ] {
        assert_eq!(parsed(text.as_bytes()).root().as_whole(), whole, "{text}");
    }
}

#[test]
fn doubles_are_read_exactly_and_one_that_is_too_large_is_infinite() {
    for (text, expected) in [
        ("0.1", 0.1),
        ("-2.5e+3", -2500.0),
        ("123456789012345678", 123456789012345678.0),
        ("1.7976931348623157e308", f64::MAX),
        ("5e-324", 5e-324),
        ("1e-400", 0.0),
        ("1e400", f64::INFINITY),
        ("-1e400", f64::NEG_INFINITY),
    ] {
        assert_eq!(parsed(text.as_bytes()).root().as_f64(), Some(expected), "{text}");
    }
    let huge = "9".repeat(100_000);
    assert_eq!(parsed(huge.as_bytes()).root().as_f64(), Some(f64::INFINITY));
    assert_eq!(parsed(b"\"1\"").root().as_f64(), None);
}

#[test]
fn of_members_with_one_name_the_last_counts() {
    let doc = parsed(br#"{"a":1,"b":{"a":9},"a":[2],"aa":3,"\u0061":{"x":4},"c":5}"#);
    assert_eq!(doc.root().member("a").member("x").as_i64(), Some(4));
    assert_eq!(doc.root().get("/a/x").as_i64(), Some(4));
    assert_eq!(doc.root().len(), 6);
}

#[test]
fn names_are_told_apart_by_length_start_and_end() {
    let names = [
        "",
        "a",
        "b",
        "ab",
        "channel",
        "channel_",
        "channel_id",
        "channel_ie",
        "channel_type",
        "channel_id_",
        "xhannel_id",
        "日本",
        "日木",
    ];
    let members: Vec<String> = names.iter().enumerate().map(|(at, name)| format!("\"{name}\":{at}")).collect();
    let text = format!("{{{}}}", members.join(","));
    let doc = parsed(text.as_bytes());
    for (at, name) in names.iter().enumerate() {
        assert_eq!(doc.root().member(name).as_i64(), Some(at as i64), "{name}");
    }
    for absent in ["c", "channe", "channel_i", "a\0", "channel_id_2", "\0", "日"] {
        assert!(!doc.root().member(absent).exists(), "{absent}");
    }
}

#[test]
fn pointers_are_those_of_rfc_6901() {
    let text = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8,"~1":9,"x":{"":{"":10}}}"#;
    let doc = parsed(text.as_bytes());
    for (pointer, raw) in [
        ("", text),
        ("/foo", r#"["bar","baz"]"#),
        ("/foo/0", r#""bar""#),
        ("/foo/1", r#""baz""#),
        ("/", "0"),
        ("/a~1b", "1"),
        ("/c%d", "2"),
        ("/e^f", "3"),
        ("/g|h", "4"),
        ("/i\\j", "5"),
        ("/k\"l", "6"),
        ("/ ", "7"),
        ("/m~0n", "8"),
        ("/~01", "9"),
        ("/x//", "10"),
        // what is not there, or not a pointer
        ("foo", ""),
        ("foo/0", ""),
        ("/foo/2", ""),
        ("/foo/-", ""),
        ("/foo/00", ""),
        ("/foo/01", ""),
        ("/foo/+1", ""),
        ("/foo/1x", ""),
        ("/foo/", ""),
        ("/foo/99999999999999999999", ""),
        ("/foo/4294967297", ""),
        ("/foo/0/0", ""),
        ("/foo/0/", ""),
        ("/a~b", ""),
        ("/m~", ""),
        ("/m~2n", ""),
        ("/bar", ""),
        ("/bar/baz/0", ""),
        ("//", ""),
    ] {
        assert_eq!(doc.root().get(pointer).raw(text.as_bytes()), raw.as_bytes(), "{pointer}");
    }
}

#[test]
fn what_is_missing_answers_with_nothing_all_the_way_down() {
    let doc = parsed(b"{\"a\":[1]}");
    let absent = doc.root().member("b").get("/c").at(3).first().next();
    assert_eq!(
        (absent.kind(), absent.exists(), absent.is_none(), absent.len(), absent.index()),
        (Kind::Missing, false, true, 0, 0)
    );
    assert_eq!(
        (absent.as_str(), absent.as_i64(), absent.as_f64(), absent.as_bool(), absent.as_id()),
        (None, None, None, None, None)
    );
    assert_eq!(
        (absent.key(), absent.key_with_nul(), absent.as_bytes_with_nul(), absent.iter().count()),
        (None, None, None, 0)
    );
    assert_eq!(absent.raw(b"{\"a\":[1]}"), b"");
    assert_eq!(absent.get("").kind(), Kind::Missing);
    assert!(!doc.root().at(usize::MAX).exists());
    assert!(!doc.root().member("a").at(1).exists());
    assert!(!doc.root().next().exists());
    assert_eq!((doc.root().key(), doc.root().member("a").first().key()), (None, None));
    // The header, a key, and what is behind the last node.
    assert!([0, 2, 5, u32::MAX].iter().all(|index| !doc.value_at(*index).exists()));
    assert_eq!(doc.value_at(4).as_i64(), Some(1));
    assert!(!Document::new().root().exists());
}

#[test]
fn the_raw_json_of_a_value_has_its_own_space_and_escapes_but_none_around() {
    let text = br#" { "a" : [ 1 , { "b" : "\"]}\u0041" } ] , "c\n" : { } , "d" : [ [ ] , [ "x" , [ "}\\" ] ] ] } "#;
    let doc = parsed(text);
    for (pointer, raw) in [
        ("/a", r#"[ 1 , { "b" : "\"]}\u0041" } ]"#),
        ("/a/0", "1"),
        ("/a/1", r#"{ "b" : "\"]}\u0041" }"#),
        ("/a/1/b", r#""\"]}\u0041""#),
        ("/c\n", "{ }"),
        ("/d", r#"[ [ ] , [ "x" , [ "}\\" ] ] ]"#),
        ("/d/0", "[ ]"),
        ("/d/1", r#"[ "x" , [ "}\\" ] ]"#),
        ("/d/1/1", r#"[ "}\\" ]"#),
    ] {
        assert_eq!(
            doc.root().get(pointer).raw(text).escape_ascii().to_string(),
            raw.as_bytes().escape_ascii().to_string()
        );
    }
    assert_eq!(doc.root().raw(text), text.trim_ascii());
    check_parts(&doc, text);
}

#[test]
fn the_owner_is_found_from_any_node_by_counting_back() {
    let mut doc = parsed(b"[1,[2],{\"a\":3}]");
    assert_eq!(doc.nodes()[0].owner(), 0);
    for owner in [1, 0x1234_5678_9abc_def0, u64::MAX] {
        doc.set_owner(owner);
        for (at, node) in doc.nodes().iter().enumerate() {
            assert_eq!(doc.nodes()[at - node.index() as usize].owner(), owner);
        }
    }
    assert_eq!(doc.root().len(), 3);
    assert_eq!((doc.nodes()[0].kind(), size_of_val(&doc.nodes()[0])), (Kind::Missing, 16));
    let mut empty = Document::new();
    empty.set_owner(7);
    assert!(empty.nodes().is_empty());
}

#[test]
fn a_document_keeps_its_memory_for_texts_that_are_no_larger() {
    let texts = ["[1,2,3,4,5,6,7,8]", "{\"name\":\"x\"}", "\"\\u0041\"", "[[[[]]]]"];
    let mut doc = parsed(format!("[{}]", texts.repeat(200).join(",")).as_bytes());
    let (nodes, strings) = (doc.nodes().as_ptr(), doc.root().at(2).as_str().unwrap().as_ptr() as usize);
    for text in texts {
        doc.parse(text.as_bytes()).unwrap();
        assert_eq!(doc.nodes().as_ptr(), nodes);
        assert!(doc.root().as_str().is_none_or(|string| strings.abs_diff(string.as_ptr() as usize) < 100));
    }
    assert!(doc.parse(b"[").is_err());
    doc.parse(b"[0]").unwrap();
    assert_eq!(doc.nodes().as_ptr(), nodes);
}

#[test]
fn a_document_is_used_again_without_traces_of_the_last_text() {
    let mut doc = Document::new();
    let long = format!("[{}\"{}\"]", "{\"name\":[1,2,3]},".repeat(500), "\\n\\\"".repeat(500));
    for text in [&long[..], "\"a\"", "[1", &long, "{\"a\":\"\\u0041\"}", "", "7", "[]"] {
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(expected) => {
                doc.parse(text.as_bytes()).unwrap();
                assert_eq!(tree(doc.root(), text.as_bytes()), expected);
            }
            Err(_) => assert!(doc.parse(text.as_bytes()).is_err() && doc.nodes().is_empty()),
        }
    }
    doc.shrink_to(1 << 20);
    assert!(doc.root().exists());
    doc.shrink_to(1 << 10);
    assert!(!doc.root().exists());
    doc.parse(b"[1]").unwrap();
    assert_eq!(doc.root().at(0).as_i64(), Some(1));
}
