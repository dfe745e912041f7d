//! How many chunks there are: counted for tests, nothing otherwise.

#[cfg(any(test, gamebridge_loom))]
pub(crate) use counted::Census;

/// Counts nothing.
#[cfg(not(any(test, gamebridge_loom)))]
#[derive(Clone, Debug)]
pub(super) struct Census;

#[cfg(not(any(test, gamebridge_loom)))]
impl Census {
    pub(super) fn new() -> Self {
        Census
    }
    pub(super) fn born(&self, _bytes: usize) {}
    pub(super) fn died(&self, _bytes: usize) {}
}

#[cfg(any(test, gamebridge_loom))]
mod counted {
    // Not the model's: a count is no part of what is modelled.
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// The chunks of one client, wherever they are.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Census(Arc<Counts>);

    #[derive(Debug, Default)]
    struct Counts {
        born: AtomicUsize,
        alive: AtomicUsize,
        bytes: AtomicUsize,
    }

    impl Census {
        pub(crate) fn new() -> Self {
            Census::default()
        }

        pub(crate) fn born(&self, bytes: usize) {
            self.0.born.fetch_add(1, Ordering::Relaxed);
            self.0.alive.fetch_add(1, Ordering::Relaxed);
            self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        }

        pub(crate) fn died(&self, bytes: usize) {
            self.0.alive.fetch_sub(1, Ordering::Relaxed);
            self.0.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }

        /// Chunks allocated so far.
        pub(crate) fn allocated(&self) -> usize {
            self.0.born.load(Ordering::Relaxed)
        }

        /// Chunks not freed.
        pub(crate) fn alive(&self) -> usize {
            self.0.alive.load(Ordering::Relaxed)
        }

        /// Their capacities together.
        pub(crate) fn bytes(&self) -> usize {
            self.0.bytes.load(Ordering::Relaxed)
        }
    }
}
