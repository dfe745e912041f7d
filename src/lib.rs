//! gamebridge
pub mod transport;
