//! Types, scopes and times of the catalogs, in Markdown.

use gamebridge::proto::wire::catalog::{Arg, Row, Scopes, Shape, Type};

/// What a value is.
pub fn of_type(ty: Type) -> String {
    match ty {
        Type::Any => "any value".to_owned(),
        Type::Null => "`null`".to_owned(),
        Type::Bool => "boolean".to_owned(),
        Type::Int { min, max } => format!("integer{}", range(min, max)),
        Type::Num { min, max } if min.is_finite() && max.is_finite() => format!("number, {min} to {max}"),
        Type::Num { .. } => "number".to_owned(),
        Type::Text { min: 0, max: usize::MAX } => "string".to_owned(),
        Type::Text { min: 1, max: usize::MAX } => "string, not empty".to_owned(),
        Type::Text { min, max } => format!("string, {min} to {max} characters"),
        Type::Time => "ISO 8601 time".to_owned(),
        Type::Snowflake => "id".to_owned(),
        Type::Numbers(known) => {
            let known: Vec<String> = known.iter().map(|(number, name)| format!("`{number}` {name}")).collect();
            known.join(", ")
        }
        Type::Names(known) => {
            let known: Vec<String> = known.iter().map(|name| format!("`\"{name}\"`")).collect();
            known.join(", ")
        }
        Type::Nullable(inner) => format!("`null` or {}", of_type(*inner)),
        Type::Either(one, other) => format!("{}, or {}", of_type(*one), of_type(*other)),
        Type::Object(shape) if shape.name.is_empty() => "object".to_owned(),
        Type::Object(shape) => link(shape.name),
        Type::Array { of, min, max } => {
            let count = match (min, max) {
                (0, usize::MAX) => String::new(),
                (0, max) => format!(" ({max} at most)"),
                (min, usize::MAX) => format!(" ({min} at least)"),
                (min, max) if min == max => format!(" ({min} exactly)"),
                (min, max) => format!(" ({min} to {max})"),
            };
            format!("array{count} of {}", of_type(*of))
        }
    }
}

fn range(min: i64, max: i64) -> String {
    match (min, max) {
        (i64::MIN, i64::MAX) => String::new(),
        (min, i64::MAX) => format!(", {min} or more"),
        (min, max) => format!(", {min} to {max}"),
    }
}

/// Who may use a row.
pub fn of_scopes(scopes: Scopes) -> String {
    let any = |scopes: &[&str]| {
        let quoted: Vec<String> = scopes.iter().map(|scope| format!("`{scope}`")).collect();
        quoted.join(" or ")
    };
    match scopes {
        Scopes::Open => "none".to_owned(),
        Scopes::AnyOf(any_of) => any(any_of),
        Scopes::InChannel { any_of, foreign } => {
            format!("{}; and `{foreign}` in a channel that the application did not create", any(any_of))
        }
        Scopes::OfEvent => "those of the event".to_owned(),
    }
}

/// How long a reply may take.
pub fn of_time(row: &Row) -> String {
    let seconds = row.default_timeout.as_secs();
    if row.peer_waits {
        format!("{seconds} s; with `timeout`, 5 s more than that where it is longer")
    } else {
        format!("{seconds} s")
    }
}

/// Begins with a capital letter and ends with a full stop.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// Fit for a table's cell.
pub fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// A link to a heading of this page.
pub fn link(heading: &str) -> String {
    format!("[{heading}](#{})", anchor(heading))
}

/// The name by which the page's readers find a heading: as GitHub and most others make it.
pub fn anchor(heading: &str) -> String {
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

/// Adds the named shapes that a type is made of, each once, inner ones too.
pub fn shapes_of(ty: Type, shapes: &mut Vec<&'static Shape>) {
    match ty {
        Type::Nullable(inner) => shapes_of(*inner, shapes),
        Type::Either(one, other) => {
            shapes_of(*one, shapes);
            shapes_of(*other, shapes);
        }
        Type::Array { of, .. } => shapes_of(*of, shapes),
        Type::Object(shape) if !shape.name.is_empty() => {
            if let Some(known) = shapes.iter().find(|known| known.name == shape.name) {
                assert!(same(known.fields, shape.fields), "two shapes are called {}", shape.name);
                return;
            }
            shapes.push(shape);
            for field in shape.fields {
                shapes_of(field.ty, shapes);
            }
        }
        Type::Object(shape) => assert!(shape.fields.is_empty(), "a shape with members wants a name"),
        _ => {}
    }
}

fn same(one: &[Arg], other: &[Arg]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| one.name == other.name && of_type(one.ty) == of_type(other.ty))
}
