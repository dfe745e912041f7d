//! RPC's rows: our server and our client, arRPC, pypresence, and bare sockets, in turn.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Bench;
use super::programs::{self, Figures, c_program};
use super::servers::Server;
use super::table::{Goal, Table};
use crate::counterparts;
use crate::house::{self, Private};

struct Programs {
    host: PathBuf,
    echo: PathBuf,
    load: PathBuf,
    crowd: PathBuf,
    fanout: PathBuf,
    start: PathBuf,
    latency: PathBuf,
    request: PathBuf,
    calls: PathBuf,
    idle: PathBuf,
}

impl Programs {
    fn build(bench: &Bench) -> Result<Programs, String> {
        let build = |name: &str| c_program(&bench.library, &format!("rpc/{name}"));
        Ok(Programs {
            host: build("host")?,
            echo: build("echo")?,
            load: build("load")?,
            crowd: build("crowd")?,
            fanout: build("fanout")?,
            start: build("start")?,
            latency: build("latency")?,
            request: build("request")?,
            calls: build("calls")?,
            idle: build("idle")?,
        })
    }
}

/// A program whose local sockets are in this folder and nowhere else.
pub(super) fn inside(folder: &Path, program: &Path, args: &[&str]) -> Command {
    let mut command = programs::command(program, args);
    command.env("XDG_RUNTIME_DIR", folder).env("TMPDIR", folder).env_remove("TMP").env_remove("TEMP");
    command
}

/// arRPC without its bridge, which would listen on all interfaces.
pub(super) fn arrpc(folder: &Path) -> Result<Server, String> {
    let packages = counterparts::node_packages()?;
    let script = house::root().join("tests/counterparts/arrpc_server.mjs");
    let mut node = inside(folder, Path::new("node"), &[]);
    node.arg(script).arg("serve").arg(packages.join("arrpc/src/server.js")).env("ARRPC_NO_PROCESS_SCANNING", "1");
    let mut server = Server::start(node)?;
    server.told("ready")?;
    Ok(server)
}

/// Measures them.
pub fn run(bench: &Bench, table: &mut Table) -> Result<(), String> {
    let programs = Programs::build(bench)?;
    let mut figures = Figures::default();
    for _ in 0..bench.rounds {
        own(&programs, &mut figures)?;
    }
    memory(&programs, &mut figures)?;
    if let Err(why) = peers(bench, &programs, &mut figures) {
        table.missing("peers", &why);
    }
    rows(&figures, table)
}

/// Our server with our client and a bare one, and the floors.
fn own(programs: &Programs, figures: &mut Figures) -> Result<(), String> {
    let folder = Private::new();
    let mut host = Server::start(inside(folder.path(), &programs.host, &[]))?;
    let path = host.told("ipc ")?;
    let echo_path = folder.path().join("echo").display().to_string();
    let mut echo = Server::start(inside(folder.path(), &programs.echo, &[&echo_path]))?;
    echo.told("ipc ")?;
    let run = |program: &Path, path: &str| inside(folder.path(), program, &[path]);
    figures.run("echo ", run(&programs.load, &echo_path))?;
    figures.run("own ", run(&programs.load, &path))?;
    figures.run("echo ", run(&programs.crowd, &echo_path))?;
    figures.run("own ", run(&programs.crowd, &path))?;
    figures.run("", inside(folder.path(), &programs.fanout, &[]))?;
    figures.run("", run(&programs.start, &path))?;
    figures.run("", run(&programs.latency, &folder.path().join("dispatch").display().to_string()))?;
    figures.run("own ", run(&programs.request, &path))?;
    figures.run("", run(&programs.calls, &path))?;
    figures.run("", run(&programs.idle, &path))
}

/// Server and client in one process, after 200,000 commands of another peer.
fn memory(programs: &Programs, figures: &mut Figures) -> Result<(), String> {
    let folder = Private::new();
    let mut host = Server::start(inside(folder.path(), &programs.host, &["client"]))?;
    let path = host.told("ipc_after_client ")?;
    host.told("ipc ready")?;
    figures.run("loaded ", inside(folder.path(), &programs.load, &[&path]))?;
    host.say("memory")?;
    let resident: f64 = host.told("resident_kb ")?.parse().map_err(|_| "no number of KB")?;
    figures.add("own resident_kb", resident);
    Ok(())
}

