//! C programs that are written from the list of exports: nothing that is exported can be forgotten by them.
//!
//! *null_and_garbage* calls every export with every combination of the values that `tests/c/provoke.h` keeps for its
//! parameters' types: NULL, empty, garbage, stale, too large, valid. *panics* calls every export of the test-only build
//! while `gb_panic_probe` makes each of them panic inside. The C that is written is loops; the values are in the header.

use std::fmt::Write;

use crate::exports::Symbols;
use crate::prototypes::{Parameter, Prototype};

/// Which of the programs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    NullAndGarbage,
    Panics,
}

/// Writes the program's source. Fails when the header lacks an export, or a type has no values yet.
pub fn write(kind: Kind, symbols: &Symbols, header: &[Prototype]) -> Result<String, String> {
    let mut text =
        String::from("/* Written by xtask/src/provocation.rs from bindings/c/symbols.txt: not to be edited. */\n");
    if kind == Kind::Panics {
        text.push_str("#define PROVOKE_PANICS 1\n");
    }
    text.push_str("#include \"provoke.h\"\n");
    for name in symbols.keys() {
        let function = header
            .iter()
            .find(|function| function.name == *name)
            .ok_or_else(|| format!("{name} is in symbols.txt and not in the header"))?;
        text.push_str(&trial(kind, function)?);
    }
    text.push_str("\nint main(void) {\n  provoke_begin();\n");
    for name in symbols.keys() {
        let _ = writeln!(text, "  try_{name}();");
    }
    text.push_str("  return provoke_end();\n}\n");
    Ok(text)
}

/// One function: loops over the values of each parameter, the call, a look at what came back.
fn trial(kind: Kind, function: &Prototype) -> Result<String, String> {
    let name = &function.name;
    let mut text = format!("\nstatic void try_{name}(void) {{\n");
    let mut arguments = Vec::new();
    for (index, parameter) in function.parameters.iter().enumerate() {
        let values = values_of(function, parameter)?;
        let variable = format!("i{index}");
        match kind {
            Kind::NullAndGarbage => {
                let _ = writeln!(text, "  for (int {variable} = 0; {variable} < N_{values}; {variable}++) {{");
            }
            // The valid value of each type stands at 1.
            Kind::Panics => {
                let _ = writeln!(text, "  {{ const int {variable} = 1;");
            }
        }
        // In a variable: making a value may itself call the library, and that must not be what panics.
        let _ = writeln!(text, "  {}const a{index} = V_{values}({variable});", spaced(&parameter.kind));
        arguments.push(format!("a{index}"));
    }
    let call = format!("{name}({})", arguments.join(", "));
    let look = match function.returns.as_str() {
        "void" => format!("LOOK_VOID({name}, {call})"),
        "gb_status" => format!("LOOK_STATUS({name}, {call})"),
        "bool" | "int32_t" | "int64_t" | "uint32_t" | "uint64_t" | "size_t" | "double" | "gb_kind" => {
            format!("LOOK_NUMBER({name}, {call})")
        }
        "intptr_t" => format!("LOOK_HANDLE({name}, {call})"),
        // With a length beside it a text need not end with NUL.
        "const char *" if takes(function, "size_t *") => format!("LOOK_BYTES({name}, {call})"),
        "const char *" => format!("LOOK_TEXT({name}, {call})"),
        "const gb_event *" | "const gb_value *" => format!("LOOK_POINTER({name}, {call})"),
        "gb_event *" => format!("LOOK_OWNED({name}, gb_event, gb_event_free, {call})"),
        "gb_args *" => format!("LOOK_OWNED({name}, gb_args, gb_args_free, {call})"),
        other => return Err(format!("{name} returns {other}: say in xtask/src/provocation.rs how to look at it")),
    };
    let _ = writeln!(text, "  {look};\n{}}}", "}".repeat(function.parameters.len()));
    Ok(text)
}

/// `const char *` takes a name at once, `bool` after a space.
fn spaced(kind: &str) -> String {
    if kind.ends_with('*') { kind.to_owned() } else { format!("{kind} ") }
}

fn takes(function: &Prototype, kind: &str) -> bool {
    function.parameters.iter().any(|parameter| parameter.kind == kind)
}

/// The name of the values for a parameter: `N_name` says how many there are, `V_name(i)` is one of them.
fn values_of(function: &Prototype, parameter: &Parameter) -> Result<&'static str, String> {
    let frees = function.name.ends_with("_free");
    Ok(match parameter.kind.as_str() {
        // What a function frees is made for the call.
        "gb_client *" if frees => "own_client",
        "gb_event *" if frees => "own_event",
        "gb_args *" if frees => "own_args",
        "gb_client *" => "client",
        "gb_client **" => "out_client",
        "gb_conn" => "conn",
        "gb_conn *" => "out_conn",
        "const gb_options *" => "options",
        "const gb_request *" => "request",
        "const gb_activity *" => "activity",
        "const gb_launch *" => "launch",
        "const gb_event *" => "event",
        "const gb_value *" => "value",
        "gb_args *" | "const gb_args *" => "args",
        "const char *" => "text",
        "size_t *" => "out_size",
        "gb_status" | "int32_t" if parameter.name.contains("timeout") => "timeout",
        "gb_status" | "int32_t" => "int32",
        "uint32_t" => "uint32",
        "int64_t" => "int64",
        "uint64_t" => "uint64",
        "size_t" => "size",
        "double" => "number",
        "bool" => "truth",
        other => return Err(format!("{} takes {other}: give it values in tests/c/provoke.h", function.name)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Vec<Prototype> {
        crate::prototypes::read("gb_status gb_cancel(gb_client *gb, gb_conn conn, uint64_t tag); void gb_odd(FILE *f);")
            .unwrap()
    }

    fn symbols(name: &str) -> Symbols {
        [(name.to_owned(), "0.1".to_owned())].into()
    }

    #[test]
    fn loops_over_the_values_of_every_parameter() {
        let text = write(Kind::NullAndGarbage, &symbols("gb_cancel"), &header()).unwrap();
        assert!(text.contains("LOOK_STATUS(gb_cancel, gb_cancel(a0, a1, a2));"), "{text}");
        assert!(text.contains("gb_client *const a0 = V_client(i0);"), "{text}");
        assert_eq!(text.matches("for (int i").count(), 3);
    }

    #[test]
    fn refuses_a_type_that_it_has_no_values_for() {
        let refusal = write(Kind::Panics, &symbols("gb_odd"), &header()).unwrap_err();
        assert_eq!(refusal, "gb_odd takes FILE *: give it values in tests/c/provoke.h");
    }

    #[test]
    fn refuses_an_export_that_the_header_lacks() {
        assert!(write(Kind::Panics, &symbols("gb_hidden"), &header()).is_err());
    }
}
