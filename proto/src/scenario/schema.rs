//! The format as a JSON Schema (draft 2020-12), printed from the catalog: editors complete and check scenarios by it.
//!
//! It says of shapes what the catalog says, and of names only how they look: whether one stands for something is
//! [`super::Scenario::read`]'s to say.

use std::collections::BTreeMap;

use super::VERSION;
use super::names::{Kind, NAME_PATTERN};
use super::read::{MAX_SECONDS, MAX_TIMES, MIN_EVERY, OF_CHANNEL, OF_GUILD, OF_USER, is_for_scenarios};
use crate::wire::catalog::{Arg, Row, Type};
use crate::wire::host;
use crate::wire::json::{Object, array, push_num, push_str};

/// The schema, as JSON text.
pub fn schema() -> Vec<u8> {
    let mut printer = Printer::default();
    let sections = printer.sections();
    let mut out = Vec::new();
    Object::begin(&mut out)
        .str("$schema", "https://json-schema.org/draft/2020-12/schema")
        .str("title", "A scenario of gamebridge")
        .str("description", "A world and what happens in it, for gb_serve and SCENARIO_LOAD.")
        .str("type", "object")
        .raw("properties", &sections)
        .raw("required", b"[\"scenario\"]")
        .bool("additionalProperties", false)
        .with("$defs", |out| {
            let object = Object::begin(out);
            printer.definitions.iter().fold(object, |object, (name, json)| object.raw(name, json)).end();
        })
        .end();
    out
}

#[derive(Default)]
struct Printer {
    definitions: BTreeMap<String, Vec<u8>>,
}

/// A schema that refers to a definition.
fn refer(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    Object::begin(&mut out).str("$ref", &format!("#/$defs/{name}")).end();
    out
}

fn texts(out: &mut Vec<u8>, texts: impl IntoIterator<Item = impl AsRef<str>>) {
    array(out, texts, |out, text| push_str(out, text.as_ref()));
}

/// Some text, with what it means.
fn text(about: &str) -> Vec<u8> {
    let mut out = Vec::new();
    Object::begin(&mut out).str("type", "string").str("description", about).end();
    out
}

fn seconds(about: &str, least: f64) -> Vec<u8> {
    let mut out = Vec::new();
    let object = Object::begin(&mut out).str("type", "number").num("minimum", least).num("maximum", MAX_SECONDS);
    object.str("description", about).end();
    out
}

/// An array of one kind of thing.
fn array_of(items: &[u8], about: &str) -> Vec<u8> {
    let mut out = Vec::new();
    Object::begin(&mut out).str("type", "array").raw("items", items).str("description", about).end();
    out
}

/// An object whose members are named by whoever writes the file.
fn named(entry: &[u8], about: &str) -> Vec<u8> {
    let mut out = Vec::new();
    Object::begin(&mut out)
        .str("type", "object")
        .raw("propertyNames", &refer("name"))
        .raw("additionalProperties", entry)
        .str("description", about)
        .end();
    out
}

impl Printer {
    fn define(&mut self, name: &str, json: Vec<u8>) -> Vec<u8> {
        self.definitions.insert(name.to_owned(), json);
        refer(name)
    }

