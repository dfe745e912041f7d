//! Systems that are not asked whose a listening socket is.

/// The owner of a listening socket cannot be told.
pub const CAN_TELL: bool = false;

/// Nobody is known to be a stranger.
pub(super) fn stranger(_port: u16) -> Option<u32> {
    None
}
