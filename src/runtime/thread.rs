//! The thread itself: its start, its tasks, its end.

use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc as blocking};
use std::thread::JoinHandle;
use std::time::Duration;

use gamebridge_proto::error::{Error, Status};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::{fork, platform};
use crate::record::{self, Plan};

type Task = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// A client's share of the I/O thread.
#[derive(Debug)]
pub struct Runtime {
    tasks: mpsc::UnboundedSender<Task>,
    thread: Mutex<Option<(JoinHandle<()>, blocking::Receiver<()>)>>,
}

/// Where the running thread is found. A forked child gets a new one: the parent's may be locked for ever.
static REGISTRY: AtomicPtr<Mutex<Weak<Runtime>>> = AtomicPtr::new(ptr::null_mut());

fn registry() -> &'static Mutex<Weak<Runtime>> {
    let mut found = REGISTRY.load(Ordering::Acquire);
    if found.is_null() {
        let made = Box::into_raw(Box::new(Mutex::new(Weak::new())));
        match REGISTRY.compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => found = made,
            Err(other) => {
                // SAFETY: made above, and nobody else has seen it.
                drop(unsafe { Box::from_raw(made) });
                found = other;
            }
        }
    }
    // SAFETY: never freed once it is in REGISTRY; a fork leaks the parent's on purpose.
    unsafe { &*found }
}

/// In a forked child: the next client starts a thread anew.
pub(super) fn forget_registry() {
    REGISTRY.store(ptr::null_mut(), Ordering::Release);
}

/// A thread that no signal is delivered to.
pub(crate) fn spawn_without_signals(
    name: &str,
    run: impl FnOnce() + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    let builder = std::thread::Builder::new().name(name.into());
    let unmask = platform::block_signals();
    let thread = builder.spawn(run);
    unmask();
    thread
}

/// Keeps this image loaded, and has forks counted ([`fork::generation`]). The first client does it, and whoever relies on
/// the count before there is one.
pub fn prepare() {
    // No `Once`: if another thread forks meanwhile, the child would wait for the end of it for ever. Done twice by two
    // threads it does no harm.
    static PINNED: AtomicBool = AtomicBool::new(false);
    static COUNTED: AtomicBool = AtomicBool::new(false);
    if COUNTED.load(Ordering::Acquire) {
        return;
    }
    if !PINNED.swap(true, Ordering::AcqRel) {
        platform::stay_loaded();
    }
    platform::in_forked_child(fork::in_child);
    COUNTED.store(true, Ordering::Release);
}

impl Runtime {
    /// The running I/O thread, or a new one.
    pub fn acquire() -> Result<Arc<Runtime>, Error> {
        prepare();
        let mut slot = registry().lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = slot.upgrade() {
            return Ok(running);
        }
        let started = Arc::new(Runtime::start()?);
        *slot = Arc::downgrade(&started);
        Ok(started)
    }

    fn start() -> Result<Runtime, Error> {
        let failed = |error: std::io::Error| Error::new(Status::Io, format!("the I/O thread could not start: {error}"));
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().map_err(failed)?;
        let (tasks, queue) = mpsc::unbounded_channel();
        let (ended, end) = blocking::channel();
        let recorded = Plan::from_environment();
        let thread = spawn_without_signals(super::THREAD_NAME, move || {
            recorded.install();
            let local = LocalSet::new();
            runtime.block_on(local.run_until(serve(queue)));
            drop(local);
            record::uninstall();
            // A name look-up in flight may not hold up the end.
            runtime.shutdown_background();
            let _ = ended.send(());
        });
        Ok(Runtime { tasks, thread: Mutex::new(Some((thread.map_err(failed)?, end))) })
    }

    /// Runs a task on the I/O thread. The closure makes the future there, so the future need not be `Send`.
    pub fn spawn<F>(&self, task: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + 'static,
    {
        // The receiver goes only when this sender does.
        let _ = self.tasks.send(Box::new(move || Box::pin(task())));
    }

    /// Gives the share back; the last one ends the thread and waits for that, at most `timeout`.
    pub fn release(self: Arc<Self>, timeout: Duration) {
        let Some(runtime) = Arc::into_inner(self) else { return };
        drop(runtime.tasks);
        let thread = runtime.thread.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some((thread, end)) = thread
            && end.recv_timeout(timeout) != Err(blocking::RecvTimeoutError::Timeout)
        {
            let _ = thread.join();
        }
    }
}

async fn serve(mut queue: mpsc::UnboundedReceiver<Task>) {
    while let Some(task) = queue.recv().await {
        // A panic ends this task and no other: tokio keeps it in the handle that is dropped here, and the task's own guard
        // has told its connection.
        tokio::task::spawn_local(async move { task().await });
    }
}
