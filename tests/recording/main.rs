//! `GAMEBRIDGE_RECORD` from the outside (docs/recording.md): what a program does is in the file, plays, and shows no secret.
//!
//! The variable is read when the I/O thread starts, so each scene is played in a process of its own, which is this program
//! run again for one test.
#![cfg(all(feature = "gateway", unix))]

mod files;
#[allow(dead_code, reason = "other tests need more of it")]
#[path = "../program/mod.rs"]
mod program;
mod scenes;
mod stage;
