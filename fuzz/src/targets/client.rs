//! A Gateway that says anything at all to our client.

use std::time::Duration;

use gamebridge_proto::event::{Event, EventType, Flags};
use gamebridge_proto::protocol::gateway::{Client, Closed, Config, IDENTIFY_EVERY, Shards, Sink};
use gamebridge_proto::secret::Secret;
use gamebridge_proto::time::Instant;
use gamebridge_proto::value::Document;
use gamebridge_proto::wire::gateway::{After, Dialect, Intents};

use crate::run::saw;

const TOKEN: &str = "canary-token";
const HOME: &str = "wss://gateway.discord.gg";

#[derive(Default)]
struct Record {
    now: Instant,
    doc: Document,
    open: Vec<u32>,
    lines: u32,
    identified: Option<Instant>,
    over: Option<Flags>,
    story: String,
}

impl Sink for Record {
    fn discover(&mut self) {
        panic!("the address is given");
    }
    fn open(&mut self, line: u32, url: &str) {
        let host = url.strip_prefix("wss://").expect("nothing but wss://").split(['/', ':', '?']).next().unwrap_or("");
        // Names of hosts are the same in capitals.
        let host = host.to_ascii_lowercase();
        assert!(host == "discord.gg" || host.ends_with(".discord.gg"), "sent to {url}");
        self.lines = self.lines.max(line + 1);
        self.open.push(line);
        self.story.push('o');
    }
    fn send(&mut self, _line: u32, text: &[u8]) {
        assert!(text.len() <= 4096, "{} bytes", text.len());
        self.doc.parse(text).expect("what is sent is JSON");
        let opcode = self.doc.root().member("op").as_whole().expect("an opcode");
        let said = text.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes());
        assert_eq!(said, matches!(opcode, 2 | 6), "the token is in IDENTIFY and RESUME");
        if opcode == 2 {
            assert!(self.identified.is_none_or(|last| self.now - last >= IDENTIFY_EVERY), "too soon after the last");
            self.identified = Some(self.now);
        }
        self.story.push_str(&opcode.to_string());
    }
    fn close(&mut self, line: u32, _code: u16, _reason: &str) {
        self.open.retain(|open| *open != line);
        self.story.push('c');
    }
    fn keep(&mut self, budget: &[u8]) {
        self.doc.parse(budget).expect("the budget is JSON");
    }
    fn event(&mut self, event: Event<'_>) {
        assert!(self.over.is_none(), "DISCONNECTED is last");
        for text in [event.name, event.message] {
            assert!(!text.contains(TOKEN), "the token is nobody's to see");
        }
        if event.kind == EventType::Disconnected {
            self.over = Some(event.flags);
        }
        self.story.push((b'A' + event.kind as u8 % 26) as char);
    }
}

/// Whatever a Gateway says, line by line: the client sends well-formed messages of 4096 bytes at most, shows its token to
/// nobody else, goes nowhere but to the Gateway's own hosts, identifies once in 5 seconds, and ends only when it was told so
/// with a close code that is final.
///
/// The first byte says which version, and how many shards. A line is a message; one that begins with a byte below 8 is a
/// close with the code behind it, the loss of a connection, time that passes, or the next line's shard.
pub fn gateway_client(data: &[u8]) {
    let [how, rest @ ..] = data else { return };
    let dialect = [Dialect::V3, Dialect::V6, Dialect::V9, Dialect::V10][usize::from(how & 3)];
    let shards = if how & 4 != 0 && dialect != Dialect::V3 { Shards::All(2) } else { Shards::Single };
    let config = Config {
        dialect,
        shards,
        url: Some(HOME.into()),
        ..Config::new(Secret::new(TOKEN), Intents(513), u64::from(*how))
    };
    let mut client = Client::new(config).expect("it is valid");
    let mut out = Record::default();
    client.start(out.now, &mut out);
    let (mut line, mut fatal) = (0, false);
    for text in rest.split(|byte| *byte == b'\n').take(200) {
        opened(&mut client, &mut out);
        let now = out.now;
        match text {
            [0, code @ ..] => {
                let code =
                    code.iter().fold(0u16, |code, byte| code.wrapping_mul(10).wrapping_add(u16::from(byte & 15)));
                fatal |= After::closed(Some(code)) == After::Fatal;
                client.handle_closed(now, line, Closed { code: Some(code), ..Closed::default() }, &mut out);
            }
            [1, ..] => client.handle_closed(now, line, Closed::default(), &mut out),
            [2, seconds, ..] => pass(&mut client, &mut out, Duration::from_secs(u64::from(*seconds))),
            [3, which, ..] => line = u32::from(*which) % out.lines.max(1),
            [4, ..] => client.handle_reading_paused(now, line, true),
            [5, ..] => client.handle_reading_paused(now, line, false),
            message => {
                if client.handle_frame(now, line, message, &mut out).is_err() {
                    client.handle_closed(now, line, Closed::default(), &mut out);
                }
            }
        }
    }
    pass(&mut client, &mut out, Duration::from_secs(600));
    assert_eq!(client.is_finished(), out.over.is_some());
    assert!(out.over.is_none_or(|flags| fatal && flags == Flags::FATAL), "it ended of itself");
    saw(out.story, 0);
}

fn opened(client: &mut Client, out: &mut Record) {
    while let Some(line) = out.open.pop() {
        client.handle_opened(out.now, line, out);
    }
}

fn pass(client: &mut Client, out: &mut Record, time: Duration) {
    let end = out.now + time;
    let mut steps = 0;
    while let Some(at) = client.next_timeout().filter(|at| *at <= end) {
        steps += 1;
        assert!(steps < 200_000, "a deadline that passed is asked for again and again");
        out.now = out.now.max(at);
        client.handle_timeout(out.now, out);
        opened(client, out);
    }
    out.now = end;
}
