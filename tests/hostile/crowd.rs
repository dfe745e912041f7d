//! A thousand who come and say nothing, or only half of it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gamebridge::ffi::*;
use serde_json::json;

use crate::harness::Peer;
use crate::street::{House, NOT_FOUND, ORIGIN, dial, house, upgrade};

/// So many of each kind of silence.
const EACH: usize = 250;

/// Descriptors for both ends of all of them.
fn room_for_many() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a live struct; raising the soft limit to the hard one is always allowed.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        limit.rlim_cur = limit.rlim_max.min(16 * 1024);
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
    }
}

/// Connections over which less than a handshake was said; open for as long as they are held.
#[derive(Default)]
struct Silent {
    tcp: Vec<TcpStream>,
    ipc: Vec<UnixStream>,
}

impl Silent {
    /// One of each: a port scan, half a request, a socket that was only opened, half a frame.
    fn four_more(&mut self, port: u16, socket: &str) {
        self.tcp.push(dial(port));
        let mut stream = dial(port);
        let _ = stream.write_all(b"GET /?v=1&client_id=1234 HTTP/1.1\r\nHost: ");
        self.tcp.push(stream);
        self.ipc.extend(UnixStream::connect(socket));
        if let Ok(mut stream) = UnixStream::connect(socket) {
            let _ = stream.write_all(b"\0\0\0\0\x20\0\0\0{\"v\":1,");
            self.ipc.push(stream);
        }
    }
}

#[test]
fn a_thousand_half_open_connections_keep_nobody_out() {
    room_for_many();
    let house = house(&json!({}));
    let mut early = (house.peer(), house.websocket("json").ready());
    let mut crowd = Silent::default();
    let in_time = (0..5).any(|_| {
        crowd = Silent::default();
        for _ in 0..EACH {
            crowd.four_more(house.port, &house.folder.socket());
        }
        assert_eq!((crowd.tcp.len(), crowd.ipc.len()), (2 * EACH, 2 * EACH));
        // While all of them are there, and not after the five seconds that they have. Where the machine itself is that
        // slow it is tried again: without a place among the crowd it would never be in time.
        let begin = Instant::now();
        house.serves();
        early.0.settle();
        early.1.settle();
        assert_eq!(house.exchange("GET / HTTP/1.1\r\n\r\n"), NOT_FOUND);
        begin.elapsed() < Duration::from_secs(4)
    });
    assert!(in_time, "they were served only when the crowd had gone");
    assert_eq!(house.game.send(house.server, "STATE", "{}", 1), GB_OK);
    let state = house.game.reply(house.server, 1).data();
    let peers = state["peers"].as_array().expect("a list");
    let (known, silent): (Vec<_>, Vec<_>) = peers.iter().partition(|peer| peer["client_id"].is_string());
    assert_eq!((known.len(), silent.len() <= 64), (2, true), "{state}");
    let told = house.game.drain().iter().filter(|seen| seen.name == "PEER_CONNECTED").count();
    assert!(told >= 4 && told % 2 == 0 && told <= 12, "the host hears of none of the silent ones: {told}");
}

/// Sets its flag at the end.
struct Tell<'f>(&'f AtomicBool);

impl Drop for Tell<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn who_comes_in_a_crowd_that_never_ends_is_served() {
    room_for_many();
    let house = house(&json!({}));
    let over = AtomicBool::new(false);
    let came = std::thread::scope(|scope| {
        let crowd = scope.spawn(|| {
            let mut came = 0;
            while !over.load(Ordering::Relaxed) {
                let mut silent = Silent::default();
                for _ in 0..50 {
                    silent.four_more(house.port, &house.folder.socket());
                }
                came += silent.tcp.len() + silent.ipc.len();
                // As many as the server can take, and no more than the machine can: until the first was pushed out.
                let _ = silent.tcp[0].read(&mut [0]);
                let _ = silent.ipc[0].read(&mut [0]);
            }
            came
        });
        // However this ends: a crowd that is not told to leave would keep the test from failing.
        let tell = Tell(&over);
        for _ in 0..3 {
            house.serves();
        }
        drop(tell);
        crowd.join().expect("no panic")
    });
    assert!(came > 0);
}

