//! `GAMEBRIDGE_RECORD`: what goes into every machine and what comes out, written to a file (docs/recording.md).
//!
//! What a line says is `proto::record`'s; here is when it is said, and how it gets to the disk. The recorder belongs to the
//! I/O thread, like the sockets: whoever drives a machine there begins a [`Tape`] for it, and gets none when nobody
//! records. So what it costs then is a look at an `Option` for each call of a machine.
//!
//! The one thing to know before changing it: a line must be with the writer ([`writer`]) before the next thing is awaited,
//! or a crash takes with it what led to it. And a recording without its end is one, but a recording with a gap is none: what
//! cannot be written ends it.

mod file;
mod writer;

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;

use gamebridge_proto::event::LogLevel;
use gamebridge_proto::record::{Output, Overheard, Recording, Setup, Track, Witness, client, door};
use gamebridge_proto::time::Instant;
use gamebridge_proto::world::Entropy;

use self::writer::Writer;
use crate::runtime::clock;
use crate::session::port::Outlet;

thread_local! {
    /// This image's recorder, on its I/O thread; nothing on any other thread.
    static RECORDER: RefCell<Option<Rc<Recorder>>> = const { RefCell::new(None) };
}

/// What the environment asked for, on its way to the I/O thread.
#[derive(Debug, Default)]
pub(crate) enum Plan {
    /// Nothing.
    #[default]
    Off,
    /// Something that cannot be done; each connection is told why.
    Failed(String),
    /// A file, which is there and empty.
    File { path: PathBuf, most: u64, writer: Writer },
}

impl Plan {
    /// Reads `GAMEBRIDGE_RECORD` and `GAMEBRIDGE_RECORD_MAX`, and makes the file. On the thread that starts the I/O thread:
    /// a program may be changing its environment while others read it.
    pub(crate) fn from_environment() -> Plan {
        let Some(asked) = std::env::var_os("GAMEBRIDGE_RECORD").filter(|asked| !asked.is_empty()) else {
            return Plan::Off;
        };
        let made = file::most(std::env::var_os("GAMEBRIDGE_RECORD_MAX").as_deref())
            .and_then(|most| Ok((most, file::create(&asked)?)))
            .and_then(|(most, (path, file))| Ok(Plan::File { path, most, writer: Writer::start(file)? }));
        made.unwrap_or_else(|why| Plan::Failed(format!("this connection is not recorded: {why}")))
    }

    /// Makes this thread one that records. Undone by [`uninstall`].
    pub(crate) fn install(self) {
        let recorder = match self {
            Plan::Off => return,
            Plan::Failed(why) => Recorder { to: Err(why), ..Recorder::default() },
            Plan::File { path, most, writer } => {
                let about = format!(
                    "gamebridge {} ({} {})",
                    env!("CARGO_PKG_VERSION"),
                    std::env::consts::OS,
                    std::env::consts::ARCH
                );
                let recorder = Recorder {
                    to: Ok((path, writer)),
                    recording: RefCell::new(Some(Recording::new(&about, most))),
                    told: Cell::new(false),
                };
                recorder.hand_over();
                recorder
            }
        };
        RECORDER.with(|slot| *slot.borrow_mut() = Some(Rc::new(recorder)));
    }
}

/// The thread is ending: what was written is on the disk when this returns, or the disk is too slow to be waited for.
pub(crate) fn uninstall() {
    RECORDER.with(|slot| slot.borrow_mut().take());
}

#[derive(Debug)]
struct Recorder {
    /// The file and who writes it, or why there is none.
    to: Result<(PathBuf, Writer), String>,
    recording: RefCell<Option<Recording>>,
    /// Whether its early end was told.
    told: Cell<bool>,
}

impl Default for Recorder {
    fn default() -> Self {
        Recorder { to: Err(String::new()), recording: RefCell::new(None), told: Cell::new(false) }
    }
}

impl Recorder {
    fn with<R>(&self, act: impl FnOnce(&mut Recording) -> R) -> Option<R> {
        self.recording.borrow_mut().as_mut().map(act)
    }

    /// Gives the writer what there is. A sentence when the recording has come to its end, the first time.
    fn hand_over(&self) -> Option<String> {
        let Ok((path, writer)) = &self.to else { return None };
        let mut recording = self.recording.borrow_mut();
        let recording = recording.as_mut()?;
        if !recording.is_over()
            && let Err(why) = writer.check()
        {
            recording.stop(&why);
        }
        let lines = recording.take();
        if !lines.is_empty() {
            writer.write(lines);
        }
        if !recording.is_over() || self.told.replace(true) {
            return None;
        }
        let why = writer.check().err().unwrap_or_else(|| "it has the size that it may have".to_owned());
        Some(format!("the recording {} ends here: {why}", path.display()))
    }
}

/// One machine's part of the recording.
#[derive(Debug)]
pub(crate) struct Tape {
    recorder: Rc<Recorder>,
    track: Track,
}

impl Tape {
    /// Begins the record of a machine, if there is one to be made; the program is told so.
    pub(crate) fn begin(setup: Setup<'_>, outlet: &mut Outlet) -> Option<Box<Tape>> {
        let recorder = RECORDER.with(|slot| slot.borrow().clone())?;
        let (level, sentence) = match &recorder.to {
            Err(why) => (LogLevel::Warn, why.clone()),
            Ok((path, _)) if recorder.told.get() => {
                (LogLevel::Warn, format!("this connection is not recorded: {} is at its end", path.display()))
            }
            Ok((path, _)) => (LogLevel::Info, format!("this connection is recorded to {}", path.display())),
        };
        outlet.log(level, "record", &sentence);
        if recorder.told.get() {
            return None;
        }
        let track = recorder.with(|recording| recording.begin(clock::now(), setup))?;
        Some(Box::new(Tape { recorder, track }))
    }

    /// A client machine is about to be told this.
    pub(crate) fn client(&mut self, now: Instant, input: &client::Input<'_>) {
        self.recorder.with(|recording| recording.client(&mut self.track, now, input));
    }

    /// A door is about to be told this.
    pub(crate) fn door(&mut self, now: Instant, input: &door::Input<'_>) {
        self.recorder.with(|recording| recording.door(&mut self.track, now, input));
    }

    /// The call is over, and the machine wants to be woken then. A sentence for the program when the recording ended.
    pub(crate) fn finish(&mut self, timer: Option<Instant>) -> Option<String> {
        self.recorder.with(|recording| recording.timer(&mut self.track, timer));
        self.recorder.hand_over()
    }
}

/// The world's randomness, with the tape listening where there is one.
pub(crate) fn overheard<E: Entropy>(tape: Option<&mut Tape>, source: E) -> Overheard<E> {
    match tape {
        Some(tape) => tape.track.overhear(source),
        None => Overheard::by_nobody(source),
    }
}

impl Witness for Tape {
    fn saw(&mut self, output: &Output<'_>) {
        self.recorder.with(|recording| recording.output(&mut self.track, output));
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.recorder.with(|recording| recording.end(&mut self.track, clock::now()));
        self.recorder.hand_over();
    }
}
