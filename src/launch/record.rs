//! The file in which Discord looks, on macOS, for what starts a game that it does not know by itself.

use gamebridge_proto::wire::json::Object;

/// The content of `games/<application id>.json`.
pub(super) fn text(command: &str) -> Vec<u8> {
    let mut text = Vec::new();
    Object::begin(&mut text).str("command", command).end();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_command_is_it_is_one_string() {
        for command in ["steam://rungameid/440", r#"'/Applications/My "Game".app/x' --a \ "#, "a\nb", "☃"] {
            let read: serde_json::Value = serde_json::from_slice(&text(command)).unwrap();
            assert_eq!(read, serde_json::json!({ "command": command }));
        }
    }
}