#[test]
fn thirty_two_silent_peers_take_no_place() {
    let house = house(&json!({}));
    let silent: Vec<Peer> = (0..64).map(|_| Peer::dial(&house.folder.socket())).collect();
    let mut peers: Vec<Peer> = (0..32).map(|_| house.peer()).collect();
    peers[31].settle();
    drop(silent);
}

#[test]
fn strangers_that_are_refused_take_no_place() {
    let house = house(&json!({}));
    // Each would stay until the server has had enough: it has been told, and does not leave.
    let mut refused = Vec::new();
    for _ in 0..200 {
        let mut stream = house.dial();
        let request = upgrade("v=1&client_id=1234", "Origin: https://evil.example\r\n");
        stream.write_all(request.replace("PORT", &house.port.to_string()).as_bytes()).expect("written");
        refused.push(stream);
        let mut stream = house.dial();
        let length = "Content-Length: 100000\r\n\r\n";
        let _ = stream.write_all(format!("POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n{length}").as_bytes());
        refused.push(stream);
    }
    house.serves();
    drop(refused);
}

/// How often this thread has waited for something: a lock, a descriptor, another thread.
#[cfg(target_os = "linux")]
fn waits() -> i64 {
    // SAFETY: zeros are a valid value, and the call fills it.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_THREAD, &mut usage), 0);
        usage.ru_nvcsw
    }
}

/// Polls until `over`; how many polls there were, and how many of them waited.
#[cfg(target_os = "linux")]
fn poll_until(house: &House, over: &AtomicBool) -> (u64, u64) {
    house.game.stop_counting();
    let (mut polls, mut waited) = (0, 0);
    while !over.load(Ordering::Acquire) {
        let before = waits();
        // SAFETY: a live client, polled by this thread alone; the event is not looked at.
        let event = unsafe { gb_poll(house.game.raw()) };
        waited += u64::from(waits() != before);
        polls += 1;
        if event.is_null() {
            // As a game that has nothing to do until the next frame.
            std::thread::yield_now();
        }
    }
    (polls, waited)
}

#[cfg(target_os = "linux")]
#[test]
fn the_hosts_poll_waits_for_nobody_whatever_goes_on() {
    room_for_many();
    let house = house(&json!({"commands_per_second": 0}));
    let (port, socket) = (house.port, house.folder.socket());
    let over = AtomicBool::new(false);
    let (polls, waited) = std::thread::scope(|scope| {
        let attack = scope.spawn(|| {
            let mut silent = Silent::default();
            for _ in 0..100 {
                silent.four_more(port, &socket);
            }
            // Each of these is an event for the host.
            let mut noisy = Peer::greeted(&socket);
            for number in 0..2000 {
                let args = json!({"pid": 1, "activity": {"state": number.to_string()}});
                noisy.write(1, json!({"cmd": "SET_ACTIVITY", "nonce": "n", "args": args}).to_string());
                noisy.read().expect("a reply");
            }
            for _ in 0..100 {
                let mut broken = Peer::greeted(&socket);
                let _ = broken.stream.write_all(&[0xff; 64]);
                let mut stream = dial(port);
                let request = upgrade("v=1&client_id=1234", &format!("Origin: {ORIGIN}\r\n"));
                let _ = stream.write_all(request.replace("PORT", &port.to_string()).as_bytes());
                let _ = stream.write_all(&[0xff; 64]);
                let _ = stream.read_to_end(&mut Vec::new());
            }
            over.store(true, Ordering::Release);
        });
        let polled = poll_until(&house, &over);
        attack.join().expect("no panic");
        polled
    });
    assert!(polls > 1000 && waited == 0, "{waited} of {polls} polls waited");
}
