//! Allocations per event in the steady state: every call of the allocator by any thread of this process, the library's
//! included, between two events of a flood. Prints `allocations_per_event` and `events`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use gamebridge::client::{Client, Options, Polled};
use gamebridge_benches::meter::port;
use gamebridge_proto::event::EventType;
use gamebridge_proto::value::Document;

struct Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: passed on.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Events before counting begins: every buffer has its size by then.
const WARM: u64 = 40_000;

fn main() {
    let client = Client::new(Options::default()).expect("a client");
    let params = format!(r#"{{"token":"x","intents":0,"url":"ws://127.0.0.1:{}"}}"#, port());
    client.connect("gateway", params.as_bytes()).expect("a connection");
    let (mut events, mut before, mut fields) = (0u64, 0, 0u64);
    let mut document = Document::new();
    loop {
        let ended = client.wait(None, |polled| {
            let Some(Polled::Event(view)) = polled else { return false };
            if view.fields.kind != EventType::Dispatch {
                return false;
            }
            // Decoded too: that is what the scratch memory is for.
            document.parse(view.payload).expect("JSON");
            fields += u64::from(document.root().get("/author/username").exists());
            events += 1;
            if events == WARM {
                before = CALLS.load(Ordering::Relaxed);
            }
            view.name == "BENCH_END"
        });
        if ended.expect("one thread polls") {
            break;
        }
    }
    let calls = CALLS.load(Ordering::Relaxed) - before;
    assert!(fields > 0, "messages have authors");
    println!("allocations_per_event {:.5}", calls as f64 / (events - WARM) as f64);
    println!("events {}", events - WARM);
}
