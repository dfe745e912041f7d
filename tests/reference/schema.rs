//! `docs/scenario.schema.json`: the format of scenarios, printed from the catalog, and as much of JSON Schema as it uses.

use gamebridge::proto::scenario;
use serde_json::Value;

/// The file, with line breaks.
pub fn schema() -> String {
    let schema: Value = serde_json::from_slice(&scenario::schema()).expect("the schema is JSON");
    let mut text = serde_json::to_string_pretty(&schema).expect("it can be written");
    text.push('\n');
    text
}

/// What of `value` does not fit, by its path; the first of it.
pub fn complaint(schema: &Value, value: &Value) -> Option<String> {
    check(schema, schema, value, "").err()
}

/// The keywords that [`check`] knows; a schema with another one would be taken for less than it says.
const KNOWN: [&str; 27] = [
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "propertyNames",
    "items",
    "enum",
    "const",
    "anyOf",
    "allOf",
    "not",
    "if",
    "then",
    "else",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "default",
];

fn check(root: &Value, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
    let rules = match schema {
        Value::Bool(true) => return Ok(()),
        Value::Bool(false) => return Err(format!("{path}: nothing may stand here")),
        other => other.as_object().expect("a schema is an object or a boolean"),
    };
    let fits = |schema: &Value| check(root, schema, value, path).is_ok();
    let fail = |what: String| Err(format!("{path}: {what}"));
    for (keyword, rule) in rules {
        assert!(KNOWN.contains(&keyword.as_str()), "{keyword} is no keyword that is checked");
        let count = |of: Option<usize>, fits: fn(u64, u64) -> bool| {
            of.is_none_or(|count| fits(count as u64, rule.as_u64().expect("a count")))
        };
        let text = value.as_str().map(|text| text.chars().count());
        let elements = value.as_array().map(Vec::len);
        let number = value.as_f64().zip(rule.as_f64());
        let good = match keyword.as_str() {
            "$ref" => {
                let pointer = rule.as_str().and_then(|name| name.strip_prefix('#')).expect("a local reference");
                let target = root.pointer(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere"));
                check(root, target, value, path)?;
                true
            }
            "type" => match rule.as_str().expect("one type") {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "null" => value.is_null(),
                "number" => value.is_number(),
                "integer" => value.is_i64() || value.is_u64(),
                other => panic!("{other} is no type"),
            },
            "enum" => rule.as_array().expect("a list").contains(value),
            "const" => rule == value,
            "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().expect("a pattern"), text)),
            "minimum" => number.is_none_or(|(value, least)| value >= least),
            "maximum" => number.is_none_or(|(value, most)| value <= most),
            "minLength" => count(text, |count, least| count >= least),
            "maxLength" => count(text, |count, most| count <= most),
            "minItems" => count(elements, |count, least| count >= least),
            "maxItems" => count(elements, |count, most| count <= most),
            "anyOf" => rule.as_array().expect("a list").iter().any(fits),
            "not" => !fits(rule),
            "allOf" => {
                rule.as_array().expect("a list").iter().try_for_each(|schema| check(root, schema, value, path))?;
                true
            }
            "if" => {
                let next = if fits(rule) { rules.get("then") } else { rules.get("else") };
                next.map_or(Ok(()), |schema| check(root, schema, value, path))?;
                true
            }
            "required" => {
                let names = rule.as_array().expect("a list").iter().filter_map(Value::as_str);
                let missing =
                    names.into_iter().find(|name| value.as_object().is_some_and(|object| !object.contains_key(*name)));
                match missing {
                    Some(name) => return fail(format!("{name} is missing")),
                    None => true,
                }
            }
            "properties" | "additionalProperties" | "propertyNames" | "items" => true,
            _ => true,
        };
        if !good {
            return fail(format!("{keyword} {rule}, {value} given"));
        }
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        let inside = format!("{path}/{name}");
        if let Some(names) = rules.get("propertyNames") {
            check(root, names, &Value::from(name.as_str()), &inside)?;
        }
        let known = rules.get("properties").and_then(|properties| properties.get(name));
        if let Some(schema) = known.or_else(|| rules.get("additionalProperties")) {
            check(root, schema, member, &inside)?;
        }
    }
    for (at, element) in value.as_array().into_iter().flatten().enumerate() {
        if let Some(items) = rules.get("items") {
            check(root, items, element, &format!("{path}/{at}"))?;
        }
    }
    Ok(())
}

/// The four patterns that there are.
fn matches(pattern: &str, text: &str) -> bool {
    let is_name = |text: &str| {
        let first = text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
        first && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
    };
    match pattern {
        "^[0-9]{1,20}$" => (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
        "^[A-Za-z_][A-Za-z0-9_.-]{0,63}$" => is_name(text),
        "^@[A-Za-z_][A-Za-z0-9_.-]{0,63}$" => text.strip_prefix('@').is_some_and(is_name),
        other => panic!("{other} is no pattern that is checked"),
    }
}
