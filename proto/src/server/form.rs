//! `application/x-www-form-urlencoded`: the query of a WebSocket's URL and the body of a token request.
//!
//! Lenient as browsers are (WHATWG URL, section "urlencoded parsing"): a `%` that starts no escape stands for itself. But
//! what is not UTF-8 is no text, and of a name that stands twice the first one counts, for whoever reads it: two readers
//! that pick different ones are a hole.

/// The decoded value of the first parameter of this name.
pub fn parameter(form: &str, name: &str) -> Option<String> {
    let mut pairs = form.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = pairs.find(|(key, _)| decode(key).as_deref() == Some(name))?;
    decode(value)
}

fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        decoded.push(match first {
            b'+' => b' ',
            b'%' => match after {
                [high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    rest = after;
                    digit(*high) << 4 | digit(*low)
                }
                _ => b'%',
            },
            byte => *byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        _ => (byte | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_the_first_one_counts() {
        let query = "v=1&client_id=12%33&na%6de=a+b%20c%2Bd&v=2&empty=&flag&bad=%ff&odd=50%&x=%C3%A9";
        for (name, value) in [
            ("v", Some("1")),
            ("client_id", Some("123")),
            ("name", Some("a b c+d")),
            ("empty", Some("")),
            ("flag", Some("")),
            ("bad", None),
            ("odd", Some("50%")),
            ("x", Some("é")),
            ("missing", None),
        ] {
            assert_eq!(parameter(query, name).as_deref(), value, "{name}");
        }
    }
}
