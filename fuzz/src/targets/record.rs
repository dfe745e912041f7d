use gamebridge_proto::record::{EVERYWHERE, Redactor, accept, replay};
use gamebridge_proto::value::Document;

use crate::run::saw;

/// Whatever a file says, it is played or refused; and what is accepted plays without a difference.
pub fn recording(data: &[u8]) {
    match replay(data) {
        Ok(report) => {
            let differences = report.differences.len() + report.further;
            saw(format!("{} {differences} {}", report.connections.len(), report.cut), differences);
            assert!(!report.to_string().is_empty());
            let Ok(accepted) = accept(data) else { return };
            let again = replay(&accepted).expect("what was accepted is a recording");
            assert!(again.is_same() && !again.cut, "{again}\n{}", accepted.escape_ascii());
        }
        Err(error) => {
            saw(error.sentence, 0);
            assert!(error.line > 0);
        }
    }
}

/// No secret is left, and JSON stays JSON. The first line is the secret, the rest is what it may stand in.
pub fn redaction(data: &[u8]) {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (secret, text) = (&data[..end], &data[end + 1..]);
    let mut redactor = Redactor::new();
    redactor.learn(secret);
    let is_json = Document::new().parse(text).is_ok();
    let clean = redactor.payload(text, is_json);
    saw(format!("{is_json} {}", clean == text), clean.len());
    assert_eq!(redactor.payload(text, is_json), clean, "the same again comes to the same");
    if is_json {
        assert!(Document::new().parse(&clean).is_ok(), "{}", clean.escape_ascii());
    }
    // A secret that has a sign in common with the stand-ins can come about at the seam of one.
    let apart = |byte: &u8| byte.is_ascii_alphabetic() && !b"secrtx".contains(byte);
    if secret.len() >= EVERYWHERE && secret.iter().all(apart) {
        let form = redactor.form(text);
        let words = redactor.text(&String::from_utf8_lossy(text)).into_bytes();
        for clean in [&clean, &form, &words] {
            assert!(!clean.windows(secret.len()).any(|part| part == secret), "{}", clean.escape_ascii());
        }
    }
}
