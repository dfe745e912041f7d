//! `docs/reference.md`: every command, event and parameter, printed from the catalogs that the library itself reads; and
//! `docs/scenario.schema.json`, the format of scenarios, printed from the same.
//!
//! They are committed, since people read it where the code is read; this test says when it is no longer what the
//! catalogs say. `cargo xtask reference` writes it anew.
#![cfg(feature = "gateway")]

mod header;
mod page;
mod schema;
mod sections;
mod words;

use gamebridge::proto::scenario::Scenario;

/// Set it to have the page written in place of compared.
const REWRITE: &str = "GAMEBRIDGE_WRITE_REFERENCE";

/// Compares a committed file with what is printed now.
fn is_current(name: &str, printed: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os(REWRITE).is_some() {
        std::fs::write(path, printed).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let differs = committed.lines().zip(printed.lines()).position(|(old, new)| old != new);
    assert!(
        committed == printed,
        "docs/{name} is not what the catalogs say, from line {} on: run `cargo xtask reference`",
        differs.unwrap_or_else(|| committed.lines().count().min(printed.lines().count())) + 1
    );
}

#[test]
fn the_committed_reference_is_current() {
    is_current("reference.md", &page::reference());
}

#[test]
fn the_committed_schema_is_current() {
    is_current("scenario.schema.json", &schema::schema());
}

/// The scenarios that are shown as examples.
fn examples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/scenarios");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let read = |file: std::fs::DirEntry| {
        (file.file_name().into_string().unwrap(), std::fs::read_to_string(file.path()).unwrap())
    };
    let examples: Vec<(String, String)> = files.map(read).collect();
    assert!(examples.len() >= 3);
    examples
}

#[test]
fn the_example_scenarios_conform_to_the_schema_and_are_read() {
    let schema = serde_json::from_str(&schema::schema()).unwrap();
    for (name, text) in examples() {
        let value = serde_json::from_str(&text).unwrap();
        assert_eq!(schema::complaint(&schema, &value), None, "{name}");
        Scenario::read(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn what_the_schema_refuses_is_refused_when_it_is_read() {
    let schema = serde_json::from_str(&schema::schema()).unwrap();
    let ada = r#""users":{"ada":{}}"#;
    for (scenario, place) in [
        (r#"{}"#.to_owned(), ": scenario is missing"),
        (r#"{"scenario":2}"#.to_owned(), "/scenario: const"),
        (r#"{"scenario":1,"user":{}}"#.to_owned(), "/user: nothing may stand here"),
        (r#"{"scenario":1,"users":{"a b":{}}}"#.to_owned(), "/users/a b: pattern"),
        (r#"{"scenario":1,"users":{"me":{}}}"#.to_owned(), "/users/me: not"),
        (r#"{"scenario":1,"users":{"ada":{"username":"x"}}}"#.to_owned(), "/users/ada/username: anyOf"),
        (r#"{"scenario":1,"users":{"ada":{"nick":"x"}}}"#.to_owned(), "/users/ada/nick: nothing may stand here"),
        (r#"{"scenario":1,"guilds":{"den":{"guild_id":"5"}}}"#.to_owned(), "/guilds/den/guild_id: nothing"),
        (format!(r#"{{"scenario":1,{ada},"steps":[{{"do":"STATE"}}]}}"#), "/steps/0/do: enum"),
        (format!(r#"{{"scenario":1,{ada},"steps":[{{"do":"VOICE_JOIN"}}]}}"#), "/steps/0: args is missing"),
        (
            format!(r#"{{"scenario":1,{ada},"steps":[{{"do":"VOICE_JOIN","args":{{"channel_id":"den"}}}}]}}"#),
            "/steps/0/args/channel_id: anyOf",
        ),
        (format!(r#"{{"scenario":1,{ada},"steps":[{{"do":"VOICE_LEAVE","as":"x"}}]}}"#), "/steps/0/as: nothing"),
        (format!(r#"{{"scenario":1,{ada},"steps":[{{"at":-1,"do":"VOICE_LEAVE"}}]}}"#), "/steps/0/at: minimum"),
        (
            format!(r#"{{"scenario":1,{ada},"steps":[{{"repeat":"often","steps":[{{"do":"VOICE_LEAVE"}}]}}]}}"#),
            "/steps/0/repeat: anyOf",
        ),
        (format!(r#"{{"scenario":1,{ada},"setup":[{{"at":1,"do":"VOICE_LEAVE"}}]}}"#), "/setup/0/at: nothing"),
    ] {
        let value = serde_json::from_str(&scenario).unwrap();
        let complaint = schema::complaint(&schema, &value).unwrap_or_else(|| panic!("{scenario} conforms"));
        assert!(complaint.starts_with(place), "{scenario}: {complaint}");
        assert!(Scenario::read(scenario.as_bytes()).is_err(), "{scenario}");
    }
}

#[test]
fn every_link_of_the_reference_leads_somewhere() {
    let page = page::reference();
    let headings: Vec<String> = page
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| words::anchor(line.trim_start_matches('#')))
        .collect();
    for link in page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(headings.iter().any(|heading| heading == link), "#{link} leads nowhere");
    }
    for (at, heading) in headings.iter().enumerate() {
        assert!(!headings[..at].contains(heading), "two headings are called {heading}");
    }
}
