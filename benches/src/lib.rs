//! What the measuring programs share: the clock of a run, and the traffic that it is about.

pub mod meter;
pub mod traffic;
