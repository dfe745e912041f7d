//! Parameters of connections and servers: a JSON object, checked like a command's arguments, with one more rule: a name
//! that nobody knows is an error here, since a mistyped `acces_token` would otherwise be silently ignored.

use gamebridge_proto::error::Error;
use gamebridge_proto::value::{Document, Kind, Value};
use gamebridge_proto::wire::catalog::{self, Row};

/// What a connection does when it cannot begin.
#[cfg(feature = "gateway")]
pub(super) const RETRY: catalog::Arg = catalog::Arg::optional(
    "retry",
    catalog::Type::Bool,
    "Whether to go on when nobody can be reached at the start. Default true.",
);

/// Reads `text` as the arguments of `row` and shows them to `read`.
pub(crate) fn read<T>(row: &Row, text: &[u8], read: impl FnOnce(Value<'_>) -> Result<T, Error>) -> Result<T, Error> {
    let mut document = Document::new();
    document
        .parse(if text.is_empty() { b"{}" } else { text })
        .map_err(|error| Error::argument(format!("params: not JSON: {error}")))?;
    let params = document.root();
    if params.kind() != Kind::Object {
        return Err(Error::argument("params: a JSON object expected"));
    }
    for member in params.iter() {
        let name = member.key().unwrap_or_default();
        if !row.args.iter().any(|arg| arg.name == name) {
            let known: Vec<&str> = row.args.iter().map(|arg| arg.name).collect();
            return Err(Error::argument(format!(
                "{}: unknown parameter \"{name}\"; known are {}",
                row.name,
                known.join(", ")
            )));
        }
    }
    catalog::check(row, params)?;
    read(params)
}

/// A text parameter.
pub(crate) fn text(params: Value<'_>, name: &str) -> Option<String> {
    params.member(name).as_str().map(str::to_owned)
}
