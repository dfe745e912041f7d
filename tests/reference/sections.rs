//! What the page says, section by section.

use gamebridge::client::{PROTOCOLS, SERVICES};
use gamebridge::proto::error::Status;
use gamebridge::proto::wire::catalog::{Arg, Row, Type};
use gamebridge::proto::wire::{dmod, gateway, host, rest, rpc};

use crate::header;
use crate::page::Page;
use crate::words::{anchor, link, of_scopes, of_time, of_type, sentence, shapes_of};

/// To whom a command goes: what there is to say of its reply.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It answers in its own time, to who has the scope.
    Discord,
    /// It answers at once.
    Server,
    /// It answers nothing.
    Gateway,
}

impl Page {
    pub(crate) fn connecting(&mut self) {
        self.say("## Connecting and serving");
        self.say(
            "The parameters are the JSON object that `gb_connect` and `gb_serve` take. One that is not in its table is \
             refused: it would be a typing error that nobody notices.",
        );
        for (call, row) in
            PROTOCOLS.iter().map(|row| ("gb_connect", row)).chain(SERVICES.iter().map(|row| ("gb_serve", row)))
        {
            self.say(&format!("### {call} \"{}\"", row.name));
            self.say(&sentence(row.about));
            self.members("Parameter", row.args);
        }
        self.say("### What CONNECTED brings");
        self.table(
            &["Of", "`data`", "`message`"],
            [
                [
                    format!("`gb_connect` \"{}\"", PROTOCOLS[0].name),
                    format!(
                        "the {} object of READY; with an `access_token`, AUTHENTICATE's reply under `auth`",
                        link("Ready")
                    ),
                    "where it is connected: `ipc /run/user/1000/discord-ipc-0`, `websocket 127.0.0.1:6463`".to_owned(),
                ],
                [
                    "`gb_connect` \"gateway\"".to_owned(),
                    "READY's data as Discord sent it, or RESUMED's with `GB_FLAG_RESUMED`; `peer` is the shard".to_owned(),
                    "the address with its query".to_owned(),
                ],
                [
                    "`gb_connect` \"dmod\"".to_owned(),
                    format!("what was missed ({})", link("DmodAuthenticated")),
                    "the address".to_owned(),
                ],
                [
                    "`gb_serve` \"rpc\"".to_owned(),
                    format!(
                        "`port` and `address` of the WebSocket, `ipc`: the path of the local socket, `launch_token`: what a \
                         program of yours shows at the HTTP door in place of an Origin, `user`: the local player \
                         ({}), `account`: whose Discord peers meet ({})",
                        link("PartialUser"),
                        link("HostAccount")
                    ),
                    "the addresses in words".to_owned(),
                ],
                [
                    "`gb_serve` \"sandbox\"".to_owned(),
                    "the same, `ipc` only where it was asked for; `gateway`: the address that clients of the Gateway \
                     connect to, `api`: that of the API, without a version, `dmod`: that of its dmod gateway"
                        .to_owned(),
                    "the addresses in words".to_owned(),
                ],
            ]
            .map(|row| row.to_vec()),
        );
    }

