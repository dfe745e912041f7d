//! Vocabularies as data, and codecs. Nothing here keeps state across calls.

pub mod etf;
pub mod gateway;
pub mod ipc;
pub mod json;
