//! Names against a catalog.
//!
//! A name that no row bears may be one that Discord has since added, so it passes; but not one that is a row's but for its
//! case, nor one of the other kind: those are mistakes, and the peer's own refusal would say less.

use super::Row;
use crate::error::Error;

/// The row of `name` in `rows`, if there is one. `others` are the rows of what `name` may be mistaken for.
///
/// # Errors
/// The name is that of a row but for its case, or of one of `others`; the sentence has the right one. (Only names that a
/// catalog has are repeated: what stands in a name's place may be a token.)
pub(in crate::wire) fn named(
    name: &str,
    (kind, rows): (&str, &'static [Row]),
    (other, others): (&str, &'static [Row]),
) -> Result<Option<&'static Row>, Error> {
    if let Some(row) = rows.iter().find(|row| row.is_named(name)) {
        return Ok(Some(row));
    }
    if let Some(right) = but_for_case(rows, name) {
        return Err(Error::argument(format!("{name}: the {kind} {right} expected; names are in capitals")));
    }
    match but_for_case(others, name) {
        Some(right) => Err(Error::argument(format!("{right} is {other}, and no {kind}"))),
        None => Ok(None),
    }
}

fn but_for_case(rows: &'static [Row], name: &str) -> Option<&'static str> {
    let mut names = rows.iter().flat_map(|row| std::iter::once(row.name).chain(row.aliases.iter().copied()));
    names.find(|known| known.eq_ignore_ascii_case(name))
}