    pub(crate) fn rpc(&mut self) {
        self.say("## RPC commands");
        self.say(
            "For `gb_send` on a connection of `gb_connect` \"rpc\". The reply's `data` is what stands under *Reply*; *Time* is how long it may take unless \
             `gb_send_request` says otherwise. Scopes are \
             those of the access token that AUTHENTICATE was given; `rpc.local` is held by every program that speaks over \
             the local socket, without a token.",
        );
        let callable: Vec<Row> = rpc::COMMANDS.iter().filter(|row| row.callable).copied().collect();
        self.list(["Command", "What it does"], &callable);
        for row in &callable {
            self.command(row.name, row, Told::Discord);
        }
        self.say("## RPC events");
        self.say(
            "DISPATCH events. Ask for them with [SUBSCRIBE](#subscribe), `{\"evt\":\"ACTIVITY_JOIN\"}`; the library asks again \
             after a break. READY is told as CONNECTED, and ERROR as the reply that failed.",
        );
        self.table(
            &["Event", "When", "Arguments of SUBSCRIBE", "Data", "Scopes"],
            rpc::EVENTS.iter().filter(|row| row.callable).map(|row| {
                let args: Vec<String> = row.args.iter().map(|arg| format!("`{}`", arg.name)).collect();
                let data = of_type(row.reply);
                vec![format!("`{}`", row.name), sentence(row.about), args.join(", "), data, of_scopes(row.scopes)]
            }),
        );
        for row in rpc::EVENTS {
            shapes_of(row.reply, &mut self.shapes);
        }
        self.say("### RPC error codes");
        self.say(
            "`gb_event.code` of a reply with `GB_ERR_REMOTE`. Discord's own sentence is in `message` when it sent one.",
        );
        self.table(
            &["Code", "Meaning"],
            rpc::ErrorCode::ALL.map(|code| vec![(code as i32).to_string(), sentence(code.sentence())]),
        );
        self.say("### RPC close codes");
        self.say("`gb_event.code` of DISCONNECTED, or of RECONNECTING where the connection is made anew.");
        self.table(
            &["Code", "Meaning", "Then", "Status"],
            rpc::CloseCode::ALL.map(|code| {
                let then = if code.is_fatal() { "DISCONNECTED" } else { "RECONNECTING" };
                let status = format!("`{}`", c_name(code.status()));
                vec![(code as u16).to_string(), sentence(code.sentence()), then.to_owned(), status]
            }),
        );
    }

    fn command(&mut self, heading: &str, row: &Row, told: Told) {
        self.say(&format!("### {heading}"));
        self.say(&sentence(row.about));
        if !row.args.is_empty() {
            self.members("Argument", row.args);
        }
        shapes_of(row.reply, &mut self.shapes);
        let mut facts = Vec::new();
        if told != Told::Gateway {
            facts.push(format!("**Reply:** {}.", of_reply(row.reply)));
        }
        if told == Told::Discord {
            facts.push(format!("**Scopes:** {}.", of_scopes(row.scopes)));
            facts.push(format!("**Time:** {}.", of_time(row)));
        }
        if !row.aliases.is_empty() {
            facts.push(format!("**Also known as:** `{}`.", row.aliases.join("`, `")));
        }
        if let Some(rule) = beyond_shape(row) {
            facts.push(rule.to_owned());
        }
        if !facts.is_empty() {
            self.say(&facts.join(" "));
        }
    }

    pub(crate) fn server(&mut self) {
        self.say("## Server commands");
        self.say(
            "For `gb_send` on a server of `gb_serve` \"rpc\". The server plays the Discord client to the games that connect \
             to it, and you play everybody else: other players, and the user's clicks. Peers never see these commands. A \
             command that is not here is refused with `GB_ERR_UNSUPPORTED`, and so that no typing error goes unseen, a \
             member that its table does not have is refused too. The reply is the thing as it is afterwards, or as it was \
             when it is gone. In a change null takes away where it is allowed, and what is left out stays. \
             [gamebridge.md](gamebridge.md) tells how to use them.",
        );
        let list = |row: &Row| vec![format!("[{}](#{})", row.name, anchor(&server_heading(row))), sentence(row.about)];
        self.table(&["Command", "What it does"], host::COMMANDS.iter().map(list));
        for row in host::COMMANDS {
            self.command(&server_heading(row), row, Told::Server);
        }
        self.say("## Server events");
        self.say("DISPATCH events of a server. `gb_event.peer` says which peer it is about.");
        self.table(
            &["Event", "When", "Data"],
            host::EVENTS.iter().map(|row| vec![format!("`{}`", row.name), sentence(row.about), of_type(row.reply)]),
        );
        self.say("### Server requests");
        self.say(
            "REQUEST events: settle each once with `gb_answer`, giving `gb_event.tag`. `GB_OK` allows, any other status denies.",
        );
        self.table(
            &["Request", "When", "Data"],
            host::REQUESTS.iter().map(|row| vec![format!("`{}`", row.name), sentence(row.about), of_type(row.reply)]),
        );
        for row in host::EVENTS.iter().chain(host::REQUESTS) {
            shapes_of(row.reply, &mut self.shapes);
        }
    }

