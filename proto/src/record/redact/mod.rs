//! Secrets are replaced, the same one always by the same word.
//!
//! A recording is made to be sent to somebody, so no token, code or password may stand in it; but it is also replayed, so
//! a machine that compares a token with one that it gave out must come to the same answer. Both hold when every secret
//! becomes a word of its own (`secret1`, filled up with `x` to the secret's length), in what goes in and in what comes out.
//!
//! What a secret is, is known by the name that it stands under ([`is_secret`]), in JSON and in forms, and by the
//! world, which tells what it drew. A secret of 8 bytes and more, once known, is replaced wherever it turns up, also
//! percent-encoded or in base 64: in sentences, in addresses, under other names. A shorter one is replaced under its names
//! only, or every "yes" in the file would go when somebody's secret is "yes".
//!
//! The one thing to know before changing it: what comes out must lead a machine the same way as what went in. So lengths
//! stay as they are where they can, JSON stays the JSON that it was down to its white space, and an empty text stays empty.

mod form;
mod json;
mod known;

use std::collections::BTreeMap;

use known::Known;

use crate::value::Document;

/// From this length on a secret is replaced wherever it stands.
pub const EVERYWHERE: usize = 8;

/// A word of what is no JSON that is as long as this, with letters and digits, is taken for a secret: it has no name to
/// be known by.
const LONG_WORD: usize = 16;

/// The secrets of one recording, and what stands in their place.
#[derive(Default)]
pub struct Redactor {
    /// Whether anything is replaced. A replay runs over what was replaced already.
    on: bool,
    words: Vec<Box<str>>,
    numbers: BTreeMap<Box<[u8]>, usize>,
    known: Known,
    /// Scratch, kept for its memory.
    doc: Document,
}

impl std::fmt::Debug for Redactor {
    /// Without what it knows.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").field("on", &self.on).field("secrets", &self.words.len()).finish_non_exhaustive()
    }
}

impl Redactor {
    /// Replaces secrets.
    pub fn new() -> Self {
        Redactor { on: true, ..Redactor::default() }
    }

    /// Replaces nothing.
    pub fn off() -> Self {
        Redactor::default()
    }

    /// The word for a secret. From here on it is replaced wherever it stands.
    pub fn learn(&mut self, secret: &[u8]) -> &str {
        let before = self.words.len();
        let number = self.number(secret);
        if before != self.words.len() && secret.len() >= EVERYWHERE {
            self.known.add(secret, number);
            form::spellings(secret, |spelling| self.known.add(&spelling, number));
        }
        &self.words[number]
    }

    fn number(&mut self, secret: &[u8]) -> usize {
        if let Some(number) = self.numbers.get(secret) {
            return *number;
        }
        let number = self.words.len();
        self.words.push(word(number + 1, characters(secret)).into());
        self.numbers.insert(secret.into(), number);
        number
    }

    /// A sentence, an address, a name.
    pub fn text(&mut self, text: &str) -> String {
        let mut out = Vec::with_capacity(text.len());
        self.plain(text.as_bytes(), false, &mut out);
        lossy(out)
    }

    pub(super) fn is_json(&mut self, text: &[u8]) -> bool {
        self.doc.parse(text).is_ok()
    }

    /// A frame's payload: JSON, whatever white space it has, or what should have been JSON.
    pub fn payload(&mut self, payload: &[u8], is_json: bool) -> Vec<u8> {
        if !self.on {
            return payload.to_vec();
        }
        json::redact(self, payload, !is_json)
    }

    /// The query of an address, or a form (`application/x-www-form-urlencoded`).
    pub fn form(&mut self, form: &[u8]) -> Vec<u8> {
        if !self.on { form.to_vec() } else { form::redact(self, form) }
    }

    /// Path and query of an HTTP request. Discord's paths hold the token of a webhook or an interaction.
    pub fn target(&mut self, target: &str) -> String {
        if !self.on {
            return target.to_owned();
        }
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let segments: Vec<&str> = path.split('/').collect();
        let mut out = Vec::with_capacity(target.len());
        for (at, segment) in segments.iter().enumerate() {
            if at > 0 {
                out.push(b'/');
            }
            let named = at.checked_sub(2).and_then(|at| segments.get(at));
            match named {
                Some(&"webhooks" | &"interactions") if !segment.is_empty() => {
                    out.extend_from_slice(self.learn(segment.as_bytes()).as_bytes());
                }
                _ => self.plain(segment.as_bytes(), false, &mut out),
            }
        }
        if let Some(query) = query {
            out.push(b'?');
            out.extend_from_slice(&self.form(query.as_bytes()));
        }
        lossy(out)
    }

