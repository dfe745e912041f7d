//! The client's desk, where `is_idle`, poll, wait and wake meet the signal.

#[path = "../../../src/client/desk.rs"]
mod desk;

#[cfg(all(test, not(debug_assertions)))]
#[path = "waking.rs"]
mod waking;
