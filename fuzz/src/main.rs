//! `cargo run -p gamebridge-fuzz -- [--seconds N] [--seed N] [target...]`, or `-- --replay FILE TARGET`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use gamebridge_fuzz::run::{Until, holds, run};
use gamebridge_fuzz::{TARGETS, Target};

const USAGE: &str = "usage: gamebridge-fuzz [--seconds N] [--seed N] [target...]
       gamebridge-fuzz --replay FILE TARGET
targets: framing envelope etf tape pointer messages ipc_peer websocket_peer
    gateway_peer dmod dmod_peer cache recording redaction scenario snapshot (all, when none is named)";

/// Deep enough for every decoder, and no deeper: none may need more.
const STACK: usize = 256 * 1024;

struct Order {
    seconds: u64,
    seed: u64,
    targets: Vec<&'static Target>,
    replay: Option<PathBuf>,
}

fn order(mut args: impl Iterator<Item = String>) -> Result<Order, String> {
    let mut order = Order { seconds: 10, seed: 1, targets: Vec::new(), replay: None };
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg}: a value expected"));
        let number = |text: String| text.parse().map_err(|_| format!("{arg}: a number expected, {text} given"));
        match arg.as_str() {
            "--seconds" => order.seconds = number(value()?)?,
            "--seed" => order.seed = number(value()?)?,
            "--replay" => order.replay = Some(value()?.into()),
            name => match TARGETS.iter().find(|target| target.name == name) {
                Some(target) => order.targets.push(target),
                None => return Err(format!("{name} is no target")),
            },
        }
    }
    if order.replay.is_some() && order.targets.len() != 1 {
        return Err("--replay: one target expected".into());
    }
    if order.targets.is_empty() {
        order.targets.extend(&TARGETS);
    }
    Ok(order)
}

fn fuzz(order: &Order) -> Result<(), String> {
    for target in &order.targets {
        let start = Instant::now();
        let outcome = run(target, Until::Elapsed(Duration::from_secs(order.seconds)), order.seed);
        let (name, seconds) = (target.name, start.elapsed().as_secs_f64());
        println!("{name}: {} executions in {seconds:.1} s, {} inputs kept", outcome.executions, outcome.kept);
        if let Some(input) = outcome.failure {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target").join("fuzz");
            let file = folder.join(format!("{name}-{}-{}", order.seed, outcome.executions));
            let saved = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, &input));
            let place = match saved {
                Ok(()) => format!("saved as {}", file.display()),
                Err(error) => format!("not saved ({error})"),
            };
            return Err(format!("{name}: broken by \"{}\", {place}", input.escape_ascii()));
        }
    }
    Ok(())
}

fn replay(order: &Order, file: &Path) -> Result<(), String> {
    let input = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let target = order.targets[0];
    if holds(target, &input) {
        println!("{}: holds for {} bytes", target.name, input.len());
        Ok(())
    } else {
        Err(format!("{}: broken by \"{}\"", target.name, input.escape_ascii()))
    }
}

fn main() -> ExitCode {
    let order = match order(std::env::args().skip(1)) {
        Ok(order) => order,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let work = move || match &order.replay {
        Some(file) => replay(&order, file),
        None => fuzz(&order),
    };
    let ended = std::thread::Builder::new().stack_size(STACK).spawn(work).map(std::thread::JoinHandle::join);
    match ended {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        Ok(Ok(Err(error))) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::FAILURE,
    }
}
