//! A dispatched event costs the Gateway client no memory. Alone in its file, since it has an allocator of its own, which counts
//! for each thread: the harness has a thread too.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use gamebridge_proto::event::{Event, EventType};
use gamebridge_proto::protocol::gateway::{Client, Config, Sink};
use gamebridge_proto::secret::Secret;
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::gateway::Intents;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the allocator's contract.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the allocator's contract.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Default)]
struct Count {
    dispatches: usize,
    bytes: usize,
}

impl Sink for Count {
    fn discover(&mut self) {}
    fn open(&mut self, _line: u32, _url: &str) {}
    fn send(&mut self, _line: u32, _text: &[u8]) {}
    fn close(&mut self, _line: u32, _code: u16, _reason: &str) {}
    fn keep(&mut self, _budget: &[u8]) {}
    fn event(&mut self, event: Event<'_>) {
        if event.kind == EventType::Dispatch {
            self.dispatches += 1;
            self.bytes += event.payload.len();
        }
    }
}

#[test]
fn a_dispatch_allocates_nothing() {
    let now = Instant::ZERO;
    let mut out = Count::default();
    let mut client = Client::new(Config::new(Secret::new("token"), Intents::NONE, 1)).expect("it is valid");
    client.start(now, &mut out);
    client.handle_opened(now, 0, &mut out);
    let (hello, ready) = (br#"{"op":10,"d":{"heartbeat_interval":41250}}"#, br#"{"t":"READY","s":1,"op":0,"d":{}}"#);
    client.handle_frame(now, 0, hello, &mut out).expect("HELLO");
    client.handle_frame(now, 0, ready, &mut out).expect("READY");
    let usual = br#"{"t":"MESSAGE_CREATE","s":2,"op":0,"d":{"content":"hello"}}"#;
    let unusual = br#"{"op":0,"d":{"content":"hello"},"s":3,"t":"MESSAGE_CREATE"}"#;
    // Numbers that fall are wondered at once, in words.
    client.handle_frame(now, 0, unusual, &mut out).expect("a dispatch");
    client.handle_frame(now, 0, usual, &mut out).expect("a dispatch");
    out = Count::default();
    let before = ALLOCATIONS.get();
    for _ in 0..1000 {
        client.handle_frame(now, 0, usual, &mut out).expect("a dispatch");
        client.handle_frame(now, 0, unusual, &mut out).expect("a dispatch");
    }
    let after = ALLOCATIONS.get();
    assert_eq!((out.dispatches, out.bytes), (2000, 2000 * br#"{"content":"hello"}"#.len()));
    assert_eq!(after - before, 0);
}
