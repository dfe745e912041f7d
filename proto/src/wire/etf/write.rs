//! From JSON text to terms.

use super::{MAX_DEPTH, VERSION, tag};
use crate::error::{Error, ProtocolError, Status};
use crate::value::{Document, Kind, Value};

/// Appends the term of a JSON text, which is read with `doc`. On an error `etf` is as it was.
///
/// # Errors
/// [`Status::Argument`], since the text is ours: it is not JSON, holds a whole number of more than 64 bits, or a number
/// that no double is near.
pub fn from_json(json: &[u8], doc: &mut Document, etf: &mut Vec<u8>) -> Result<(), ProtocolError> {
    if let Err(error) = doc.parse(json) {
        return Err(Error::argument(format!("not JSON: {error}")));
    }
    let start = etf.len();
    etf.push(VERSION);
    let result = walk(doc.root(), json, etf);
    if result.is_err() {
        etf.truncate(start);
    }
    result
}

/// The tape holds containers before what is in them, as terms do, so one walk in order writes everything; a list's tail
/// is all that has to be remembered.
fn walk(root: Value<'_>, json: &[u8], etf: &mut Vec<u8>) -> Result<(), ProtocolError> {
    // Where to go on after each open container, and whether it is a list.
    let mut after = [(root, false); MAX_DEPTH];
    let mut depth = 0;
    let mut value = root;
    loop {
        if let Some(key) = value.key() {
            binary(key, etf)?;
        }
        term(value, json, etf)?;
        // Only containers have a first.
        let inside = value.first();
        if inside.exists() {
            after[depth] = (value, value.kind() == Kind::Array);
            depth += 1;
            value = inside;
            continue;
        }
        // Up through every container that ends here, to the next sibling of one of them.
        loop {
            let Some(last) = depth.checked_sub(1) else { return Ok(()) };
            let next = value.next();
            if next.exists() {
                value = next;
                break;
            }
            let (container, list) = after[last];
            if list {
                etf.push(tag::NIL);
            }
            value = container;
            depth = last;
        }
    }
}

fn term(value: Value<'_>, json: &[u8], etf: &mut Vec<u8>) -> Result<(), ProtocolError> {
    match value.kind() {
        Kind::Bool if value.as_bool() == Some(true) => atom("true", etf),
        Kind::Bool => atom("false", etf),
        Kind::Str => binary(value.as_str().unwrap_or(""), etf)?,
        Kind::Int => integer(value.raw(json), etf)?,
        Kind::Num => match value.as_f64() {
            Some(number) if number.is_finite() => float(number, etf),
            _ => return Err(out_of_range(value.raw(json), "a double")),
        },
        Kind::Array if value.is_empty() => etf.push(tag::NIL),
        Kind::Array => counted(tag::LIST, value.len(), etf)?,
        Kind::Object => counted(tag::MAP, value.len(), etf)?,
        _ => atom("nil", etf),
    }
    Ok(())
}

fn atom(name: &str, etf: &mut Vec<u8>) {
    etf.extend_from_slice(&[tag::SMALL_ATOM, name.len() as u8]);
    etf.extend_from_slice(name.as_bytes());
}

fn binary(text: &str, etf: &mut Vec<u8>) -> Result<(), ProtocolError> {
    counted(tag::BINARY, text.len(), etf)?;
    etf.extend_from_slice(text.as_bytes());
    Ok(())
}

fn counted(tag: u8, count: usize, etf: &mut Vec<u8>) -> Result<(), ProtocolError> {
    let Ok(count) = u32::try_from(count) else {
        return Err(Error::argument(format!("{count} bytes or items; ETF can say {} at most", u32::MAX)));
    };
    etf.push(tag);
    etf.extend_from_slice(&count.to_be_bytes());
    Ok(())
}

fn float(number: f64, etf: &mut Vec<u8>) {
    etf.push(tag::NEW_FLOAT);
    etf.extend_from_slice(&number.to_be_bytes());
}

fn integer(text: &[u8], etf: &mut Vec<u8>) -> Result<(), ProtocolError> {
    // An integer has no sign at zero, a double has: JavaScript's -0, which erlpack sends so.
    if text == b"-0" {
        float(-0.0, etf);
        return Ok(());
    }
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i128>().ok());
    let Some(number) = number.filter(|number| (i64::MIN.into()..=u64::MAX.into()).contains(number)) else {
        return Err(out_of_range(text, "64 bits"));
    };
    if let Ok(small) = u8::try_from(number) {
        etf.extend_from_slice(&[tag::SMALL_INTEGER, small]);
    } else if let Ok(word) = i32::try_from(number) {
        etf.push(tag::INTEGER);
        etf.extend_from_slice(&word.to_be_bytes());
    } else {
        let magnitude = number.unsigned_abs().to_le_bytes();
        let length = 16 - number.unsigned_abs().leading_zeros() as usize / 8;
        etf.extend_from_slice(&[tag::SMALL_BIG, length as u8, u8::from(number < 0)]);
        etf.extend_from_slice(&magnitude[..length]);
    }
    Ok(())
}

fn out_of_range(text: &[u8], holder: &str) -> ProtocolError {
    let shown = String::from_utf8_lossy(&text[..text.len().min(40)]);
    let dots = if text.len() > 40 { ".." } else { "" };
    Error::new(Status::Argument, format!("the number {shown}{dots} does not fit into {holder}"))
}