    /// An Authorization header. Basic credentials are taken apart, so that the one who asks is still seen.
    pub fn authorization(&mut self, header: &str) -> String {
        if !self.on {
            return header.to_owned();
        }
        let (scheme, credentials) = match header.split_once(' ') {
            Some((scheme, credentials)) => (format!("{scheme} "), credentials),
            None => (String::new(), header),
        };
        if scheme.eq_ignore_ascii_case("basic ")
            && let Some(pair) = form::from_base64(credentials.trim()).and_then(|pair| String::from_utf8(pair).ok())
            && let Some((id, secret)) = pair.split_once(':')
        {
            let secret = if secret.is_empty() { "" } else { self.learn(secret.as_bytes()) };
            return scheme + &form::to_base64(format!("{id}:{secret}").as_bytes());
        }
        match credentials.trim() {
            "" => header.to_owned(),
            shown => scheme + self.learn(shown.as_bytes()),
        }
    }

    /// Copies text, with what is known replaced; in junk also what looks like a secret.
    fn plain(&mut self, text: &[u8], junk: bool, out: &mut Vec<u8>) {
        let mut from = 0;
        while let Some((at, length, number)) = self.known.find(text, from) {
            self.rest(&text[from..at], junk, out);
            out.extend_from_slice(self.words[number].as_bytes());
            from = at + length;
        }
        self.rest(&text[from..], junk, out);
    }

    fn rest(&mut self, text: &[u8], junk: bool, out: &mut Vec<u8>) {
        if !junk {
            return out.extend_from_slice(text);
        }
        let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~+/=%".contains(byte);
        for piece in text.chunk_by(|a, b| in_word(a) == in_word(b)) {
            let telling = piece.iter().any(u8::is_ascii_digit) && piece.iter().any(u8::is_ascii_alphabetic);
            if piece.len() >= LONG_WORD && in_word(&piece[0]) && telling {
                // Not learnt: that would replace what has long been said in the open.
                let number = self.number(piece);
                out.extend_from_slice(self.words[number].as_bytes());
            } else {
                out.extend_from_slice(piece);
            }
        }
    }
}

/// Whether what stands under this name is a secret. Spelling is nothing: `accessToken` is `access_token`.
pub fn is_secret(name: &[u8]) -> bool {
    let mut plain = Vec::with_capacity(name.len());
    plain.extend(name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase));
    const ENDINGS: [&[u8]; 5] = [b"token", b"secret", b"secrets", b"password", b"secretkey"];
    const NAMES: [&[u8]; 11] = [
        b"code",
        b"authorization",
        b"sessionid",
        b"ticket",
        b"codeverifier",
        b"cookie",
        b"apikey",
        b"credentials",
        // dmod's token hash and gateway hash, and what the host calls the latter.
        b"utokh",
        b"uhash",
        b"hash",
    ];
    ENDINGS.iter().any(|ending| plain.ends_with(ending)) || NAMES.contains(&plain.as_slice())
}

/// As long as what it stands for, when that is long enough to tell it from the others.
fn word(number: usize, characters: usize) -> String {
    let (long, short) = (format!("secret{number}"), format!("s{number}"));
    let word = if characters >= long.len() { long } else { short };
    format!("{word:x<characters$}")
}

fn characters(text: &[u8]) -> usize {
    std::str::from_utf8(text).map_or(text.len(), |text| text.chars().count())
}

