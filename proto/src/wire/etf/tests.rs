use serde_json::json;

use super::*;
use crate::value::Document;

fn read(etf: &[u8]) -> Result<String, String> {
    let mut out = b"before".to_vec();
    match to_json(etf, &mut out) {
        Ok(()) => Ok(String::from_utf8(out[6..].to_vec()).expect("JSON is UTF-8")),
        Err(error) => {
            assert_eq!(out, b"before", "an error leaves the output as it was");
            Err(error.message.into_owned())
        }
    }
}

fn write(json: &str) -> Result<Vec<u8>, String> {
    let mut out = b"before".to_vec();
    match from_json(json.as_bytes(), &mut Document::new(), &mut out) {
        Ok(()) => Ok(out[6..].to_vec()),
        Err(error) => {
            assert_eq!(out, b"before", "an error leaves the output as it was");
            Err(error.message.into_owned())
        }
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// JSON, and the bytes that erlpack (PyPI, 1.0.1) writes for the same value.
const ERLPACK: [(&str, &str); 32] = [
    ("null", "83 7303 6e696c"),
    ("true", "83 7304 74727565"),
    ("false", "83 7305 66616c7365"),
    ("0", "83 6100"),
    ("255", "83 61ff"),
    ("256", "83 6200000100"),
    ("-1", "83 62ffffffff"),
    ("2147483647", "83 627fffffff"),
    ("-2147483648", "83 6280000000"),
    ("2147483648", "83 6e0400 00000080"),
    ("-2147483649", "83 6e0401 01000080"),
    ("9007199254740992", "83 6e0700 00000000000020"),
    ("9223372036854775807", "83 6e0800 ffffffffffffff7f"),
    ("-9223372036854775808", "83 6e0801 0000000000000080"),
    ("18446744073709551615", "83 6e0800 ffffffffffffffff"),
    ("1.5", "83 46 3ff8000000000000"),
    ("-0.0", "83 46 8000000000000000"),
    ("0.1", "83 46 3fb999999999999a"),
    ("1e300", "83 46 7e37e43c8800759c"),
    ("5e-324", "83 46 0000000000000001"),
    (r#""""#, "83 6d00000000"),
    (r#""höhe""#, "83 6d00000005 68c3b66865"),
    (r#""a\"\\\n\u0001""#, "83 6d00000005 61225c0a01"),
    ("[]", "83 6a"),
    ("[1]", "83 6c00000001 6101 6a"),
    ("[1,2,3]", "83 6c00000003 6101 6102 6103 6a"),
    ("[[],[null]]", "83 6c00000002 6a 6c00000001 73036e696c 6a 6a"),
    ("[[[1],2],3]", "83 6c00000002 6c00000002 6c00000001 6101 6a 6102 6a 6103 6a"),
    ("{}", "83 7400000000"),
    (r#"{"a":1}"#, "83 7400000001 6d00000001 61 6101"),
    (
        r#"{"op":2,"d":{"token":"x","n":null}}"#,
        "83 7400000002 6d00000002 6f70 6102 6d00000001 64 7400000002 6d00000005 746f6b656e 6d00000001 78 \
         6d00000001 6e 73036e696c",
    ),
    (
        r#"{"a":[{"b":{}},{}],"c":[[]]}"#,
        "83 7400000002 6d00000001 61 6c00000002 7400000001 6d00000001 62 7400000000 7400000000 6a \
         6d00000001 63 6c00000001 6a 6a",
    ),
];

#[test]
fn writes_the_bytes_that_erlpack_writes() {
    for (json, etf) in ERLPACK {
        assert_eq!(write(json), Ok(hex(etf)), "{json}");
    }
}

#[test]
fn reads_what_erlpack_writes() {
    for (json, etf) in ERLPACK {
        assert_eq!(read(&hex(etf)).as_deref(), Ok(json));
    }
}

/// A term that is written another way than ours, and what it says.
const READ: [(&str, &str); 33] = [
    ("83 6400036e696c", "null"),
    ("83 640004 6e756c6c", "null"),
    ("83 770474727565", "true"),
    ("83 76000566616c7365", "false"),
    ("83 6400016f", r#""o""#),
    ("83 730161", r#""a""#),
    ("83 7301e9", r#""é""#),
    ("83 6400 02 c3a9", r#""Ã©""#),
    ("83 7702c3a9", r#""é""#),
    ("83 760002 c3a9", r#""é""#),
    ("83 7300", r#""""#),
    ("83 62000000ff", "255"),
    ("83 6e0000", "0"),
    ("83 6e0001", "0"),
    ("83 6e0100 05", "5"),
    ("83 6e0a00 ffffffffffffffff0000", "18446744073709551615"),
    ("83 6f0000000101 05", "-5"),
    ("83 6f0000000800 ffffffffffffff7f", "9223372036854775807"),
    ("83 46 3ff0000000000000", "1.0"),
    ("83 46 43e0000000000000", "9.223372036854776e18"),
    // 1.50000000000000000000e+00
    ("83 63 312e3530303030303030303030303030303030303030652b30300000000000", "1.5"),
    // -2.5e-01
    ("83 63 2d322e35652d3031 0000000000000000000000000000000000000000000000", "-0.25"),
    ("83 6b0000", "[]"),
    ("83 6b0003 01ff00", "[1,255,0]"),
    ("83 6800", "[]"),
    ("83 6802 6101 6800", "[1,[]]"),
    ("83 6900000001 730161", r#"["a"]"#),
    ("83 6c00000000 6a", "[]"),
    ("83 7400000001 640001 61 6101", r#"{"a":1}"#),
    ("83 7400000003 7302 6f70 6100 7704 6e756c6c 6a 62ffffffff 7400000000", r#"{"op":0,"null":[],"-1":{}}"#),
    ("83 7400000001 6e0800 0100000000000080 6101", r#"{"9223372036854775809":1}"#),
    ("83 7400000002 6101 6101 6d00000001 31 6102", r#"{"1":1,"1":2}"#),
    ("83 6d00000002 007f", "\"\\u0000\u{7f}\""),
];

#[test]
fn reads_every_form_of_a_term() {
    for (etf, json) in READ {
        assert_eq!(read(&hex(etf)).as_deref(), Ok(json), "{etf}");
    }
}

/// What is refused, and the words of the refusal.
const REFUSED: [(&str, &str); 40] = [
    ("", "ETF: 1 bytes expected, 0 left at byte 0"),
    ("82 6101", "version 130; 131 expected"),
    ("83", "1 bytes expected, 0 left at byte 1"),
    ("83 6101 6101", "bytes after the term at byte 3"),
    ("83 50 00000010 789c", "a compressed term (tag 80), which is not supported, at byte 1"),
    ("83 4d 00000001 01 00", "a bit string (tag 77)"),
    ("83 67 00", "a process id (tag 103)"),
    ("83 58 00", "a process id (tag 88)"),
    ("83 66 00", "a port (tag 102)"),
    ("83 72 00", "a reference (tag 114)"),
    ("83 70 00", "a function (tag 112)"),
    ("83 00", "unknown tag 0 at byte 1"),
    ("83 ff", "unknown tag 255 at byte 1"),
    ("83 6c00000001 6101 6102", "a list with a tail"),
    ("83 6c00000001 6101 6c00000001 6102 6a", "a list with a tail"),
    ("83 6d00000001 ff", "a binary that is not UTF-8"),
    ("83 6d00000003 eda080", "a binary that is not UTF-8"),
    ("83 7701ff", "an atom that is not UTF-8"),
    ("83 7600 01ff", "an atom that is not UTF-8"),
    ("83 46 7ff8000000000000", "the float NaN, which JSON cannot say,"),
    ("83 46 7ff0000000000000", "the float inf, which JSON cannot say,"),
    ("83 46 fff0000000000000", "the float -inf, which JSON cannot say,"),
    ("83 63 6e616e 00000000000000000000000000000000000000000000000000000000", "the float NaN"),
    ("83 63 31653939390000000000000000000000000000000000000000000000000000", "the float inf"),
    ("83 63 00000000000000000000000000000000000000000000000000000000000000", "a float whose text is no number"),
    ("83 63 31783000000000000000000000000000000000000000000000000000000000", "a float whose text is no number"),
    ("83 6e0102 05", "sign 2 of an integer; 0 or 1 expected"),
    ("83 6e0900 000000000000000001", "an integer of more than 64 bits"),
    ("83 6e0801 0100000000000080", "an integer of more than 64 bits"),
    ("83 6f0000000900 ffffffffffffffff01", "an integer of more than 64 bits"),
    ("83 7400000001 6a 6101", "a map key of tag 106; an atom, a binary or an integer expected at byte 6"),
    ("83 7400000001 46 3ff0000000000000 6101", "a map key of tag 70"),
    ("83 6c ffffffff", "4294967295 items announced, 0 bytes left"),
    ("83 69 ffffffff", "4294967295 items announced, 0 bytes left"),
    ("83 74 ffffffff", "4294967295 items announced, 0 bytes left"),
    ("83 74 00000002 6101 61", "2 items announced, 3 bytes left"),
    ("83 6d ffffffff", "4294967295 bytes expected, 0 left"),
    ("83 6f ffffffff 00", "4294967295 bytes expected, 0 left"),
    ("83 6b ffff", "65535 bytes expected, 0 left"),
    ("83 68 ff", "255 items announced, 0 bytes left"),
];

#[test]
fn refuses_what_json_cannot_say_and_lengths_that_lie() {
    for (etf, words) in REFUSED {
        let error = read(&hex(etf)).expect_err(etf);
        assert!(error.starts_with("ETF: ") && error.contains(words), "{etf}: {error}");
    }
}

#[test]
fn a_hostile_length_asks_for_no_memory() {
    for (etf, _) in REFUSED {
        let mut out = Vec::new();
        let _ = to_json(&hex(etf), &mut out);
        assert!(out.capacity() <= 256, "{etf}: {} bytes", out.capacity());
    }
}

#[test]
fn every_truncation_is_refused() {
    for (etf, _) in READ.iter().map(|(etf, json)| (*etf, *json)).chain(ERLPACK.map(|(json, etf)| (etf, json))) {
        let etf = hex(etf);
        for cut in 0..etf.len() {
            assert!(read(&etf[..cut]).is_err(), "{etf:?} cut to {cut}");
        }
    }
}

#[test]
fn a_value_comes_back_as_it_went() {
    let value = json!({
        "t": "MESSAGE_CREATE", "s": 42, "op": 0, "empty": "", "": null, "0": [],
        "d": {
            "id": "1234567890123456789", "id_number": 1234567890123456789u64, "largest": u64::MAX, "smallest": i64::MIN,
            "content": "Grüße \u{0}\u{1f} \"\\/ \u{2028} 🎮", "tts": false, "pinned": true,
            "numbers": [0, -0.0, 1, -1, 127, 128, 255, 256, 65535, 2147483648u64, -2147483649i64, 0.1, 1e-7, 1e16, f64::MAX, f64::MIN_POSITIVE],
            "embeds": [{"fields": [{}, {"a": [[[]]]}]}, [], {}],
        },
    });
    let etf = write(&value.to_string()).expect("it can be said");
    let back: serde_json::Value = serde_json::from_str(&read(&etf).expect("it can be read")).expect("it is JSON");
    assert_eq!(back, value);
}

#[test]
fn long_strings_and_lists_come_back() {
    let value = json!({"text": "x".repeat(70_000), "list": (0..70_000).collect::<Vec<u32>>()});
    let etf = write(&value.to_string()).expect("it can be said");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&read(&etf).expect("it can be read")).ok(), Some(value));
}

#[test]
fn refuses_numbers_that_do_not_fit() {
    for (json, words) in [
        ("18446744073709551616", "the number 18446744073709551616 does not fit into 64 bits"),
        ("[-9223372036854775809]", "the number -9223372036854775809 does not fit into 64 bits"),
        ("1e999", "the number 1e999 does not fit into a double"),
        ("{", "not JSON: "),
    ] {
        let error = write(json).expect_err(json);
        assert!(error.contains(words), "{json}: {error}");
    }
    let long = write(&"9".repeat(1000)).expect_err("a thousand digits");
    assert!(long.len() < 100, "{long}");
}

#[test]
fn minus_zero_keeps_its_sign() {
    assert_eq!(write("-0"), Ok(hex("83 46 8000000000000000")));
}

#[test]
fn nests_64_levels_and_no_more() {
    let lists =
        |levels: usize| [vec![131], [108, 0, 0, 0, 1].repeat(levels - 1), vec![106], vec![106; levels - 1]].concat();
    assert_eq!(read(&lists(64)), Ok("[".repeat(64) + &"]".repeat(64)));
    assert!(read(&lists(65)).expect_err("65 levels").contains("nested more than 64 levels"));
    // A list in short form is a level too.
    let short = |levels: usize| [vec![131], [104, 1].repeat(levels - 1), vec![107, 0, 1, 7]].concat();
    assert_eq!(read(&short(64)), Ok("[".repeat(64) + "7" + &"]".repeat(64)));
    assert!(read(&short(65)).expect_err("65 levels").contains("nested more than 64 levels"));
    let json = "[".repeat(64) + &"]".repeat(64);
    assert_eq!(write(&json), Ok(lists(64)));
}

#[test]
fn output_is_at_most_six_times_the_input() {
    let worst = [vec![131, 109, 0, 1, 0, 0], vec![1; 65536]].concat();
    let json = read(&worst).expect("control characters");
    assert!(json.len() <= MAX_GROWTH * worst.len(), "{} from {}", json.len(), worst.len());
    let nils = [vec![131, 105, 0, 1, 0, 0], vec![106; 65536]].concat();
    assert!(read(&nils).expect("nils").len() <= MAX_GROWTH * nils.len());
}