    fn sections(&mut self) -> Vec<u8> {
        self.words();
        self.orders();
        let message = self.entry("Message", "MESSAGE_POST", &["channel_id"], &[], &[("as", refer("name"))]);
        let inside = [
            ("messages", array_of(&message, "the messages in it, oldest first")),
            ("voice", array_of(&refer("reference"), "the users in voice there")),
        ];
        debug_assert!(inside.iter().map(|(name, _)| *name).eq(OF_CHANNEL.iter().copied()));
        let defaults = ["name", "type"];
        let of_guild = self.entry("GuildChannel", "CHANNEL_CREATE", &["guild_id"], &defaults, &inside);
        let private = self.entry("Channel", "CHANNEL_CREATE", &[], &[], &inside);
        let member = self.entry("Member", "MEMBER_EDIT", &["guild_id", "user_id"], &[], &[]);
        let mut members = Vec::new();
        Object::begin(&mut members)
            .str("type", "object")
            .raw("additionalProperties", &member)
            .str("description", "who is in it, by name (me for the local user), each with what MEMBER_EDIT takes")
            .end();
        let role = self.entry("Role", "ROLE_CREATE", &["guild_id"], &["name"], &[]);
        let inside = [
            ("members", members),
            ("roles", named(&role, "its roles besides @everyone, by name")),
            ("channels", named(&of_guild, "its channels, by name")),
        ];
        debug_assert!(inside.iter().map(|(name, _)| *name).eq(OF_GUILD.iter().copied()));
        let guild = self.entry("Guild", "GUILD_CREATE", &["members"], &["name"], &inside);
        let relationship = self.ty("", &host::objects::RELATIONSHIPS, "what they are to the local user");
        let presence = self.entry("Presence", "PRESENCE_SET", &["user_id"], &[], &[]);
        let inside = [("relationship", relationship), ("presence", presence)];
        debug_assert!(inside.iter().map(|(name, _)| *name).eq(OF_USER.iter().copied()));
        let user = self.entry("User", "USER_CREATE", &[], &["username"], &inside);
        let application = self.entry("Application", "APPLICATION_REGISTER", &[], &["name"], &[]);
        let me = self.entry("Me", "USER_EDIT", &["user_id"], &[], &[]);
        let mut version = Vec::new();
        Object::begin(&mut version).int("const", VERSION).str("description", "the version of the format").end();
        let mut out = Vec::new();
        Object::begin(&mut out)
            .raw("$schema", &text("where this schema is, for editors"))
            .raw("scenario", &version)
            .raw("about", &text("what it is for"))
            .raw("me", &me)
            .raw("users", &named(&user, "other players, by name; the name is the username unless that is given"))
            .raw("applications", &named(&application, "games, by name"))
            .raw("guilds", &named(&guild, "guilds, by name"))
            .raw("channels", &named(&private, "direct messages and groups, by name"))
            .raw("setup", &array_of(&refer("order"), "what else is done at once, in this order"))
            .raw("steps", &array_of(&refer("step"), "what happens in time"))
            .end();
        out
    }

