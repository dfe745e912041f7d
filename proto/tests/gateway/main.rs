//! The Gateway client against scripted servers, on a clock that the tests own.

mod cache;
mod commands;
mod config;
mod connection;
mod dialects;
mod losses;
mod pair;
mod received;
mod reshard;
mod resume;
mod shards;