/// What was UTF-8 stays UTF-8: only whole words are put in, and only at the edges of whole ones.
fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_however_they_are_spelled() {
        for name in [
            "access_token",
            "accessToken",
            "refresh_token",
            "token",
            "code",
            "client_secret",
            "joinSecret",
            "secrets",
            "session_id",
            "Authorization",
            "secret_key",
            "launch_token",
            "PASSWORD",
            "utokh",
            "uhash",
            "hash",
        ] {
            assert!(is_secret(name.as_bytes()), "{name}");
        }
        for name in ["token_type", "nonce", "client_id", "state", "tokens_left", "id", "", "encode", "join"] {
            assert!(!is_secret(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_secret_becomes_the_same_word_everywhere_and_keeps_its_length() {
        let mut redactor = Redactor::new();
        let args = r#"{ "args":{"access_token" : "tö\u006ben/1234+5678" }, "n":1, "note":"see tö\u006ben/1234+5678"}"#;
        let clean = redactor.payload(args.as_bytes(), true);
        assert_eq!(
            String::from_utf8(clean).unwrap(),
            r#"{ "args":{"access_token" : "secret1xxxxxxxx" }, "n":1, "note":"see secret1xxxxxxxx"}"#
        );
        assert_eq!(redactor.text("token töken/1234+5678 is bad"), "token secret1xxxxxxxx is bad");
        let form = redactor.form(b"grant_type=x&code=t%C3%B6ken%2f1234%2B5678&other=t%C3%B6ken/1234%2B5678");
        assert_eq!(form, b"grant_type=x&code=secret1xxxxxxxx&other=secret1xxxxxxxx");
        assert_eq!(redactor.text("at https://x/?t=t%c3%b6ken%2f1234%2b5678"), "at https://x/?t=secret1xxxxxxxx");
        // base64("t\xc3\xb6ken/1234+5678") and the same one byte further on, without what the neighbours show in.
        for text in ["dMO2a2VuLzEyMzQrNTY3OA==", "P3TDtmtlbi8xMjM0KzU2Nzg="] {
            assert!(redactor.text(text).contains("secret1"), "{text}: {}", redactor.text(text));
        }
    }

    #[test]
    fn different_secrets_stay_different_and_short_ones_go_under_their_names_only() {
        let mut redactor = Redactor::new();
        let text =
            br#"{"secrets":{"join":"yes","match":["no","yes"]},"say":"yes","code":4000,"token":17,"secret_key":[1,2],"x":null,"x":{"code":""}}"#;
        assert_eq!(
            String::from_utf8(redactor.payload(text, true)).unwrap(),
            r#"{"secrets":{"join":"s1x","match":["s2","s1x"]},"say":"yes","code":4000,"token":0,"secret_key":[0,0],"x":null,"x":{"code":""}}"#
        );
    }

    #[test]
    fn the_word_before_a_token_stays_and_the_token_is_the_same() {
        let mut redactor = Redactor::new();
        assert_eq!(redactor.authorization("Bot abcdefghijkl"), "Bot secret1xxxxx");
        let identify = br#"{"token":"Bot abcdefghijkl"} {"token":"Bearer abcdefghijkl"} {"token":"Bot "}"#;
        let clean = br#"{"token":"Bot secret1xxxxx"} {"token":"Bearer secret1xxxxx"} {"token":"s2xx"}"#;
        assert_eq!(redactor.payload(identify, true), clean);
    }

    #[test]
    fn what_anybody_can_tell_is_no_secret() {
        let mut redactor = Redactor::new();
        for open in [
            r#"{"errors":{"name":{"_errors":[{"code":"BASE_TYPE_REQUIRED","message":"needed"}]}}}"#,
            r#"{"session_id":"000000000000000014eb5d3c01c00000"}"#,
        ] {
            assert_eq!(redactor.payload(open.as_bytes(), true), open.as_bytes());
        }
        for secret in [
            r#"{"code":"BASETYPE"}"#,
            r#"{"token":"BASE_TYPE_REQUIRED"}"#,
            r#"{"secrets":{"code":"BASE_TYPE_REQUIRED"}}"#,
            r#"{"session_id":"100000000000000014eb5d3c01c00000"}"#,
            r#"{"session_id":"00000000000000000000"}"#,
            r#"{"token":"000000000000000014eb5d3c01c00000"}"#,
        ] {
            assert_ne!(redactor.payload(secret.as_bytes(), true), secret.as_bytes(), "{secret}");
        }
    }

    #[test]
    fn basic_credentials_keep_the_id() {
        let mut redactor = Redactor::new();
        let header = format!("Basic {}", form::to_base64(b"1234:correct horse"));
        let clean = redactor.authorization(&header);
        assert_eq!(clean, format!("Basic {}", form::to_base64(b"1234:secret1xxxxxx")));
        assert_eq!(redactor.authorization("Bearer correct horse"), "Bearer secret1xxxxxx");
        assert_eq!(redactor.authorization("Basic !!"), "Basic s2");
        assert_eq!(redactor.target("/api/webhooks/12/abcdefghij?token=a"), "/api/webhooks/12/secret3xxx?token=s4");
    }

    #[test]
    fn what_is_no_json_shows_no_long_words() {
        let mut redactor = Redactor::new();
        let cut = br#"{"cmd":"AUTHENTICATE","args":{"access_token":"ab"#;
        assert_eq!(redactor.payload(cut, false), br#"{"cmd":"AUTHENTICATE","args":{"access_token":"s1"#);
        let odd = b"{'access_token': 'abcdefghij0123456789'} \xff";
        assert_eq!(redactor.payload(odd, false), b"{'access_token': 'secret2xxxxxxxxxxxxx'} \xff");
        // Nor is it remembered: in another frame it may be a nonce.
        assert_eq!(redactor.text("abcdefghij0123456789"), "abcdefghij0123456789");
    }

    #[test]
    fn a_redactor_that_is_off_changes_nothing() {
        let mut redactor = Redactor::off();
        assert_eq!(redactor.payload(br#"{"token":"abcdefghijkl"}"#, true), br#"{"token":"abcdefghijkl"}"#);
        assert_eq!(redactor.authorization("Bearer x"), "Bearer x");
        assert_eq!(redactor.form(b"code=1"), b"code=1");
        assert_eq!(redactor.text("abcdefghijkl"), "abcdefghijkl");
    }
}
