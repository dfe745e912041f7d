//! The table that the figures are put into, and its place in benches/README.md.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- figures: written by `cargo xtask bench --write` -->";
const END: &str = "<!-- end of figures -->";

/// Rows so far.
#[derive(Default)]
pub struct Table {
    rows: Vec<[String; 4]>,
    notes: Vec<String>,
    /// The machine's load at the beginning.
    load: Option<String>,
}

/// A figure and what it should be.
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// What stands beside it says enough.
    None,
}

impl Goal {
    fn words(&self, unit: &str, value: f64) -> String {
        let (sign, bound, met) = match self {
            Goal::AtMost(bound) => ("<=", bound, value <= *bound),
            Goal::AtLeast(bound) => (">=", bound, value >= *bound),
            Goal::None => return String::new(),
        };
        format!("{sign} {}: {}", figure(*bound, unit), if met { "met" } else { "**missed**" })
    }
}

impl Table {
    /// Adds a row: the job, our figure, what stands beside it, and the goal.
    pub fn row(&mut self, job: &str, value: f64, unit: &str, beside: &[(&str, Option<f64>)], goal: Goal) {
        let beside: Vec<String> = beside
            .iter()
            .map(|(name, value)| match value {
                Some(value) => format!("{name} {}", figure(*value, unit)),
                None => format!("{name} not measured"),
            })
            .collect();
        let words = goal.words(unit, value);
        self.load.get_or_insert_with(load);
        self.rows.push([job.to_owned(), figure(value, unit), beside.join("; "), words]);
    }

    /// A part that could not be measured, and why.
    pub fn missing(&mut self, part: &str, why: &str) {
        self.notes.push(format!("Not measured: {part}: {why}"));
    }

    /// As Markdown.
    pub fn render(&self) -> String {
        let mut text = String::new();
        if !self.rows.is_empty() {
            text.push_str("| job | gamebridge | in the same run | goal |\n|---|---|---|---|\n");
        }
        for [job, ours, beside, goal] in &self.rows {
            let _ = writeln!(text, "| {job} | {ours} | {beside} | {goal} |");
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let _ =
            write!(text, "\n{cores} cores; load average {} at the first row, ", self.load.clone().unwrap_or_default());
        let _ = writeln!(text, "{} at the end.", load());
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        text
    }
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// As many digits as mean something.
fn figure(value: f64, unit: &str) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        size if size < 0.01 => 4,
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}").trim_end().to_owned()
}

/// Puts the figures in their place in the README.
pub fn write(readme: &Path, figures: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", readme.display());
    let text = fs::read_to_string(readme).map_err(failed)?;
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = parts else {
        return Err(format!("{}: no place for figures between the two comments", readme.display()));
    };
    fs::write(readme, format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", figures.trim())).map_err(failed)
}
