//! Arguments built by path, so that no program pastes a player's name into JSON.

use gamebridge_proto::error::Error;
use serde_json::{Map, Value};

/// Arrays made by a path may be this long: an index is a typing error long before that.
const MAX_ELEMENTS: usize = 1024;
/// As deep as any peer would read.
const MAX_DEPTH: usize = gamebridge_proto::value::MAX_DEPTH;

/// A JSON object under construction. The first failure sticks: later calls do nothing, and [`Args::json`] tells it.
#[derive(Debug)]
pub struct Args {
    root: Value,
    failure: Option<Error>,
    text: Vec<u8>,
}

impl Default for Args {
    fn default() -> Self {
        Args { root: Value::Object(Map::new()), failure: None, text: Vec::new() }
    }
}

impl Args {
    /// Puts a value at a JSON pointer (RFC 6901) such as `/activity/buttons/0/label`. What is missing on the way is made:
    /// an array where the path goes on with `0` or `-` (the end of the array), else an object.
    pub fn put(&mut self, path: &str, value: Value) {
        if self.failure.is_none()
            && let Err(what) = put(&mut self.root, path, value)
        {
            self.fail(path, what);
        }
    }

    /// Puts JSON text at a path.
    pub fn put_json(&mut self, path: &str, json: &str) {
        match serde_json::from_str(json) {
            Ok(value) => self.put(path, value),
            Err(error) => self.fail(path, &format!("not JSON: {error}")),
        }
    }

    /// Puts a number at a path; it must be finite.
    pub fn put_num(&mut self, path: &str, number: f64) {
        match serde_json::Number::from_f64(number) {
            Some(number) => self.put(path, Value::Number(number)),
            None => self.fail(path, "JSON has no infinity and no NaN"),
        }
    }

    /// Makes everything fail from here on, with a sentence that names the path.
    pub fn fail(&mut self, path: &str, what: &str) {
        self.failure.get_or_insert_with(|| Error::argument(format!("{path}: {what}")));
    }

    /// The JSON text so far, with a NUL behind it that is not counted; or the first failure.
    pub fn json(&mut self) -> Result<&[u8], Error> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        self.text.clear();
        serde_json::to_writer(&mut self.text, &self.root)
            .map_err(|error| Error::argument(format!("the arguments cannot be written: {error}")))?;
        self.text.push(0);
        Ok(&self.text[..self.text.len() - 1])
    }

    /// Back to an empty object without a failure.
    pub fn clear(&mut self) {
        *self = Args::default();
    }
}

fn put(root: &mut Value, path: &str, value: Value) -> Result<(), &'static str> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err("a path starts with '/', like /activity/state");
    };
    let tokens: Vec<&str> = rest.split('/').collect();
    if tokens.len() > MAX_DEPTH {
        return Err("more than 64 levels");
    }
    let mut here = root;
    for (at, token) in tokens.iter().enumerate() {
        let slot = step(here, token)?;
        match tokens.get(at + 1) {
            None => {
                *slot = value;
                return Ok(());
            }
            Some(&("0" | "-")) if slot.is_null() => *slot = Value::Array(Vec::new()),
            Some(_) if slot.is_null() => *slot = Value::Object(Map::new()),
            Some(_) => {}
        }
        here = slot;
    }
    Ok(())
}

fn step<'v>(here: &'v mut Value, token: &str) -> Result<&'v mut Value, &'static str> {
    match here {
        Value::Object(members) => Ok(members.entry(unescape(token)?).or_insert(Value::Null)),
        Value::Array(elements) => {
            let index = match token {
                "-" => elements.len(),
                "0" => 0,
                _ if token.starts_with('0') => return Err("an array index has no leading zero"),
                digits => digits.parse().map_err(|_| "an array index expected here")?,
            };
            if index > elements.len() || index >= MAX_ELEMENTS {
                return Err("array elements are put one after the other, from 0");
            }
            if index == elements.len() {
                elements.push(Value::Null);
            }
            Ok(&mut elements[index])
        }
        _ => Err("the path goes through a value that is no object and no array"),
    }
}

fn unescape(token: &str) -> Result<String, &'static str> {
    let mut name = String::with_capacity(token.len());
    let mut characters = token.chars();
    while let Some(character) = characters.next() {
        name.push(match character {
            '~' => match characters.next() {
                Some('0') => '~',
                Some('1') => '/',
                _ => return Err("'~' is written ~0 and '/' is written ~1 in a path"),
            },
            other => other,
        });
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(puts: &[(&str, Value)]) -> Result<String, Error> {
        let mut args = Args::default();
        for (path, value) in puts {
            args.put(path, value.clone());
        }
        args.json().map(|json| String::from_utf8(json.to_vec()).unwrap())
    }

    #[test]
    fn paths_make_what_is_missing() {
        let json = built(&[
            ("/activity/state", "In \"menu\"".into()),
            ("/activity/buttons/0/label", "Join".into()),
            ("/activity/buttons/-/label", "Watch".into()),
            ("/activity/party/size/0", 1.into()),
            ("/activity/party/size/1", 4.into()),
            ("/a~1b/~0", true.into()),
        ]);
        let expected = r#"{"a/b":{"~":true},"activity":{"buttons":[{"label":"Join"},{"label":"Watch"}],"party":{"size":[1,4]},"state":"In \"menu\""}}"#;
        assert_eq!(json.unwrap(), expected);
    }

    #[test]
    fn the_first_failure_sticks_and_names_its_path() {
        for (path, what) in [
            ("state", "starts with"),
            ("", "starts with"),
            ("/list/2", "one after the other"),
            ("/list/x", "index expected"),
            ("/list/00", "leading zero"),
            ("/a~2", "~0"),
            ("/n/x", "no object"),
        ] {
            let mut args = Args::default();
            args.put("/list/0", 1.into());
            args.put("/n", 1.into());
            args.put(path, true.into());
            args.put("/later", true.into());
            let message = args.json().unwrap_err().message.into_owned();
            assert!(message.starts_with(path) && message.contains(what), "{path}: {message}");
            args.clear();
            assert_eq!(args.json().unwrap(), b"{}");
        }
        let mut args = Args::default();
        args.put_num("/x", f64::NAN);
        assert!(args.json().unwrap_err().message.contains("NaN"));
    }
}
