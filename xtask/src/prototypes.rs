//! The functions that a C header declares: name, return type, parameters.
//!
//! Reads the generated `gamebridge.h` and nothing wilder: comments, preprocessor lines, `extern "C"`, structs and
//! typedefs are passed over; what is left and has a `gb_` name before a parenthesis is a function.

/// One declared function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prototype {
    pub name: String,
    /// `const gb_event *`, `gb_status`, `void`: one space between words, `struct` left out.
    pub returns: String,
    pub parameters: Vec<Parameter>,
}

/// One parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub kind: String,
    pub name: String,
}

/// Every function of the header, in its order.
pub fn read(header: &str) -> Result<Vec<Prototype>, String> {
    let mut functions = Vec::new();
    for statement in statements(&without_comments(header)) {
        if statement.starts_with("typedef") || !statement.contains('(') {
            continue;
        }
        functions.push(
            function(&statement).ok_or_else(|| format!("the header has a line that is no function: {statement}"))?,
        );
    }
    Ok(functions)
}

fn without_comments(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some(start) = rest.find('/') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else {
            plain.push('/');
            1
        };
        rest = &rest[end..];
    }
    plain + rest
}

/// What stands between semicolons outside of any struct, without preprocessor lines.
fn statements(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut statement = String::new();
    let mut depth = 0usize;
    let mut continued = false;
    for line in text.lines() {
        let directive = continued || line.trim_start().starts_with('#');
        continued = directive && line.trim_end().ends_with('\\');
        if directive {
            continue;
        }
        for letter in line.chars() {
            match letter {
                '{' if statement.trim() == "extern \"C\"" => statement.clear(),
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                ';' if depth == 0 => {
                    found.push(one_space(&std::mem::take(&mut statement)));
                }
                _ if depth == 0 => statement.push(letter),
                _ => {}
            }
        }
        statement.push(' ');
    }
    found
}

fn one_space(text: &str) -> String {
    text.split_whitespace().filter(|word| *word != "struct").collect::<Vec<_>>().join(" ")
}

fn function(statement: &str) -> Option<Prototype> {
    let open = statement.find('(')?;
    let parameters = statement[open + 1..].trim_end().strip_suffix(')')?;
    let (returns, name) = kind_and_name(&statement[..open])?;
    if !name.starts_with("gb_") {
        return None;
    }
    let parameters = match parameters.trim() {
        "void" | "" => Vec::new(),
        list => list
            .split(',')
            .map(|parameter| kind_and_name(parameter).map(|(kind, name)| Parameter { kind, name }))
            .collect::<Option<_>>()?,
    };
    Some(Prototype { name, returns: returns.trim_start_matches("GB_API ").to_owned(), parameters })
}

/// `const char *name` is of the kind `const char *`.
fn kind_and_name(text: &str) -> Option<(String, String)> {
    let text = text.trim();
    let start = text.rfind(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')? + 1;
    let (kind, name) = (text[..start].trim(), text[start..].trim());
    (!kind.is_empty() && !name.is_empty()).then(|| (kind.replace("* *", "**"), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"
#ifndef GAMEBRIDGE_H
#define GB_MANY(a) \
    gb_not_this(a);
/* prose; with gb_nothing(void); in it */
typedef struct gb_client gb_client;
typedef struct gb_options { uint32_t size; } gb_options;
struct gb_event { const char *name; };
#ifdef __cplusplus
extern "C" {
#endif
uint32_t gb_version(void);
// a line; more
gb_status gb_client_new(const struct gb_options *options,
                        struct gb_client **out);
const char *gb_json(const struct gb_value *value, size_t *len);
void gb_args_bool(gb_args *args, const char *path, bool value);
#ifdef __cplusplus
} /* extern "C" */
#endif
#endif
"#;

    fn shapes() -> Vec<String> {
        let shape = |function: Prototype| {
            let kinds: Vec<String> = function.parameters.into_iter().map(|parameter| parameter.kind).collect();
            format!("{} {}({})", function.returns, function.name, kinds.join(", "))
        };
        read(HEADER).unwrap().into_iter().map(shape).collect()
    }

    #[test]
    fn reads_functions_and_passes_over_the_rest() {
        assert_eq!(
            shapes(),
            [
                "uint32_t gb_version()",
                "gb_status gb_client_new(const gb_options *, gb_client **)",
                "const char * gb_json(const gb_value *, size_t *)",
                "void gb_args_bool(gb_args *, const char *, bool)",
            ]
        );
    }

    #[test]
    fn keeps_parameter_names() {
        let functions = read(HEADER).unwrap();
        assert_eq!(functions[3].parameters[1], Parameter { kind: "const char *".into(), name: "path".into() });
    }
}
