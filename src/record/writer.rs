//! The thread that writes a recording to the disk.
//!
//! A disk may take its time, and heartbeats may not; so while something is recorded there is a second thread, which does
//! nothing but write. It takes all that waits at once, so a burst is one write. What waits is bounded: a disk that is
//! slower than the connections ends the recording, not the game.

use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::runtime;

/// What may wait for the disk, in bytes.
const MOST_WAITING: usize = 64 << 20;
/// How long the end waits for the disk.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// The thread's name.
const THREAD_NAME: &str = "gamebridge-rec";

/// The I/O thread's end of it.
#[derive(Debug)]
pub(crate) struct Writer(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    stirred: Condvar,
    done: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    closing: bool,
    over: bool,
    /// Why nothing more is written.
    failed: Option<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(file: File) -> Result<Writer, String> {
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        runtime::spawn_without_signals(THREAD_NAME, move || run(&theirs, file))
            .map_err(|error| format!("GAMEBRIDGE_RECORD: no thread to write with: {error}"))?;
        Ok(Writer(shared))
    }

    /// Whether what is written still gets to the disk.
    pub(super) fn check(&self) -> Result<(), String> {
        let state = self.0.lock();
        match &state.failed {
            Some(why) => Err(why.clone()),
            None if state.waiting.len() > MOST_WAITING => {
                Err(format!("the disk is too slow; {} bytes wait", state.waiting.len()))
            }
            None => Ok(()),
        }
    }

    /// Queues whole lines. Never waits for the disk.
    pub(super) fn write(&self, lines: Vec<u8>) {
        let mut state = self.0.lock();
        if state.failed.is_some() {
            return;
        }
        if state.waiting.is_empty() {
            state.waiting = lines;
            self.0.stirred.notify_one();
        } else {
            state.waiting.extend_from_slice(&lines);
        }
    }
}

impl Drop for Writer {
    /// Waits until all is written, for a while.
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.closing = true;
        self.0.stirred.notify_one();
        let ended = self.0.done.wait_timeout_while(state, LAST_WORDS, |state| !state.over);
        drop(ended);
    }
}

fn run(shared: &Shared, mut file: File) {
    loop {
        let mut state = shared.lock();
        while state.waiting.is_empty() && !state.closing {
            state = shared.stirred.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let lines = std::mem::take(&mut state.waiting);
        let last = lines.is_empty();
        drop(state);
        let written = file.write_all(&lines);
        let mut state = shared.lock();
        if let Err(error) = &written {
            state.failed = Some(error.to_string());
            state.waiting = Vec::new();
        }
        if last || written.is_err() {
            state.over = true;
            shared.done.notify_all();
            return;
        }
    }
}
