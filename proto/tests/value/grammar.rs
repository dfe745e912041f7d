//! RFC 8259, as tables.

use gamebridge_proto::value::MAX_DEPTH;

use crate::{check_parts, parsed, refusal, tree};

#[test]
fn json_is_accepted() {
    for text in [
        // structures
        "[]",
        "{}",
        "[[]]",
        "[{}]",
        "{\"\":{}}",
        "[[],[]]",
        "[[[]],{},[{}]]",
        "{\"a\":[]}",
        "{\"a\":{},\"b\":[]}",
        "[1,[2],3]",
        "{\"a\":1,\"a\":2}",
        "{\"\":0}",
        "{\"a\\u0000b\":0}",
        "[null,1,\"1\",{}]",
        // white space
        " []",
        "[] ",
        " [ ] ",
        "[1 , 2]",
        "{ \"a\" : 1 , \"b\" : [ ] }",
        "\t\r\n []\t\r\n ",
        "\n{\n\t\"a\"\r:\n1}\n",
        "[ \"a\" ]",
        // scalars at the root
        "null",
        "true",
        "false",
        "0",
        "-0",
        "\"\"",
        " 1 ",
        "\"a\"",
        "123",
        // numbers
        "[0]",
        "[-0]",
        "[0e1]",
        "[0e+1]",
        "[0E-10]",
        "[1e5]",
        "[1E22]",
        "[-1]",
        "[-12.5]",
        "[0.1]",
        "[1.0e+2]",
        "[-0.0]",
        "[20e1]",
        "[123456789012345678901234567890]",
        "[0.00000000000000000000000000000000000001]",
        "[1e-400]",
        "[1.5e300]",
        // strings
        r#"["\"\\\/\b\f\n\r\t"]"#,
        r#"["\u0000\u001f\u007f\u0080\u07ff\u0800\uffff"]"#,
        r#"["\ud834\udd1e\uDBFF\uDFFF"]"#,
        r#"["\u00E9\u00e9"]"#,
        r#"["\\u0000"]"#,
        r#"["\\n"]"#,
        "[\"\u{7f}\"]",
        "[\"\u{2028}\u{2029}\u{feff}\u{10ffff}\"]",
        "[\"日本語 🔥\"]",
        "[\"/*comment*/\"]",
        "[\"'\"]",
        "[\"\\\"]\"]",
        "\"\\\"\"",
    ] {
        let doc = parsed(text.as_bytes());
        assert_eq!(
            tree(doc.root(), text.as_bytes()),
            serde_json::from_str::<serde_json::Value>(text).unwrap(),
            "{text}"
        );
        check_parts(&doc, text.as_bytes());
    }
}

