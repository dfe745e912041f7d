//! The Python package's rows: beside pypresence and discord.py, on one server and one replay, in turn.

use std::path::Path;
use std::process::Command;

use super::Bench;
use super::programs::{self, Figures};
use super::servers::Server;
use super::table::{Goal, Table};
use crate::house::{self, Private};
use crate::python;

const EVENTS: &str = "200000";

/// Measures them.
pub fn run(bench: &Bench, table: &mut Table) -> Result<(), String> {
    let python = python::environment("bench", "benches/python/requirements.txt")?;
    // What builds the wheel is no part of what is measured.
    let builder = python::environment("venv", "bindings/python/tests/tools.txt")?;
    python::install("pip-bench-wheel", &python, &python::wheel(&builder, "release")?)?;
    let mut figures = Figures::default();
    let replay = programs::rust_programs()?.join("replay_server");
    for _ in 0..bench.rounds {
        rpc(&python, &mut figures)?;
        gateway(&python, &replay, &mut figures)?;
    }
    rows(&figures, table)
}

fn script(python: &Path, name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(python);
    command.arg(house::root().join("benches/python").join(name)).args(args);
    command
}

/// Our server; a game in Python with us and with pypresence; and the way of an event.
fn rpc(python: &Path, figures: &mut Figures) -> Result<(), String> {
    let folder = Private::new();
    let inside = |mut command: Command| {
        command.env("XDG_RUNTIME_DIR", folder.path()).env("TMPDIR", folder.path()).env_remove("TMP").env_remove("TEMP");
        command
    };
    let mut server = Server::start(inside(script(python, "host.py", &[])))?;
    let path = server.told("ipc ")?;
    for who in ["ours", "pypresence"] {
        figures.run(&format!("{who} "), inside(script(python, "rpc.py", &[who, &path])))?;
    }
    let place = folder.path().display().to_string();
    for way in ["iterate", "aio", "bare"] {
        figures.run(&format!("{way} "), inside(script(python, "latency.py", &[way, &place])))?;
    }
    Ok(())
}

/// The replay through `async for`, through discord.py, and through a bare socket.
fn gateway(python: &Path, replay: &Path, figures: &mut Figures) -> Result<(), String> {
    let mut server = Server::start(programs::command(replay, &["--events", EVENTS]))?;
    let port = server.told("")?;
    let programs = [("gateway.py", "name"), ("gateway.py", "fields"), ("gateway.py", "dict")];
    for (program, level) in programs.into_iter().chain([("peers.py", "discord.py"), ("peers.py", "orjson")]) {
        let mut command = script(python, program, &[level]);
        command.env("BENCH_PORT", &port);
        figures.run(&format!("{level} "), command)?;
    }
    Ok(())
}

fn rows(figures: &Figures, table: &mut Table) -> Result<(), String> {
    let (get, of) = (|name: &str| figures.median(name), |name: &str| figures.of(name));
    let beside = |name: &str| [("pypresence", get(&format!("pypresence {name}")))];
    let own = |name: &str| of(&format!("ours {name}"));
    let job = "Python: a client and its connection, p50";
    table.row(job, own("connect_us_p50")?, "us", &beside("connect_us_p50"), Goal::AtMost(5000.0));
    let job = "Python: `request(\"SET_ACTIVITY\")` beside pypresence's `update`, p50";
    table.row(job, own("update_us_p50")?, "us", &beside("update_us_p50"), Goal::AtMost(60.0));
    let job = "Python: a small command and its reply, p50";
    table.row(job, own("round_trip_us_p50")?, "us", &beside("round_trip_us_p50"), Goal::AtMost(60.0));
    for (quantile, goal) in [("p50", 60.0), ("p99", 500.0)] {
        let name = format!("latency_us_{quantile}");
        let beside = [
            ("`for event in client`", get(&format!("iterate {name}"))),
            ("asyncio on the bare socket", get(&format!("bare {name}"))),
        ];
        let job = format!("Python: server write to `async for`, 2 kHz, {quantile}");
        table.row(&job, of(&format!("aio {name}"))?, "us", &beside, Goal::AtMost(goal));
    }
    let per_second =
        |name: &str| Some(get(&format!("{name} events"))? / get(&format!("{name} wall_s"))?).map(|rate| rate / 1e6);
    let burst = per_second("name").ok_or("no burst was measured")?;
    let beside = [("discord.py, gateway only", per_second("discord.py"))];
    table.row("Python: Gateway burst through `async for`, names", burst, "M/s", &beside, Goal::None);
    let per_million =
        |name: &str| Some(get(&format!("{name} cpu_s"))? / get(&format!("{name} events"))?).map(|each| each * 1e6);
    let beside =
        [("discord.py, gateway only", per_million("discord.py")), ("bare socket and orjson", per_million("orjson"))];
    let cpu = |name: &str| per_million(name).ok_or_else(|| format!("{name} printed no line"));
    let unit = "CPU s per 1 M";
    let job = "Python: Gateway, `async for`, name and two fields";
    table.row(job, cpu("fields")?, unit, &beside, Goal::AtMost(3.0));
    table.row("Python: Gateway, whole event as a dict", cpu("dict")?, unit, &beside, Goal::AtMost(7.5));
    Ok(())
}
