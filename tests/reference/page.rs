//! The page: its beginning, in which order its sections come, and how text and tables are set.

use std::fmt::Write;

use gamebridge::proto::wire::catalog::{Arg, Row, Shape};

use crate::words::{cell, link, of_type, sentence, shapes_of};

const OPENING: &str = "\
# Reference

Every command, event and parameter that this version knows. The functions are in
[gamebridge.h](../include/gamebridge.h), the exact rules of replies, queues and threads in [semantics.md](semantics.md).

This page is printed from the tables by which the library checks what you send: change those, and run
`cargo xtask reference`.

**Reading the tables.** Arguments and data are JSON objects. A member marked *required* has to be there; of data, it always
is. An *id* is one of Discord's 64-bit numbers: a string of digits, as Discord writes it, or an integer; `gb_id` reads both,
`gb_args_id` writes one. Lengths count characters, not bytes. Types in a link are objects, under
[Objects](#objects). Members that a table does not name are passed on as they are, and so are RPC and Gateway commands
that are not on this page, since Discord adds both faster than libraries ship.

A value that does not fit is refused by `gb_send` with `GB_ERR_ARGUMENT`, and `gb_last_error` names the place:
`activity.buttons[1].label: 1 to 32 characters expected, 40 given`.

";

/// The whole page.
pub fn reference() -> String {
    let mut page = Page { text: OPENING.to_owned(), shapes: Vec::new() };
    page.contents();
    page.connecting();
    page.rpc();
    page.server();
    page.sandbox();
    page.http();
    page.gateway();
    page.dmod();
    page.numbers();
    page.objects();
    page.text
}

pub(crate) struct Page {
    text: String,
    /// The objects that were named so far.
    pub(crate) shapes: Vec<&'static Shape>,
}

impl Page {
    pub(crate) fn say(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push_str("\n\n");
    }

    pub(crate) fn table(&mut self, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        let _ = writeln!(self.text, "| {} |\n|{}", head.join(" | "), "---|".repeat(head.len()));
        for row in rows {
            let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
            let _ = writeln!(self.text, "| {} |", cells.join(" | "));
        }
        self.text.push('\n');
    }

    fn contents(&mut self) {
        for (heading, what) in [
            ("Connecting and serving", "parameters of `gb_connect` and `gb_serve`, and what CONNECTED brings"),
            ("RPC commands", "what to send to a Discord client, or to a GameBridge"),
            ("RPC events", "what it tells"),
            ("RPC error codes", "and close codes"),
            ("Server commands", "what to send to a server that you host"),
            ("Server events", "what it tells, and what it asks"),
            ("Server over HTTP", "commands, tokens and the API, for programs that speak neither WebSocket nor IPC"),
            ("Gateway commands", "with intents and close codes"),
            ("dmod commands", "with events and close codes"),
            ("Event types", "of `gb_event`"),
            ("Statuses", "and flags"),
            ("Objects", "that commands and events carry"),
        ] {
            let _ = writeln!(self.text, "- {}: {what}", link(heading));
        }
        self.text.push('\n');
    }

    pub(crate) fn members(&mut self, first: &str, members: &[Arg]) {
        for member in members {
            shapes_of(member.ty, &mut self.shapes);
        }
        let row = |member: &Arg| {
            let required = if member.required { "required" } else { "" };
            vec![format!("`{}`", member.name), of_type(member.ty), required.to_owned(), sentence(member.about)]
        };
        self.table(&[first, "Type", "", "Meaning"], members.iter().map(row));
    }

    pub(crate) fn list(&mut self, head: [&str; 2], rows: &[Row]) {
        self.table(&head, rows.iter().map(|row| vec![link(row.name), sentence(row.about)]));
    }
}
