//! A client's life on record: no secret is in it, and it plays again as it was.

use gamebridge_proto::record::client::Input;
use gamebridge_proto::record::{Output, Recording, Setup, Tapped, Track, Witness, replay};
use gamebridge_proto::wire::ipc::{Frame, Opcode};

use crate::town::*;

struct Scribe<'a> {
    recording: &'a mut Recording,
    track: &'a mut Track,
}

impl Witness for Scribe<'_> {
    fn saw(&mut self, output: &Output<'_>) {
        self.recording.output(self.track, output);
    }
}

/// A client that is told everything through the recording.
struct Studio {
    now: Instant,
    client: Client,
    recording: Recording,
    track: Track,
    out: Recorder,
}

impl Studio {
    fn new(config: Config) -> Studio {
        let client = Client::new(config).unwrap();
        let mut recording = Recording::new("a test", 1 << 20);
        let track = recording.begin(Instant::ZERO, Setup::Dmod(client.config()));
        Studio { now: Instant::ZERO, client, recording, track, out: Recorder::default() }
    }

    fn tell(&mut self, input: Input<'_>) {
        self.recording.client(&mut self.track, self.now, &input);
        let mut scribe = Scribe { recording: &mut self.recording, track: &mut self.track };
        let result = input.feed_dmod(self.now, &mut self.client, &mut Tapped::new(&mut self.out, Some(&mut scribe)));
        if let Err(error) = result {
            scribe.saw(&Output::Failed(&error));
        }
        self.recording.timer(&mut self.track, self.client.next_timeout());
    }

    fn frame(&mut self, text: &str) {
        self.tell(Input::Frame(0, Frame { opcode: Opcode::Frame, payload: text.as_bytes() }));
    }

    fn command(&mut self, name: &str, args: Value, tag: u64) {
        let args = args.to_string().into_bytes().into();
        self.tell(Input::Command(Command { name: name.into(), args, tag, issued: self.now, ..Command::default() }));
    }

    /// To the next deadline.
    fn wait(&mut self) {
        self.now = self.client.next_timeout().expect("a deadline");
        self.tell(Input::Timeout);
    }
}

#[test]
fn a_life_plays_again_without_its_secrets() {
    let mut studio = Studio::new(Config { uid: Some("41".into()), upkeep: true, ..config() });
    studio.tell(Input::Start);
    for life in 0..2 {
        studio.tell(Input::Opened(0, None));
        studio.frame(r#"{"op":0,"t":null,"d":null}"#);
        studio.frame(r#"{"op":2,"t":null,"d":{"missed_notifications":[]}}"#);
        if life == 0 {
            studio.command("CONNECT_GUILD", json!({"token": HARBOUR_TOKEN, "gid": "7"}), 1);
            let session = json!({"uid": "41", "gid": "7", "utokh": ADA_TOKEN, "uhash": ADA_HASH});
            studio.command("APPLICATION_SESSION", session, 2);
        }
        studio.frame(r#"{"op":7,"d":{"for":"CONNECT_GUILD","data":{"guild":{},"user":{"permissions":"8"}}}}"#);
        studio.frame(r#"{"op":7,"d":{"for":"APPLICATION_SESSION","data":{"success":true}}}"#);
        studio.frame(r#"{"op":5,"ev":"APPLICATION_SESSION_REAUTH","d":{"permissions":"9"}}"#);
        studio.frame(r#"{"op":3,"t":null,"d":null}"#);
        let closed = Closed { code: Some(1006), reason: "cut", unwritten: 1 };
        studio.tell(Input::Closed(0, closed, Status::Closed));
        while !matches!(studio.out.0.last(), Some(Did::Open(_))) {
            studio.wait();
        }
    }
    studio.tell(Input::Disconnect);
    let recording = String::from_utf8(studio.recording.take()).unwrap();
    for secret in [ADA_TOKEN, ADA_HASH, HARBOUR_TOKEN] {
        assert!(!recording.contains(secret), "{secret}");
    }
    let report = replay(recording.as_bytes()).unwrap();
    assert!(report.is_same(), "{report}");
    let [connection] = &report.connections[..] else { panic!("{report}") };
    assert_eq!((&*connection.kind, connection.received), ("dmod", 12));
}
