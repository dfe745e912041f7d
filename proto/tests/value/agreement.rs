//! The same texts, whole and spoilt, to the tape and to serde_json.

use gamebridge_proto::random::Random;
use gamebridge_proto::value::Document;

use crate::{check_parts, parsed, refusal, tree};

#[test]
fn every_text_of_one_byte_is_accepted_or_refused_as_the_independent_reader_does() {
    let mut doc = Document::new();
    for byte in 0..=255u8 {
        assert_eq!(doc.parse(&[byte]).is_ok(), serde_json::from_slice::<serde_json::Value>(&[byte]).is_ok(), "{byte}");
        assert_eq!(doc.parse(&[byte]).is_ok(), byte.is_ascii_digit());
    }
}

const SAMPLE: &str = r#" {"op" : 0, "t":"MESSAGE_CREATE","d":{"id":"1200000000000004194","tags":[1,-2.5e+3,[],{}, null],"on":true,"off":false,
  "text":"a \"quoted\" line\nand caf\u00e9 \ud83d\udd25 日本語","nested":{"a":{"b":[ {"c":"" } ] } }, "":0 } } "#;

#[test]
fn every_truncation_is_refused() {
    let sample = SAMPLE.trim_end();
    check_parts(&parsed(SAMPLE.as_bytes()), SAMPLE.as_bytes());
    for end in 0..sample.len() {
        refusal(&sample.as_bytes()[..end]);
    }
}

#[test]
fn every_changed_byte_is_accepted_or_refused_as_the_independent_reader_does() {
    let mut doc = Document::new();
    for at in 0..SAMPLE.len() {
        for byte in (0..128).chain([0x80, 0xbf, 0xc3, 0xe2, 0xed, 0xf0, 0xff]) {
            let mut text = SAMPLE.as_bytes().to_vec();
            text[at] = byte;
            agree(&mut doc, &text);
        }
    }
}

/// Both accept or both refuse, and what they read is the same. serde_json differs by rule in two things, which are left
/// out: it refuses numbers beyond a double's range, and it nests to 128.
fn agree(doc: &mut Document, text: &[u8]) {
    match (doc.parse(text), serde_json::from_slice::<serde_json::Value>(text)) {
        (Ok(()), Ok(expected)) => assert_eq!(tree(doc.root(), text), expected),
        (Err(_), Err(_)) => {}
        (Ok(()), Err(error)) if error.to_string().starts_with("number out of range") => {}
        (Err(error), Ok(_)) if error.what == "nested more than 64 levels" => {}
        (ours, theirs) => panic!("{}: {ours:?}, {theirs:?}", text.escape_ascii()),
    }
}

struct Generator(Random);

impl Generator {
    fn below(&mut self, limit: usize) -> usize {
        (self.0.next_u64() >> 33) as usize % limit
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }

    fn space(&mut self, out: &mut String) {
        if self.below(8) == 0 {
            out.push_str(self.pick(&[" ", "\n", "\t", "\r\n", "   "]));
        }
    }

    fn string(&mut self, out: &mut String) {
        out.push('"');
        for _ in 0..[0, 1, 3, 8, 70][self.below(5)] {
            out.push_str(self.pick(&[
                "a",
                "id",
                "channel_",
                "0123456789",
                " ",
                "é",
                "日本",
                "🔥",
                "/",
                "~",
                "{",
                "}",
                "[",
                "]",
                ":",
                ",",
                "\\\"",
                "\\\\",
                "\\/",
                "\\n",
                "\\t",
                "\\b",
                "\\f",
                "\\r",
                "\\u0000",
                "\\u00e9",
                "\\u65E5",
                "\\ud83d\\udd25",
                "\u{7f}",
                "null",
            ]));
        }
        out.push('"');
    }

    fn value(&mut self, depth: usize, out: &mut String) {
        self.space(out);
        match self.below(if depth == 0 { 5 } else { 9 }) {
            0 => out.push_str(self.pick(&["null", "true", "false"])),
            1 => out.push_str(self.pick(&[
                "0",
                "-0",
                "7",
                "-12",
                "18446744073709551615",
                "-9223372036854775808",
                "1200000000000000001",
            ])),
            2 => out.push_str(self.pick(&[
                "0.5",
                "-1.25e2",
                "1e3",
                "6E-7",
                "0e0",
                "123456.789",
                "1e22",
                "99999999999999999999",
            ])),
            3 | 4 => self.string(out),
            kind => {
                let object = kind > 6;
                out.push(if object { '{' } else { '[' });
                for member in 0..self.below(6) {
                    if member > 0 {
                        out.push(',');
                    }
                    self.space(out);
                    if object {
                        self.string(out);
                        self.space(out);
                        out.push(':');
                    }
                    self.value(depth - 1, out);
                }
                self.space(out);
                out.push(if object { '}' } else { ']' });
            }
        }
        self.space(out);
    }

    fn mutated(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..1 + self.below(2) {
            let at = self.below(bytes.len().max(1));
            match self.below(4) {
                0 => bytes.truncate(at),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 if at < bytes.len() => bytes[at] = self.0.next_u64() as u8,
                _ => {
                    let insert = self.pick(&[
                        "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "-", ".", "e", "\0", "\\u", "\\ud800", "\n",
                        "null", " ",
                    ]);
                    bytes.splice(at.min(bytes.len())..at.min(bytes.len()), insert.bytes());
                }
            }
        }
        bytes
    }
}

#[test]
fn generated_texts_are_read_as_the_independent_reader_does() {
    let mut generator = Generator(Random::new(8259));
    let mut doc = Document::new();
    for round in 0..3000 {
        let mut text = String::new();
        generator.value(1 + round % 6, &mut text);
        doc.parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(
            tree(doc.root(), text.as_bytes()),
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            "{text}"
        );
        check_parts(&doc, text.as_bytes());
        for _ in 0..10 {
            let changed = generator.mutated(&text);
            agree(&mut doc, &changed);
        }
    }
}
