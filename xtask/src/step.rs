//! One program run: with a time limit, its output in a log under `target/xtask/logs`, and a verdict in words.
//!
//! Output goes to files and not through pipes: a program that leaves a child behind can then neither hang us nor lose
//! what it said before it was killed.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::house;

/// How a program ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It exited with this code.
    Exit(i32),
    /// A signal ended it.
    Signal(i32),
    /// It was still running at its limit and was killed.
    Limit(Duration),
}

/// What a program did.
pub struct Outcome {
    pub ended: Ended,
    pub stdout: String,
    pub stderr: String,
    /// Both, and the command line.
    pub log: PathBuf,
}

/// A program to run.
pub struct Step {
    name: String,
    command: Command,
    limit: Duration,
}

impl Step {
    /// `name` becomes the log's file name.
    pub fn new(name: impl Into<String>, command: Command) -> Step {
        Step { name: name.into(), command, limit: Duration::from_secs(60) }
    }

    /// The time that it may take (one minute, when not said).
    pub fn limit(mut self, seconds: u64) -> Step {
        self.limit = Duration::from_secs(seconds);
        self
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Result<Outcome, String> {
        let file: String =
            self.name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
        let logs = house::own("logs");
        let (out, err) = (logs.join(format!("{file}.stdout")), logs.join(format!("{file}.stderr")));
        let log = logs.join(format!("{file}.log"));
        let create =
            |path: &PathBuf| File::create(path).map_err(|error| format!("cannot write {}: {error}", path.display()));
        self.command.stdin(Stdio::null()).stdout(create(&out)?).stderr(create(&err)?);
        own_group(&mut self.command);
        let line = format!("{:?}", self.command);
        let mut child = self
            .command
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", self.command.get_program().to_string_lossy()))?;
        let ended = wait(&mut child, self.limit).map_err(|error| format!("cannot wait for {line}: {error}"))?;
        let read = |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        let (stdout, stderr) = (read(&out), read(&err));
        let _ = (fs::remove_file(&out), fs::remove_file(&err));
        let whole = format!("$ {line}\n{stdout}{stderr}\n{}\n", ended.sentence());
        fs::write(&log, whole).map_err(|error| format!("cannot write {}: {error}", log.display()))?;
        Ok(Outcome { ended, stdout, stderr, log })
    }
}

impl Ended {
    /// "exit 0", "killed by signal 11", ...
    pub fn sentence(self) -> String {
        match self {
            Ended::Exit(code) => format!("exit {code}"),
            Ended::Signal(signal) => format!("ended by signal {signal}"),
            Ended::Limit(limit) => format!("still running after {} s, killed", limit.as_secs()),
        }
    }
}

impl Outcome {
    /// Whether it exited with 0.
    pub fn succeeded(&self) -> bool {
        self.ended == Ended::Exit(0)
    }

    /// Itself when it exited with 0; otherwise what happened, with the end of its output.
    pub fn success(self) -> Result<Outcome, String> {
        if self.succeeded() { Ok(self) } else { Err(self.complaint(&self.ended.sentence())) }
    }

    /// Success, and nothing on standard error.
    pub fn silent_success(self) -> Result<Outcome, String> {
        let outcome = self.success()?;
        if outcome.stderr.is_empty() { Ok(outcome) } else { Err(outcome.complaint("it wrote to standard error")) }
    }

    /// `why`, the end of the output, and where the rest is.
    pub fn complaint(&self, why: &str) -> String {
        const LINES: usize = 40;
        let whole = format!("{}{}", self.stdout, self.stderr);
        let lines: Vec<&str> = whole.lines().collect();
        let mut text = format!("{why}\n");
        for line in &lines[lines.len().saturating_sub(LINES)..] {
            text.push_str("      | ");
            text.push_str(line);
            text.push('\n');
        }
        text + &format!("      (log: {})", self.log.display())
    }
}

/// Waits for a child until `limit`, then ends it together with all it started.
pub fn wait(child: &mut Child, limit: Duration) -> std::io::Result<Ended> {
    let start = Instant::now();
    let mut nap = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(match status.code() {
                Some(code) => Ended::Exit(code),
                None => Ended::Signal(signal_of(status)),
            });
        }
        if start.elapsed() >= limit {
            end_group(child);
            return Ok(Ended::Limit(limit));
        }
        thread::sleep(nap);
        nap = (nap * 2).min(Duration::from_millis(20));
    }
}

/// Gives the command a process group of its own, so that [`end_group`] reaches what it started.
pub fn own_group(command: &mut Command) {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        command.process_group(0);
    }
    #[cfg(not(unix))]
    let _ = command;
}

/// Ends a child that was started in its own group, and all that it started.
pub fn end_group(child: &mut Child) {
    if cfg!(unix) {
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status();
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(unix)]
fn signal_of(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.signal().unwrap_or(0)
}

#[cfg(not(unix))]
fn signal_of(_: std::process::ExitStatus) -> i32 {
    0
}
