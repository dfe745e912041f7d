//! The rows of a game that links discord-rpc, with our library in its place: against our server, against arRPC, beside
//! pypresence and our own calls.

use std::path::Path;
use std::process::Command;

use super::Bench;
use super::programs::{Figures, c_program};
use super::rpc::{arrpc, inside};
use super::servers::Server;
use super::table::{Goal, Table};
use crate::counterparts;
use crate::discord_rpc::{self, Layout};
use crate::house::{self, Private};
use crate::step::Step;
use crate::toolchain::{self, STRICT};

/// Measures them.
pub fn run(bench: &Bench, table: &mut Table) -> Result<(), String> {
    let library = discord_rpc::build(Layout::Released, &["--release"], None)?;
    let root = house::root();
    let game = house::own("bench").join("old_game");
    let mut compile = Command::new(toolchain::cc()?);
    compile.args(["-std=c11", "-O2", "-D_GNU_SOURCE"]).args(STRICT).arg("-I").arg(root.join("include"));
    compile.arg(root.join("benches/rpc/old_game.c")).args(discord_rpc::link_args(&library)).arg("-pthread");
    compile.arg("-o").arg(&game);
    Step::new("compile-old-game", compile).run()?.success()?;
    let program = |name: &str| c_program(&bench.library, &format!("rpc/{name}"));
    let (host, start, calls, latency) = (program("host")?, program("start")?, program("calls")?, program("latency")?);

    let mut figures = Figures::default();
    for _ in 0..bench.rounds {
        let folder = Private::new();
        let mut server = Server::start(inside(folder.path(), &host, &[]))?;
        let path = server.told("ipc ")?;
        figures.run("", inside(folder.path(), &game, &["start"]))?;
        figures.run("", inside(folder.path(), &start, &[&path]))?;
        figures.run("", inside(folder.path(), &game, &["calls"]))?;
        figures.run("", inside(folder.path(), &calls, &[&path]))?;
        drop(server);
        let folder = Private::new();
        figures.run("", inside(folder.path(), &game, &["latency"]))?;
        figures.run("", inside(folder.path(), &latency, &[&folder.path().join("dispatch").display().to_string()]))?;
    }
    if let Err(why) = peers(&game, &mut figures) {
        table.missing("peers of the old game", &why);
    }
    rows(&figures, table)
}

/// The same game with arRPC, and pypresence with it.
fn peers(game: &Path, figures: &mut Figures) -> Result<(), String> {
    let python = counterparts::virtual_environment()?;
    let script = house::root().join("benches/peers/pypresence_update.py").display().to_string();
    let folder = Private::new();
    let _server = arrpc(folder.path())?;
    figures.run("arrpc ", inside(folder.path(), game, &["start"]))?;
    figures.run("arrpc ", inside(folder.path(), &python, &[&script]))
}

fn rows(figures: &Figures, table: &mut Table) -> Result<(), String> {
    let (get, of) = (|name: &str| figures.median(name), |name: &str| figures.of(name));
    let milliseconds = |name: &str| get(name).map(|us| us / 1000.0);
    let beside = [
        ("`gb_connect` to READY", milliseconds("start_to_ready_us_p50")),
        ("bare socket", milliseconds("bare_start_us_p50")),
        ("the old game to arRPC", milliseconds("arrpc old_start_us_p50")),
    ];
    let start = milliseconds("old_start_us_p50").ok_or("no start was measured")?;
    table.row("old game: Discord_Initialize to `ready`, p50", start, "ms", &beside, Goal::AtMost(5.0));
    let floor = |quantile: &str| {
        [
            ("to `gb_wait`", get(&format!("write_to_poll_us_{quantile}"))),
            ("blocking read of a bare socket", get(&format!("write_to_read_us_{quantile}"))),
        ]
    };
    let job = "old game: server write to the handler, p50";
    table.row(job, of("old_write_to_handler_us_p50")?, "us", &floor("p50"), Goal::AtMost(250.0));
    table.row("same, p99", of("old_write_to_handler_us_p99")?, "us", &floor("p99"), Goal::AtMost(1000.0));
    let poll = [("empty `gb_poll`", get("empty_poll_ns")), ("`gb_version`, the cheapest call", get("bare_call_ns"))];
    table.row("old game: idle Discord_RunCallbacks", of("old_idle_ns")?, "ns", &poll, Goal::AtMost(20.0));
    let send = [("`gb_send(SET_ACTIVITY)`, tight", get("send_tight_ns"))];
    let job = "old game: Discord_UpdatePresence, tight, another each time";
    table.row(job, of("old_update_tight_ns")?, "ns", &send, Goal::AtMost(1500.0));
    table.row("same, the same each time", of("old_update_same_ns")?, "ns", &[], Goal::AtMost(500.0));
    let update = [
        ("p99", get("old_update_paced_us_p99")),
        ("`gb_send`", get("send_paced_us_p50")),
        ("pypresence `update` to arRPC, a round trip", get("arrpc update_us_p50")),
    ];
    let job = "same, another once a millisecond, p50";
    table.row(job, of("old_update_paced_us_p50")?, "us", &update, Goal::AtMost(15.0));
    Ok(())
}
