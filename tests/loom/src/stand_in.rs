//! What takes the place of the operating system, of memory and of `once_cell` in the models.

use std::io;
use std::ptr;
use std::time::Duration;

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicPtr, Ordering};
use loom::sync::{Condvar, Mutex};

/// A wake-up handle: readable while raised. A wait that nobody ends is a deadlock, which loom reports.
#[derive(Debug)]
pub struct Handle {
    raised: Mutex<bool>,
    stirred: Condvar,
}

#[allow(missing_docs, clippy::missing_errors_doc)]
impl Handle {
    pub fn new() -> io::Result<Self> {
        Ok(Handle { raised: Mutex::new(false), stirred: Condvar::new() })
    }

    pub fn raw(&self) -> isize {
        isize::from(self.is_readable())
    }

    pub fn raise(&self) {
        *self.raised.lock().unwrap() = true;
        self.stirred.notify_all();
    }

    pub fn lower(&self) -> bool {
        std::mem::take(&mut *self.raised.lock().unwrap())
    }

    pub fn wait(&self, _: Option<Duration>) -> io::Result<()> {
        let mut raised = self.raised.lock().unwrap();
        while !*raised {
            raised = self.stirred.wait(raised).unwrap();
        }
        Ok(())
    }

    /// What a program that waits on the handle would find.
    pub fn is_readable(&self) -> bool {
        *self.raised.lock().unwrap()
    }
}

/// A cell that is written once; reading it orders no more than the real one does.
#[derive(Debug)]
pub struct OnceCell<T>(AtomicPtr<T>);

impl<T> Default for OnceCell<T> {
    fn default() -> Self {
        OnceCell(AtomicPtr::new(ptr::null_mut()))
    }
}

impl<T> OnceCell<T> {
    /// What was put in.
    pub fn get(&self) -> Option<&T> {
        // SAFETY: null, or made below and freed with the cell.
        unsafe { self.0.load(Ordering::Acquire).as_ref() }
    }

    /// What is in, or what `make` makes.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn get_or_try_init<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        let made = Box::into_raw(Box::new(make()?));
        let first = self.0.compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire);
        if let Err(other) = first {
            // SAFETY: made above, and nobody has seen it.
            drop(unsafe { Box::from_raw(made) });
            // SAFETY: as in `get`.
            return Ok(unsafe { &*other });
        }
        // SAFETY: as in `get`.
        Ok(unsafe { &*made })
    }
}

impl<T> Drop for OnceCell<T> {
    fn drop(&mut self) {
        let made = self.0.load(Ordering::Acquire);
        if !made.is_null() {
            // SAFETY: made by `get_or_try_init`; nobody has the cell any more.
            drop(unsafe { Box::from_raw(made) });
        }
    }
}

/// Plain memory as loom sees it: every access is checked against those of other threads. One cell per record, told
/// apart by the place that a record begins at; no record is smaller than [`SMALLEST`].
pub struct Witness(Vec<UnsafeCell<()>>);

/// Bytes of a record without texts, rounded down to a multiple of its alignment.
const SMALLEST: usize = 88;

impl Witness {
    pub(crate) fn over(bytes: usize) -> Self {
        Witness((0..=bytes / SMALLEST).map(|_| UnsafeCell::new(())).collect())
    }

    pub(crate) fn write(&self, at: usize) {
        self.0[at / SMALLEST].with_mut(|_| ());
    }

    pub(crate) fn read(&self, at: usize) {
        self.0[at / SMALLEST].with(|_| ());
    }
}
