//! Recordings: what is written, that it plays, and where differences show.

mod differences;
mod kept;
mod sandbox;
mod server;
mod studio;
