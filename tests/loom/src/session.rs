//! What the desk knows of sessions.

/// As in the library.
pub mod port {
    use crate::queue::signal::Signal;
    use crate::queue::{self, sync::Arc};

    /// As in the library.
    #[derive(Debug)]
    pub struct Board {
        /// The queue's shared half.
        pub queue: Arc<queue::Shared>,
        /// The wake-up handle.
        pub signal: Signal,
    }
}
