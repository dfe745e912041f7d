//! Models of the queue, checked by loom in every interleaving of two or three threads (with a bound on preemptions).
//!
//! The files are the library's own, compiled here on loom's atomics: `build.rs` sets `gamebridge_loom`, and
//! `queue::sync` does the rest. Chunks hold one or two events then, so that a few events wrap the ring, drop its oldest
//! chunk, lap the reader and use chunks again. What stands between is in [`stand_in`]; what is shown is in the modules of
//! tests. Run it with `cargo test -p gamebridge-queue-model --release`; `LOOM_MAX_PREEMPTIONS=4` looks deeper.

#[allow(dead_code, missing_docs)]
pub mod client;
#[allow(dead_code)]
#[path = "../../../src/queue/mod.rs"]
pub mod queue;
pub mod session;
pub mod stand_in;

#[cfg(all(test, not(debug_assertions)))]
mod ends;
#[cfg(all(test, not(debug_assertions)))]
mod lanes;
#[cfg(all(test, not(debug_assertions)))]
mod model;
#[cfg(all(test, not(debug_assertions)))]
mod pause;

#[cfg(all(test, debug_assertions))]
mod slow {
    #[test]
    #[ignore = "the models take many minutes unless they are optimized: use --release"]
    fn the_models_are_run_in_release_builds() {}
}
