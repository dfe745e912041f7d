//! The declarations of `examples/unity/Gamebridge.cs`, held against the header: C# believes whatever a script says
//! about a native function, and a wrong type is a crash in somebody's game.
//!
//! Reads that one file, which declares each function in one statement behind `public static extern`.

#![cfg(test)]

use std::fs;

use crate::exports;
use crate::header;
use crate::house;
use crate::prototypes::Prototype;

fn script() -> String {
    fs::read_to_string(house::root().join("examples/unity/Gamebridge.cs")).expect("the script is there")
}

/// `int gb_connect(IntPtr client, ...)` for each declaration, without attributes.
fn declared(script: &str) -> Vec<(String, String, Vec<String>)> {
    let statements = script.split("public static extern ").skip(1).filter_map(|rest| rest.split(';').next());
    statements
        .map(|statement| {
            let (head, parameters) = statement.split_once('(').expect("a parameter list");
            let (returns, name) = head.split_once(' ').expect("a type and a name");
            let parameters = without_attributes(parameters.trim_end().trim_end_matches(')'));
            let types = parameters.split(',').map(str::trim).filter(|parameter| !parameter.is_empty());
            let types = types.map(|parameter| parameter.rsplit_once(' ').expect("a type and a name").0.to_owned());
            (returns.to_owned(), name.to_owned(), types.collect())
        })
        .collect()
}

fn without_attributes(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("[MarshalAs") {
        plain.push_str(&rest[..start]);
        rest = rest[start..].split_once(']').expect("an attribute ends").1;
    }
    plain + rest
}

/// What C# has to say for a C type.
fn expected(kind: &str, is_return: bool) -> &str {
    match kind {
        "void" => "void",
        "bool" => "bool",
        "double" => "double",
        "int32_t" | "gb_status" => "int",
        "uint32_t" | "gb_conn" | "gb_kind" => "uint",
        "int64_t" => "long",
        "uint64_t" => "ulong",
        "size_t" => "UIntPtr",
        "const char *" if !is_return => "byte[]",
        "gb_client **" => "out IntPtr",
        "gb_conn *" => "out uint",
        "size_t *" => "out UIntPtr",
        "const gb_options *" => "ref gb_options",
        "const gb_activity *" => "ref gb_activity",
        "const gb_launch *" => "ref gb_launch",
        pointer if pointer.ends_with('*') => "IntPtr",
        other => panic!("no C# type is known for {other}"),
    }
}

#[test]
fn every_declaration_of_the_script_is_true_to_the_header() {
    let script = script();
    let header: Vec<Prototype> = exports::declared().expect("the header is there");
    let found = declared(&script);
    assert!(found.len() >= 42, "only {} declarations were read", found.len());
    for (returns, name, parameters) in found {
        let function = header.iter().find(|function| function.name == name);
        let function = function.unwrap_or_else(|| panic!("{name} is not in the header"));
        assert_eq!(returns, expected(&function.returns, true), "what {name} returns");
        let kinds: Vec<&str> = function.parameters.iter().map(|it| expected(&it.kind, false)).collect();
        assert_eq!(parameters, kinds, "the parameters of {name}");
    }
    // A bool of C is one byte.
    let bools = script.matches("MarshalAs(UnmanagedType.I1)").count();
    let used = declared(&script)
        .into_iter()
        .map(|(returns, _, types)| usize::from(returns == "bool") + types.iter().filter(|it| *it == "bool").count());
    assert_eq!(bools, used.sum::<usize>());
}

#[test]
fn the_structs_of_the_script_have_the_fields_of_the_header() {
    let header = fs::read_to_string(header::committed()).expect("the header is there");
    let script = script();
    for name in ["gb_event", "gb_options", "gb_activity", "gb_launch"] {
        let ours = fields(&header, &format!("typedef struct {name} {{"), "}");
        let theirs = fields(&script, &format!("public struct {name}\n"), "        }");
        assert!(ours.len() >= 4);
        assert_eq!(theirs, ours, "the fields of {name}");
    }
}

/// Names with the width of their type (`p` of a pointer), in order, of a struct of either language.
fn fields(text: &str, opens: &str, closes: &str) -> Vec<(String, char)> {
    let body = text.split_once(opens).expect("the struct is there").1;
    let body = body.split(&format!("\n{closes}")).next().expect("it ends");
    let statements = body.lines().map(str::trim).filter(|line| line.ends_with(';') && !line.starts_with("//"));
    statements
        .flat_map(|statement| {
            let statement = statement.trim_end_matches(';').trim_start_matches("public ").trim_start_matches("const ");
            let (kind, names) = statement.split_once(' ').expect("a type and a name");
            let width = match kind {
                "uint" | "int" | "uint32_t" | "int32_t" | "gb_event_type" | "gb_conn" | "gb_status" => '4',
                "ulong" | "long" | "uint64_t" | "int64_t" => '8',
                "UIntPtr" | "size_t" => 's',
                _ => 'p',
            };
            names.split(',').map(move |name| (name.trim().trim_start_matches('*').to_owned(), width))
        })
        .collect()
}