    pub(crate) fn sandbox(&mut self) {
        self.say("## Sandbox commands");
        self.say(
            "For `gb_send` on a server of `gb_serve` \"sandbox\", which takes the server commands too. \
             [sandbox.md](sandbox.md) tells how to use them.",
        );
        let commands: Vec<Row> = host::gateway::COMMANDS.iter().chain(host::dmod::COMMANDS).copied().collect();
        self.list(["Command", "What it does"], &commands);
        for row in &commands {
            self.command(row.name, row, Told::Server);
        }
        self.say("## Sandbox events");
        self.say(
            "DISPATCH events of a sandbox, besides a server's. `gb_event.peer` is the connection at its Gateway, or at dmod's.",
        );
        let events = || host::gateway::EVENTS.iter().chain(host::dmod::EVENTS);
        self.table(
            &["Event", "When", "Data"],
            events().map(|row| vec![format!("`{}`", row.name), sentence(row.about), of_type(row.reply)]),
        );
        for row in events() {
            shapes_of(row.reply, &mut self.shapes);
        }
    }

    pub(crate) fn dmod(&mut self) {
        self.say("## dmod commands");
        self.say(
            "For `gb_send` on a connection of `gb_connect` \"dmod\". A command that the server refuses ends with `GB_ERR_REMOTE`, the \
             server's `code`, and its sentence. Names that are not here are passed on. [dmod.md](dmod.md) tells how all of it goes \
             together, and what was decided where the document is silent.",
        );
        self.list(["Command", "What it does"], dmod::COMMANDS);
        for row in dmod::COMMANDS {
            self.command(row.name, row, Told::Server);
        }
        self.say("### dmod events");
        self.say("DISPATCH events of such a connection.");
        self.table(
            &["Event", "When", "Data"],
            dmod::EVENTS.iter().map(|row| vec![format!("`{}`", row.name), sentence(row.about), of_type(row.reply)]),
        );
        for row in dmod::EVENTS {
            shapes_of(row.reply, &mut self.shapes);
        }
        self.say("### dmod close codes");
        self.say("`gb_event.code` of DISCONNECTED, or of RECONNECTING where the connection is made anew.");
        self.table(
            &["Code", "Meaning", "Then"],
            dmod::CloseCode::ALL.map(|code| {
                let then = if code.is_fatal() { "DISCONNECTED" } else { "RECONNECTING" };
                vec![(code as u16).to_string(), sentence(code.sentence()), then.to_owned()]
            }),
        );
    }

    pub(crate) fn http(&mut self) {
        self.say("## Server over HTTP");
        self.say(
            "Routes on the WebSocket's port. The Host has to be a loopback literal with that port, and there is no CORS: a web \
             page of another Origin than an application's can neither ask nor read. Everything that is not here gets one and \
             the same 404, HEAD and OPTIONS too.",
        );
        self.table(
            &["Route", "Body", "Answer"],
            [
                [
                    "`POST /rpc?v=1&client_id=..`",
                    "`application/json`: one command, `{\"cmd\":..,\"args\":..,\"nonce\":..}`",
                    "200 and the reply, `{\"cmd\":..,\"data\":..,\"evt\":null,\"nonce\":..}`; or 400, 401, 403, 429 and \
                     `{\"code\":..,\"message\":..}` with a code of [RPC](#rpc-error-codes)",
                ],
                [
                    "`POST /oauth2/token`",
                    "a form: `grant_type` authorization_code with `code`, or refresh_token with `refresh_token`; `client_id`, \
                     `client_secret`",
                    "the token, or the error object of RFC 6749",
                ],
                ["`POST /oauth2/token/rpc`", "a form: `client_id`, `client_secret`", "`{\"rpc_token\":..}`, for AUTHORIZE"],
                [
                    "`POST /oauth2/token/revoke`",
                    "a form: `token`, `client_id`, `client_secret`",
                    "`{}`; who authenticated with the token is closed with 4003",
                ],
                [
                    "`/api`, `/api/v6` to `/api/v10`, and a path below",
                    "`application/json`, where there is one",
                    "what the API answers, in the words of that version; without a version it is 6",
                ],
            ]
            .map(|row| row.map(str::to_owned).to_vec()),
        );
        self.say(
            "`/rpc` needs an Origin of the application's, or none and `launch_token` in the query. An access token, as \
             `Authorization: Bearer ..`, stands for AUTHENTICATE. The answer waits for the user's consent, or for what the \
             command waits for. A command that lasts as long as a connection is refused with 4002: AUTHENTICATE, SUBSCRIBE, \
             UNSUBSCRIBE, SET_ACTIVITY, SEND_ACTIVITY_JOIN_INVITE, CLOSE_ACTIVITY_REQUEST, SET_VOICE_SETTINGS, \
             SET_USER_VOICE_SETTINGS, SET_CERTIFIED_DEVICES. All who ask so have the rate of one peer together.",
        );
        self.say("### API endpoints");
        self.say(
            "For a token of the scope rpc.api, on behalf of the user who gave it. What an application makes here is its own: \
             ten guilds and ten channels at most while it is not approved, and it reads messages there without the scope \
             messages.read, which it needs everywhere else. Errors are `{\"code\":..,\"message\":..}` with Discord's JSON codes, \
             and a form that is wrong names its field. What happens here is an event to the peers that subscribed to it.",
        );
        self.table(
            &["Endpoint", "What it does", "Query", "Body"],
            rest::ENDPOINTS.iter().map(|endpoint| {
                let names = |args: &[Arg]| {
                    let names = args.iter().map(|arg| format!("`{}`{}", arg.name, if arg.required { "!" } else { "" }));
                    names.collect::<Vec<_>>().join(", ")
                };
                vec![
                    format!("`{} {}`", endpoint.method, endpoint.path),
                    sentence(endpoint.row.about),
                    names(endpoint.query),
                    names(endpoint.row.args),
                ]
            }),
        );
        self.say("Members with a `!` have to be there.");
    }

