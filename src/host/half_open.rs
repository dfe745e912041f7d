//! TCP connections that nobody has let in: what they want is not said yet, or was answered and they have not left.
//!
//! They hold no place among the peers. There are so many of them and no more, and who comes pushes out the oldest: who
//! opens connections and says nothing can never keep others out.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use tokio::task::AbortHandle;

use super::house::House;

/// At a time.
const MOST: usize = 64;

/// Those that are half open, oldest first.
#[derive(Debug, Default)]
pub(super) struct HalfOpen {
    row: RefCell<VecDeque<Entry>>,
    last: Cell<u64>,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    task: AbortHandle,
    /// Its request is being answered: not to be pushed out.
    held: bool,
}

/// A connection's place in the row, until it is dropped.
pub(super) struct Place {
    house: Rc<House>,
    number: u64,
}

impl HalfOpen {
    /// Starts a connection's task with a place at the end of the row. For that the oldest task ends when the row is full;
    /// when all that are in it are held, the connection is dropped.
    pub(super) fn enter(house: &Rc<House>, start: impl FnOnce(Place) -> AbortHandle) {
        let HalfOpen { row, last } = &house.half_open;
        if row.borrow().len() >= MOST {
            let Some(oldest) = row.borrow().iter().position(|entry| !entry.held) else { return };
            let pushed_out = row.borrow_mut().remove(oldest);
            if let Some(entry) = pushed_out {
                entry.task.abort();
            }
        }
        let number = last.get() + 1;
        last.set(number);
        // The task runs when this one waits: it cannot give its place back before it has it.
        let task = start(Place { house: house.clone(), number });
        row.borrow_mut().push_back(Entry { number, task, held: false });
    }
}

impl Place {
    /// Says that the request is in and being answered, or was answered.
    pub(super) fn hold(&self, held: bool) {
        let mut row = self.house.half_open.row.borrow_mut();
        if let Some(entry) = row.iter_mut().find(|entry| entry.number == self.number) {
            entry.held = held;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.house.half_open.row.borrow_mut().retain(|entry| entry.number != self.number);
    }
}
