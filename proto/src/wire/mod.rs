//! Vocabularies as data, and codecs. Nothing here keeps state across calls.

pub mod ipc;
pub mod json;