    pub(crate) fn gateway(&mut self) {
        self.say("## Gateway commands");
        self.say(&format!(
            "For `gb_send` on a connection of `gb_connect` \"gateway\". The Gateway answers none of them: the reply comes when \
             the message was handed to the transport, and what it causes comes as events. One message may have {} bytes. \
             Events are DISPATCH under Discord's own names, with their data as it came. [gateway.md](gateway.md) tells how \
             to use them.",
            gateway::MAX_SEND,
        ));
        self.list(["Command", "What it does"], gateway::COMMANDS);
        for row in gateway::COMMANDS {
            self.command(row.name, row, Told::Gateway);
        }
        self.say("### Asked of the connection itself");
        self.say("Nothing of these is sent.");
        for row in gateway::LOCAL_COMMANDS.iter().chain(gateway::CACHE_COMMANDS) {
            self.command(row.name, row, Told::Server);
        }
        self.say("### In versions 6 and 7");
        for row in gateway::V6_COMMANDS.iter().filter(|row| row.name != "VOICE_STATE_UPDATE") {
            self.command(&format!("{} (6)", row.name), row, Told::Gateway);
        }
        self.say("### In version 3");
        for row in gateway::V3_COMMANDS {
            self.command(&format!("{} (3)", row.name), row, Told::Gateway);
        }
        self.say("### Of user accounts");
        self.say(
            "Discord forbids automating user accounts. These are sent to a Gateway on this machine, and to others only with \
             the parameter `user_commands`.",
        );
        self.table(
            &["Command", "What it does", "Arguments"],
            gateway::USER_COMMANDS.iter().map(|row| {
                let args: Vec<String> = row.args.iter().map(|arg| format!("`{}`", arg.name)).collect();
                vec![format!("`{}`", row.name), sentence(row.about), args.join(", ")]
            }),
        );
        self.say("### Gateway intents");
        self.say(
            "The parameter `intents` is the sum of the values. Privileged ones have to be granted to the application. An event \
             that stands at no intent always comes.",
        );
        self.table(
            &["Intent", "Value", "", "Events"],
            gateway::INTENTS.iter().map(|intent| {
                let privileged = if intent.privileged { "privileged" } else { "" };
                let events: Vec<String> = intent.events.iter().map(|event| format!("`{event}`")).collect();
                let value = (1u64 << intent.bit).to_string();
                vec![format!("`{}`", intent.name), value, privileged.to_owned(), events.join(", ")]
            }),
        );
        self.say("### Gateway opcodes");
        self.say(
            "What stands in the messages. Those of *user* are sent by user accounts and are in no document of Discord's; \
             *gone* means that they are served no more.",
        );
        self.table(
            &["Opcode", "Name", "Sent by", "", "Since", "Meaning"],
            gateway::OPCODES.iter().map(|row| {
                let by = match row.by {
                    gateway::By::Server => "server",
                    gateway::By::Client => "client",
                    gateway::By::Both => "both",
                };
                let standing = match row.standing {
                    gateway::Standing::Session | gateway::Standing::Bot => "",
                    gateway::Standing::User => "user",
                    gateway::Standing::UserGone => "user, gone",
                };
                vec![
                    (row.opcode as u8).to_string(),
                    format!("`{}`", row.name),
                    by.to_owned(),
                    standing.to_owned(),
                    row.since.version().to_string(),
                    sentence(row.about),
                ]
            }),
        );
        self.say("### Gateway close codes");
        self.say(
            "`gb_event.code` of DISCONNECTED, or of RECONNECTING. What is not here, and a connection that breaks without a \
             code, is resumed.",
        );
        self.table(
            &["Code", "Meaning", "Then"],
            gateway::CloseCode::ALL.map(|code| {
                let then = match code.after() {
                    gateway::After::Fatal => "DISCONNECTED",
                    gateway::After::NewSession => "RECONNECTING, with a new session",
                    gateway::After::Resume => "RECONNECTING, and the session is resumed",
                };
                vec![(code as u16).to_string(), sentence(code.sentence()), then.to_owned()]
            }),
        );
    }