#[test]
fn what_is_not_json_is_refused_at_its_place() {
    for (text, offset, what) in [
        // nothing, or too much
        ("", 0, "expected a value"),
        (" ", 1, "expected a value"),
        ("[] []", 3, "text after the value"),
        ("{}}", 2, "text after the value"),
        ("1 2", 2, "text after the value"),
        ("[]x", 2, "text after the value"),
        ("[],", 2, "text after the value"),
        ("\"\"\"", 2, "text after the value"),
        ("nullx", 4, "text after the value"),
        ("[]\0", 2, "text after the value"),
        ("null\0", 4, "text after the value"),
        ("\0", 0, "expected a value"),
        // structures
        ("[", 1, "expected a value"),
        ("]", 0, "expected a value"),
        ("{", 1, "expected a member name"),
        ("}", 0, "expected a value"),
        ("[,]", 1, "expected a value"),
        ("[1,]", 3, "expected a value"),
        ("[,1]", 1, "expected a value"),
        ("[1,,2]", 3, "expected a value"),
        ("[1 2]", 3, "expected ',' or ']'"),
        ("[1}", 2, "expected ',' or ']'"),
        ("[1", 2, "expected ',' or ']'"),
        ("[1\0]", 2, "expected ',' or ']'"),
        ("[\"a\" \"b\"]", 5, "expected ',' or ']'"),
        ("[1:2]", 2, "expected ',' or ']'"),
        ("[[1]", 4, "expected ',' or ']'"),
        ("{\"a\":1]", 6, "expected ',' or '}'"),
        ("{\"a\":1", 6, "expected ',' or '}'"),
        ("{\"a\":1 \"b\":2}", 7, "expected ',' or '}'"),
        ("{\"a\":1:2}", 6, "expected ',' or '}'"),
        ("{\"a\"}", 4, "expected ':'"),
        ("{\"a\",1}", 4, "expected ':'"),
        ("{\"a\"", 4, "expected ':'"),
        ("{\"a\" 1}", 5, "expected ':'"),
        ("{\"a\":}", 5, "expected a value"),
        ("{\"a\":", 5, "expected a value"),
        ("{\"a\"::1}", 5, "expected a value"),
        ("{\"a\":1,}", 7, "expected a member name"),
        ("{,}", 1, "expected a member name"),
        ("{a:1}", 1, "expected a member name"),
        ("{1:1}", 1, "expected a member name"),
        ("{'a':1}", 1, "expected a member name"),
        ("{[]:1}", 1, "expected a member name"),
        ("{\"a\":1,,}", 7, "expected a member name"),
        ("{]", 1, "expected a member name"),
        ("[}", 1, "expected a value"),
        ("{null:1}", 1, "expected a member name"),
        // words
        ("nul", 0, "expected a value"),
        ("tru", 0, "expected a value"),
        ("fals", 0, "expected a value"),
        ("Null", 0, "expected a value"),
        ("[TRUE]", 1, "expected a value"),
        ("[nan]", 1, "expected a value"),
        ("NaN", 0, "expected a value"),
        ("[Infinity]", 1, "expected a value"),
        ("[truee]", 5, "expected ',' or ']'"),
        ("undefined", 0, "expected a value"),
        ("[t\0ue]", 1, "expected a value"),
        // numbers
        ("-", 1, "expected a digit"),
        ("[-]", 2, "expected a digit"),
        ("[+1]", 1, "expected a value"),
        ("[.5]", 1, "expected a value"),
        ("[1.]", 3, "expected a digit"),
        ("[1.e1]", 3, "expected a digit"),
        ("[01]", 2, "expected ',' or ']'"),
        ("[-01]", 3, "expected ',' or ']'"),
        ("[00]", 2, "expected ',' or ']'"),
        ("[1e]", 3, "expected a digit"),
        ("[1e+]", 4, "expected a digit"),
        ("[1E-]", 4, "expected a digit"),
        ("[0x10]", 2, "expected ',' or ']'"),
        ("[1.2.3]", 4, "expected ',' or ']'"),
        ("[--1]", 2, "expected a digit"),
        ("[-a]", 2, "expected a digit"),
        ("[1_000]", 2, "expected ',' or ']'"),
        ("[-.5]", 2, "expected a digit"),
        ("[1e1.5]", 4, "expected ',' or ']'"),
        ("1.", 2, "expected a digit"),
        ("[-Infinity]", 2, "expected a digit"),
        ("[1e5e5]", 4, "expected ',' or ']'"),
        ("[１]", 1, "expected a value"),
        // strings
        ("\"", 1, "string without an end"),
        ("\"a", 2, "string without an end"),
        ("[\"a]", 4, "string without an end"),
        ("'a'", 0, "expected a value"),
        ("\"\\", 1, "unknown escape"),
        ("\"\\\"", 3, "string without an end"),
        ("\"\\a\"", 1, "unknown escape"),
        ("\"\\'\"", 1, "unknown escape"),
        ("\"\\x41\"", 1, "unknown escape"),
        ("\"\\\0\"", 1, "unknown escape"),
        ("\"\\\n\"", 1, "unknown escape"),
        ("\"\\U0041\"", 1, "unknown escape"),
        ("\"\\u\"", 1, "expected four hexadecimal digits"),
        ("\"\\u004\"", 1, "expected four hexadecimal digits"),
        ("\"\\u00g0\"", 1, "expected four hexadecimal digits"),
        ("\"\\u+041\"", 1, "expected four hexadecimal digits"),
        ("\"\\u 041\"", 1, "expected four hexadecimal digits"),
        ("\"\\u12", 1, "expected four hexadecimal digits"),
        ("\"\\ud800\"", 1, "lone surrogate"),
        ("\"\\udc00\"", 1, "lone surrogate"),
        ("\"\\ud800\\ud800\"", 1, "lone surrogate"),
        ("\"\\ud800x\"", 1, "lone surrogate"),
        ("\"\\ud800\\n\"", 1, "lone surrogate"),
        ("\"\\ud800\\u\"", 1, "lone surrogate"),
        ("\"\\ud800\\udc0\"", 1, "lone surrogate"),
        ("\"\\udc00\\ud800\"", 1, "lone surrogate"),
        ("\"\n\"", 1, "control character in a string"),
        ("\"a\tb\"", 2, "control character in a string"),
        ("\"\0\"", 1, "control character in a string"),
        ("\"\x1f\"", 1, "control character in a string"),
        ("{\"\r\":1}", 2, "control character in a string"),
        ("\"\\n\n\"", 3, "control character in a string"),
        // what is no JSON at all
        ("[1]//", 3, "text after the value"),
        ("/**/1", 0, "expected a value"),
        ("\u{feff}[]", 0, "expected a value"),
        ("[\u{a0}1]", 1, "expected a value"),
        ("[\x0b1]", 1, "expected a value"),
        ("[\x0c]", 1, "expected a value"),
        ("<null>", 0, "expected a value"),
        ("*", 0, "expected a value"),
    ] {
        assert_eq!(refusal(text.as_bytes()), (offset, what), "{text:?}");
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text:?}");
    }
}