/// arRPC under the same load, and pypresence against both servers.
fn peers(bench: &Bench, programs: &Programs, figures: &mut Figures) -> Result<(), String> {
    let python = counterparts::virtual_environment()?;
    let script = house::root().join("benches/peers/pypresence_update.py").display().to_string();
    for _ in 0..bench.rounds.min(3) {
        let folder = Private::new();
        let server = arrpc(folder.path())?;
        let path = folder.path().join("discord-ipc-0").display().to_string();
        figures.run("arrpc ", inside(folder.path(), &programs.load, &[&path]))?;
        figures.run("arrpc ", inside(folder.path(), &programs.crowd, &[&path]))?;
        figures.run("arrpc ", inside(folder.path(), &programs.request, &[&path]))?;
        figures.run("arrpc ", inside(folder.path(), &python, &[&script]))?;
        if let Some(resident) = server.resident_kb() {
            figures.add("arrpc resident_kb", resident);
        }
        drop(server);
        let folder = Private::new();
        let mut host = Server::start(inside(folder.path(), &programs.host, &[]))?;
        host.told("ipc ")?;
        figures.run("own ", inside(folder.path(), &python, &[&script]))?;
    }
    Ok(())
}

fn rows(figures: &Figures, table: &mut Table) -> Result<(), String> {
    let (get, of) = (|name: &str| figures.median(name), |name: &str| figures.of(name));
    let milliseconds = |name: &str| get(name).map(|us| us / 1000.0);
    let start = milliseconds("start_to_ready_us_p50").ok_or("no start was measured")?;
    let bare = [("bare socket, without a client or its thread", milliseconds("bare_start_us_p50"))];
    table.row("RPC: start to READY, local server, p50", start, "ms", &bare, Goal::AtMost(5.0));
    let floor = |quantile: &str| [("blocking read of a bare socket", get(&format!("write_to_read_us_{quantile}")))];
    let job = "RPC: server write to `gb_wait` return, p50";
    table.row(job, of("write_to_poll_us_p50")?, "us", &floor("p50"), Goal::AtMost(60.0));
    table.row("same, p99", of("write_to_poll_us_p99")?, "us", &floor("p99"), Goal::AtMost(500.0));
    let beside = |name: &str| {
        [("arRPC", get(&format!("arrpc {name}"))), ("bare echo of the bytes", get(&format!("echo {name}")))]
    };
    let job = "RPC server: serial round trip over IPC, p50";
    table.row(job, of("own round_trip_us_p50")?, "us", &beside("round_trip_us_p50"), Goal::AtMost(20.0));
    let job = "RPC server: commands/s, 50 in flight";
    table.row(job, of("own commands_per_second")?, "", &beside("commands_per_second"), Goal::AtLeast(150_000.0));
    let job = "RPC server: commands/s, 32 peers, one in flight each";
    table.row(
        job,
        of("own crowd_commands_per_second")?,
        "",
        &beside("crowd_commands_per_second"),
        Goal::AtLeast(150_000.0),
    );
    let floor = [("a thread writing to 32 sockets", get("bare_fan_out_us_p50")), ("ours, p99", get("fan_out_us_p99"))];
    let job = "RPC server: one event to 32 subscribers, from the host's call to the last read, p50";
    table.row(job, of("fan_out_us_p50")?, "us", &floor, Goal::AtMost(500.0));
    let megabytes = |name: &str| get(name).map(|kb| kb / 1024.0);
    let own = megabytes("own resident_kb").ok_or("no memory was measured")?;
    let job = "RPC server: resident memory, a client in the same process, after load";
    table.row(job, own, "MB", &[("arRPC, no client", megabytes("arrpc resident_kb"))], Goal::AtMost(12.0));
    let peers = [
        ("pypresence `update` to the same server", get("own update_us_p50")),
        ("pypresence to arRPC", get("arrpc update_us_p50")),
        ("ours to arRPC", get("arrpc request_us_p50")),
    ];
    table.row(
        "our request (SET_ACTIVITY to its REPLY), p50",
        of("own request_us_p50")?,
        "us",
        &peers,
        Goal::AtMost(60.0),
    );
    let floor = [("`gb_version`, the cheapest call", get("bare_call_ns"))];
    table.row("empty `gb_poll`", of("empty_poll_ns")?, "ns", &floor, Goal::AtMost(5.0));
    table.row("`gb_send(SET_ACTIVITY)`, tight", of("send_tight_ns")?, "ns", &[], Goal::AtMost(700.0));
    let p99 = [("p99", get("send_paced_us_p99"))];
    table.row("same, once a millisecond, p50", of("send_paced_us_p50")?, "us", &p99, Goal::AtMost(10.0));
    let wakeups = get("idle_wakeups").unwrap_or_default();
    table.row("idle, connected: CPU over 10 s", of("idle_cpu_percent")?, "%", &[], Goal::AtMost(0.01));
    table.row("same, wake-ups in 10 s", wakeups, "", &[("floor", Some(0.0))], Goal::AtMost(0.0));
    Ok(())
}