    pub(crate) fn numbers(&mut self) {
        for (heading, opening, prefixes) in [
            ("Event types", "`gb_event.type`. Ignore those that you do not know.", &["GB_EVENT_"] as &[_]),
            ("Statuses", "What functions return, and `gb_event.status`.", &["GB_OK", "GB_ERR_"]),
            ("Flags", "Bits of `gb_event.flags`.", &["GB_FLAG_"]),
        ] {
            self.say(&format!("## {heading}"));
            self.say(opening);
            self.table(
                &["Name", "Value", "Meaning"],
                header::constants(prefixes).into_iter().map(|constant| {
                    let about = constant.about.strip_prefix("Bit of gb_event.flags: ").unwrap_or(&constant.about);
                    vec![format!("`{}`", constant.name), constant.value.to_owned(), sentence(about)]
                }),
            );
        }
    }

    pub(crate) fn objects(&mut self) {
        self.say("## Objects");
        let mut shapes = std::mem::take(&mut self.shapes);
        shapes.sort_by_key(|shape| shape.name);
        for shape in shapes {
            self.say(&format!("### {}", shape.name));
            self.members("Member", shape.fields);
        }
    }
}

/// Some of the server's commands have the name of an event or command of RPC, or of another heading.
fn server_heading(row: &Row) -> String {
    format!("{} (server)", row.name)
}

fn of_reply(reply: Type) -> String {
    match reply {
        Type::Any => "without data".to_owned(),
        other => of_type(other),
    }
}

/// What is checked besides the shape, where a row has such a rule.
fn beyond_shape(row: &Row) -> Option<&'static str> {
    row.rule?;
    Some(match row.name {
        "SUBSCRIBE" | "UNSUBSCRIBE" => "`args` is checked against the event's own arguments.",
        "SET_ACTIVITY" => "Members of the activity that stand beside `activity` instead of inside it are refused.",
        "OVERWRITE_SET" | "OVERWRITE_DELETE" => "Either `role_id` or `user_id`.",
        "SNAPSHOT_LOAD" => "Either `snapshot` or `path`.",
        "SCENARIO_LOAD" => "Either `scenario` or `path`.",
        "REQUEST_GUILD_MEMBERS" => "Either `query`, with `limit`, or `user_ids`.",
        other => panic!("{other} has a rule that the reference does not tell"),
    })
}

/// `GB_ERR_RATE_LIMITED`.
fn c_name(status: Status) -> String {
    let value = (status as i32).to_string();
    let named = header::constants(&["GB_OK", "GB_ERR_"]);
    named
        .iter()
        .find(|constant| constant.value == value)
        .map(|constant| constant.name.to_owned())
        .expect("in the header")
}
