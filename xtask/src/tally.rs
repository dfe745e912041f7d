//! What passed, what failed and what this machine could not try.

use std::time::{Duration, Instant};

/// The results of a run, part by part, printed as they come.
pub struct Tally {
    parts: Vec<Part>,
}

struct Part {
    name: &'static str,
    passed: usize,
    failed: Vec<String>,
    skipped: Vec<(String, String)>,
    start: Instant,
    /// When the last case ended.
    last: Instant,
    took: Duration,
}

impl Tally {
    /// Nothing yet.
    pub fn new() -> Tally {
        Tally { parts: Vec::new() }
    }

    /// What follows belongs to this part.
    pub fn begin(&mut self, name: &'static str, about: &str) {
        self.end_part();
        println!("\n{name}: {about}");
        let (start, took) = (Instant::now(), Duration::ZERO);
        self.parts.push(Part { name, passed: 0, failed: Vec::new(), skipped: Vec::new(), start, last: start, took });
    }

    fn end_part(&mut self) {
        if let Some(part) = self.parts.last_mut() {
            part.took = part.start.elapsed();
        }
    }

    fn part(&mut self) -> &mut Part {
        self.parts.last_mut().expect("a part was begun")
    }

    /// Since the last case, in seconds.
    fn lap(&mut self) -> f64 {
        let now = Instant::now();
        now.duration_since(std::mem::replace(&mut self.part().last, now)).as_secs_f64()
    }

    /// `count` cases under one name passed.
    pub fn passed(&mut self, name: &str, count: usize) {
        self.part().passed += count;
        let cases = if count == 1 { String::new() } else { format!(", {count} tests") };
        println!("  ok      {name}{cases} ({:.1} s)", self.lap());
    }

    /// One case failed.
    pub fn failed(&mut self, name: &str, why: &str) {
        self.part().failed.push(name.to_owned());
        println!("  FAILED  {name} ({:.1} s): {why}", self.lap());
    }

    /// One case cannot be tried on this machine.
    pub fn skipped(&mut self, name: &str, why: &str) {
        self.part().skipped.push((name.to_owned(), why.to_owned()));
        println!("  skipped {name}: {why}");
    }

    /// One case, by its result.
    pub fn case(&mut self, name: &str, result: Result<(), String>) {
        match result {
            Ok(()) => self.passed(name, 1),
            Err(why) => self.failed(name, &why),
        }
    }

    /// The table, what failed and was skipped by name, and the closing line. Whether nothing failed.
    pub fn close(mut self) -> bool {
        self.end_part();
        println!("\n{:<14} {:>7} {:>7} {:>8} {:>8}", "part", "passed", "failed", "skipped", "time");
        for part in &self.parts {
            let seconds = part.took.as_secs_f64();
            let (failed, skipped) = (part.failed.len(), part.skipped.len());
            println!("{:<14} {:>7} {:>7} {:>8} {:>6.1} s", part.name, part.passed, failed, skipped, seconds);
        }
        for part in &self.parts {
            for (name, why) in &part.skipped {
                println!("skipped: {}: {name}: {why}", part.name);
            }
        }
        for part in &self.parts {
            for name in &part.failed {
                println!("failed: {}: {name}", part.name);
            }
        }
        let passed: usize = self.parts.iter().map(|part| part.passed).sum();
        let failed: usize = self.parts.iter().map(|part| part.failed.len()).sum();
        let skipped: usize = self.parts.iter().map(|part| part.skipped.len()).sum();
        println!("\n{passed} passed, {failed} failed, {skipped} skipped");
        failed == 0
    }
}