#[test]
fn invalid_utf8_is_refused_at_its_place() {
    for (bytes, offset) in [
        (&b"[\"\xff\"]"[..], 2),
        (b"[\"\x80\"]", 2),
        (b"[\"a\xc3\"]", 3),
        (b"[\"\xc0\xaf\"]", 2),
        (b"[\"\xe2\x82\"]", 2),
        (b"[\"\xed\xa0\x80\"]", 2),
        (b"[\"\xf4\x90\x80\x80\"]", 2),
        (b"[\"\xf0\x9f\x94\"]", 2),
        (b"\xef\xbb", 0),
        (b"[]\xff", 2),
        (b"\"\xe6\x97\xa5\xe6", 4),
        (b"{\"\xfe\":1}", 2),
    ] {
        assert_eq!(refusal(bytes), (offset, "invalid UTF-8"), "{}", bytes.escape_ascii());
    }
}

#[test]
fn sixty_four_levels_are_accepted_and_sixty_five_refused() {
    for (open, close, inside) in
        [("[", "]", ""), ("{\"a\":", "}", "1"), ("[{\"a\":", "}]", "0"), ("[1,[], ", ",2]", "{}")]
    {
        let levels = |deepest: usize| {
            let (each, inner) =
                (open.matches(['[', '{']).count() - open.matches("[]").count(), usize::from(inside == "{}"));
            let times = (deepest - inner) / each;
            ([&open.repeat(times), inside, &close.repeat(times)].concat(), times * each + inner)
        };
        let (text, depth) = levels(MAX_DEPTH);
        assert_eq!(depth, 64);
        check_parts(&parsed(text.as_bytes()), text.as_bytes());
        let text = format!("[{text}]");
        assert_eq!(refusal(text.as_bytes()).1, "nested more than 64 levels", "{text}");
    }
    // Depth is levels, not how many there are.
    let wide = format!("[{}[]]", "[[]],".repeat(1000));
    assert_eq!(parsed(wide.as_bytes()).root().len(), 1001);
}

#[test]
fn a_million_levels_are_refused_on_a_small_stack() {
    let small = std::thread::Builder::new().stack_size(256 << 10);
    let refused =
        small.spawn(|| ["[", "{\"\":", "[{\"a\":", "[1,"].map(|open| refusal(open.repeat(1_000_000).as_bytes()).1));
    assert_eq!(refused.unwrap().join().unwrap(), ["nested more than 64 levels"; 4]);
}

#[test]
fn texts_with_the_most_nodes_for_their_length_fit() {
    for text in [
        format!("[{}1]", "1,".repeat(100_000)),
        format!("[{}[]]", "[],".repeat(100_000)),
        format!("{{{}\"\":1}}", "\"\":1,".repeat(100_000)),
    ] {
        let doc = parsed(text.as_bytes());
        assert_eq!(doc.root().len(), 100_001);
        assert_eq!(doc.root().iter().count(), 100_001);
    }
}
