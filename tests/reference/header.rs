//! Constants with their comments, read from the C header.

/// A constant of the header.
pub struct Constant {
    pub name: &'static str,
    pub value: &'static str,
    pub about: String,
}

/// All whose names begin so, in the header's order.
pub fn constants(prefixes: &[&str]) -> Vec<Constant> {
    let header = include_str!("../../include/gamebridge.h");
    let mut comment = String::new();
    let mut found = Vec::new();
    for line in header.lines() {
        if let Some(text) = line.strip_prefix("//") {
            if !comment.is_empty() {
                comment.push(' ');
            }
            comment.push_str(text.trim());
            continue;
        }
        let about = std::mem::take(&mut comment);
        let Some((name, value)) = line.strip_prefix("#define ").and_then(|rest| rest.split_once(' ')) else { continue };
        if prefixes.iter().any(|prefix| name.starts_with(prefix)) {
            found.push(Constant { name, value: value.trim_matches(['(', ')']), about });
        }
    }
    found
}