    /// What is the same everywhere.
    fn words(&mut self) {
        let mut out = Vec::new();
        let object = Object::begin(&mut out).str("type", "string").str("pattern", NAME_PATTERN);
        object.raw("not", br#"{"const":"me"}"#).str("description", "a name that is given to something").end();
        self.define("name", out);
        let mut out = Vec::new();
        Object::begin(&mut out)
            .with("anyOf", |out| {
                array(
                    out,
                    [r#"{"type":"string","pattern":"^[0-9]{1,20}$"}"#, r#"{"type":"integer","minimum":0}"#],
                    |out, one| {
                        out.extend_from_slice(one.as_bytes());
                    },
                );
            })
            .str("description", "an id")
            .end();
        self.define("id", out);
        let mut out = Vec::new();
        let pattern = format!("^@{}", NAME_PATTERN.trim_start_matches('^'));
        let object = Object::begin(&mut out).str("type", "string").str("pattern", &pattern);
        object.str("description", "something by its name: \"@ada\"; \"@me\" is the local user").end();
        self.define("reference", out);
        let mut out = Vec::new();
        Object::begin(&mut out)
            .with("anyOf", |out| {
                array(out, ["reference", "id"], |out, name| out.extend_from_slice(&refer(name)));
            })
            .end();
        self.define("thing", out);
    }

    /// Orders, steps, and steps that are repeated.
    fn orders(&mut self) {
        let rows: Vec<&Row> = host::COMMANDS.iter().filter(|row| is_for_scenarios(row)).collect();
        let mut cases = Vec::new();
        for row in &rows {
            let args = self.object(&format!("args_{}", row.name), row.args, &[], &[], &[], row.about);
            let needs_args = row.args.iter().any(|arg| arg.required);
            let gives = Kind::made_by(row.name).is_some();
            let mut case = Vec::new();
            Object::begin(&mut case)
                .with("if", |out| {
                    Object::begin(out)
                        .with("properties", |out| {
                            Object::begin(out).with("do", |out| Object::begin(out).str("const", row.name).end()).end();
                        })
                        .end();
                })
                .with("then", |out| {
                    let mut object = Object::begin(out).with("properties", |out| {
                        let object = Object::begin(out).raw("args", &args);
                        if gives { object.end() } else { object.raw("as", b"false").end() }
                    });
                    if needs_args {
                        object = object.raw("required", b"[\"args\"]");
                    }
                    object.end();
                })
                .end();
            cases.push(case);
        }
        let mut commands = Vec::new();
        let object = Object::begin(&mut commands).with("enum", |out| texts(out, rows.iter().map(|row| row.name)));
        object.str("description", "a host command (docs/reference.md)").end();
        let mut all = Vec::new();
        let each = |out: &mut Vec<u8>, case: &Vec<u8>| out.extend_from_slice(case);
        Object::begin(&mut all).with("allOf", |out| array(out, &cases, each)).end();
        self.define("by_command", all);
        let by_command = b"\"#/$defs/by_command\"".to_vec();
        let order = |timed: bool| {
            let mut out = Vec::new();
            Object::begin(&mut out)
                .str("type", "object")
                .with("properties", |out| {
                    let object = Object::begin(out)
                        .raw("do", &commands)
                        .raw("args", br#"{"type":"object"}"#)
                        .raw("as", &refer("name"))
                        .raw("about", &text("a remark"));
                    if timed { timing(object).end() } else { object.end() }
                })
                .raw("required", b"[\"do\"]")
                .bool("additionalProperties", false)
                .raw("$ref", &by_command)
                .end();
            out
        };
        self.define("order", order(false));
        self.define("timed_order", order(true));
        let mut times = Vec::new();
        Object::begin(&mut times)
            .with("anyOf", |out| {
                let most = i64::try_from(MAX_TIMES).unwrap_or(i64::MAX);
                array(out, [true, false], |out, counted| match counted {
                    true => Object::begin(out).str("type", "integer").int("minimum", 1).int("maximum", most).end(),
                    false => Object::begin(out).str("const", "forever").end(),
                });
            })
            .str("description", "how often")
            .end();
        let mut out = Vec::new();
        Object::begin(&mut out)
            .str("type", "object")
            .with("properties", |out| {
                let every = seconds(
                    "from the start of one round to the next, in seconds; as long as it takes unless given",
                    MIN_EVERY,
                );
                timing(Object::begin(out).raw("repeat", &times).raw("every", &every))
                    .raw("steps", &array_of(&refer("step"), "what is repeated"))
                    .raw("about", &text("a remark"))
                    .end();
            })
            .raw("required", b"[\"repeat\",\"steps\"]")
            .bool("additionalProperties", false)
            .end();
        self.define("repetition", out);
        let mut out = Vec::new();
        Object::begin(&mut out)
            .raw("if", br#"{"required":["repeat"]}"#)
            .raw("then", &refer("repetition"))
            .raw("else", &refer("timed_order"))
            .end();
        self.define("step", out);
    }

    /// An entry of a section: the arguments of a command without `fixed` ones, and `more` besides.
    fn entry(
        &mut self,
        name: &str,
        command: &str,
        fixed: &[&str],
        defaults: &[&str],
        more: &[(&str, Vec<u8>)],
    ) -> Vec<u8> {
        let row = host::command(command);
        let (args, about) = row.map_or((&[][..], ""), |row| (row.args, row.about));
        self.object(name, args, fixed, defaults, more, &format!("{command}: {about}"))
    }

    fn object(
        &mut self,
        name: &str,
        fields: &[Arg],
        without: &[&str],
        defaults: &[&str],
        more: &[(&str, Vec<u8>)],
        about: &str,
    ) -> Vec<u8> {
        let kept: Vec<&Arg> = fields.iter().filter(|field| !without.contains(&field.name)).collect();
        let members: Vec<(&str, Vec<u8>)> =
            kept.iter().map(|field| (field.name, self.member(field, defaults.contains(&field.name)))).collect();
        let required = kept.iter().filter(|field| field.required && !defaults.contains(&field.name));
        let required: Vec<&str> = required.map(|field| field.name).collect();
        let mut out = Vec::new();
        let mut object = Object::begin(&mut out).str("type", "object").with("properties", |out| {
            let all = members.iter().chain(more);
            all.fold(Object::begin(out), |object, (name, json)| object.raw(name, json)).end();
        });
        if !required.is_empty() {
            object = object.with("required", |out| texts(out, required));
        }
        object.bool("additionalProperties", false).str("description", about).end();
        self.define(name, out)
    }

    /// A member. One that may be left out may be null too.
    fn member(&mut self, field: &Arg, has_default: bool) -> Vec<u8> {
        let ty = self.ty(field.name, &field.ty, field.about);
        if field.required && !has_default || matches!(field.ty, Type::Nullable(_) | Type::Any) {
            return ty;
        }
        or_null(&ty)
    }

    fn ty(&mut self, argument: &str, ty: &Type, about: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let object = Object::begin(&mut out).str("description", about);
        match *ty {
            Type::Any => object.end(),
            Type::Null => object.str("type", "null").end(),
            Type::Bool => object.str("type", "boolean").end(),
            Type::Int { min, max } => {
                let mut object = object.str("type", "integer");
                if min != i64::MIN {
                    object = object.int("minimum", min);
                }
                if max != i64::MAX {
                    object = object.int("maximum", max);
                }
                object.end();
            }
            Type::Num { min, max } => {
                let mut object = object.str("type", "number");
                for (name, bound) in [("minimum", min), ("maximum", max)] {
                    if bound.is_finite() {
                        object = object.with(name, |out| push_num(out, bound));
                    }
                }
                object.end();
            }
            Type::Text { min, max } => {
                let mut object = object.str("type", "string");
                for (name, bound) in [("minLength", min), ("maxLength", max)] {
                    if bound != 0 && bound != usize::MAX {
                        object = object.int(name, i64::try_from(bound).unwrap_or(i64::MAX));
                    }
                }
                object.end();
            }
            Type::Time => object.str("type", "string").end(),
            Type::Snowflake => {
                let definition = if Kind::of_argument(argument).is_some() { "thing" } else { "id" };
                object.str("$ref", &format!("#/$defs/{definition}")).end();
            }
            Type::Numbers(known) => {
                let write =
                    |out: &mut Vec<u8>, (number, _): &(i64, _)| out.extend_from_slice(number.to_string().as_bytes());
                object.with("enum", |out| array(out, known, write)).end();
            }
            Type::Names(known) => object.with("enum", |out| texts(out, known)).end(),
            Type::Nullable(inner) => return or_null(&self.ty(argument, inner, about)),
            Type::Either(one, other) => {
                let both = [self.ty(argument, one, ""), self.ty(argument, other, "")];
                object.with("anyOf", |out| array(out, both, |out, one| out.extend_from_slice(&one))).end();
            }
            Type::Object(shape) if shape.name.is_empty() => object.str("type", "object").end(),
            Type::Object(shape) => {
                if !self.definitions.contains_key(shape.name) {
                    self.object(shape.name, shape.fields, &[], &[], &[], "");
                }
                object.str("$ref", &format!("#/$defs/{}", shape.name)).end();
            }
            Type::Array { of, min, max } => {
                let items = self.ty(argument, of, "");
                let mut object = object.str("type", "array").raw("items", &items);
                for (name, bound) in [("minItems", min), ("maxItems", max)] {
                    if bound != 0 && bound != usize::MAX {
                        object = object.int(name, i64::try_from(bound).unwrap_or(i64::MAX));
                    }
                }
                object.end();
            }
        }
        out
    }
}

/// When a step comes.
fn timing(object: Object<'_>) -> Object<'_> {
    object
        .raw("at", &seconds("when, in seconds from the start (of the round, where it is repeated)", 0.0))
        .raw("after", &seconds("how long after the step before, in seconds; at once unless given", 0.0))
}

fn or_null(schema: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let both = [schema, br#"{"type":"null"}"#];
    Object::begin(&mut out).with("anyOf", |out| array(out, both, |out, one| out.extend_from_slice(one))).end();
    out
}
