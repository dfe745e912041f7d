//! Vocabularies as data, and codecs. Nothing here keeps state across calls.

pub mod catalog;
mod codes;
pub mod dmod;
pub mod etf;
pub mod gateway;
pub mod host;
pub mod ipc;
pub mod json;
pub mod rest;
pub mod rpc;
pub mod websocket;
