//! The Gateway's rows: a replay of 200,000 events, our C clients, twilight and the floors in turn.

use std::path::Path;
use std::process::Command;

use super::Bench;
use super::programs::{self, Figures, c_program};
use super::servers::Server;
use super::table::{Goal, Table};

const EVENTS: &str = "200000";

/// Measures them.
pub fn run(bench: &Bench, table: &mut Table) -> Result<(), String> {
    let rust = programs::rust_programs()?;
    let ours = |name: &str| c_program(&bench.library, &format!("gateway/{name}"));
    let (undecoded, fields) = (ours("gw_undecoded")?, ours("gw_five_fields")?);
    let shards = ours("gw_shards")?;
    let (worst_poll, not_polled, idle) = (ours("worst_poll")?, ours("not_polled")?, ours("idle_connections")?);
    let server = |args: &[&str]| -> Result<(Server, String), String> {
        let mut server = Server::start(programs::command(&rust.join("replay_server"), args))?;
        let port = server.told("")?;
        Ok((server, port))
    };
    let (_flood, port) = server(&["--events", EVENTS])?;
    let (_silence, silent_port) = server(&["--idle"])?;
    let (_steady, steady_port) = server(&["--events", EVENTS, "--steady"])?;
    let (_zlib, zlib_port) = server(&["--events", EVENTS, "--compress", "zlib-stream"])?;
    let (_zstd, zstd_port) = server(&["--events", EVENTS, "--compress", "zstd-stream"])?;
    let client = |program: &Path, args: &[&str], port: &str| -> Command {
        let mut command = programs::command(program, args);
        command.env("BENCH_PORT", port);
        command
    };

    let mut figures = Figures::default();
    for _ in 0..bench.rounds {
        figures.run("socket ", client(&rust.join("floors"), &["socket"], &port))?;
        figures.run("tungstenite ", client(&rust.join("floors"), &["tungstenite"], &port))?;
        figures.run("twilight ", client(&rust.join("twilight_raw"), &[], &port))?;
        figures.run("undecoded ", client(&undecoded, &[], &port))?;
        figures.run("fields ", client(&fields, &[], &port))?;
        figures.run("steady socket ", client(&rust.join("floors"), &["socket"], &steady_port))?;
        figures.run("steady twilight ", client(&rust.join("twilight_raw"), &[], &steady_port))?;
        figures.run("steady undecoded ", client(&undecoded, &[], &steady_port))?;
        figures.run("steady fields ", client(&fields, &[], &steady_port))?;
        for (name, port) in [("zlib-stream", &zlib_port), ("zstd-stream", &zstd_port)] {
            let mut packed = client(&undecoded, &[], port);
            packed.env("BENCH_COMPRESS", name);
            figures.run(&format!("{name} "), packed)?;
        }
        figures.run("shards ", client(&shards, &[], &port))?;
        figures.run("", client(&worst_poll, &[], &port))?;
    }
    figures.run("", client(&rust.join("allocations"), &[], &port))?;
    figures.run("", client(&not_polled, &[], &port))?;
    figures.run("", client(&idle, &[], &silent_port))?;

    let per_million = |name: &str| -> Option<f64> {
        Some(figures.median(&format!("{name} cpu_s"))? / figures.median(&format!("{name} events"))? * 1e6)
    };
    let beside = [
        ("twilight", per_million("twilight")),
        ("tungstenite, counting", per_million("tungstenite")),
        ("bare socket", per_million("socket")),
    ];
    let cpu = |name: &str| per_million(name).ok_or_else(|| format!("{name} printed no line"));
    let unit = "CPU s per 1 M";
    table.row("Gateway, text, events handed over undecoded", cpu("undecoded")?, unit, &beside, Goal::AtMost(0.60));
    table.row("Gateway, text, five typed fields of every event", cpu("fields")?, unit, &beside[2..], Goal::AtMost(2.5));
    let rate = |name: &str| -> Option<f64> {
        Some(figures.median(&format!("{name} events"))? / figures.median(&format!("{name} wall_s"))? / 1000.0)
    };
    let shards = rate("shards").ok_or("shards printed no line")?;
    let job = "four shards at once, one thread takes all";
    table.row(job, shards, "k events/s", &[("one shard", rate("undecoded"))], Goal::None);
    table.row("the same", cpu("shards")?, unit, &[("one shard", per_million("undecoded"))], Goal::None);
    let beside = [("twilight", per_million("steady twilight")), ("bare socket", per_million("steady socket"))];
    let job = "the same without large guilds, undecoded";
    table.row(job, cpu("steady undecoded")?, unit, &beside, Goal::None);
    table.row("the same, five fields", cpu("steady fields")?, unit, &beside[1..], Goal::None);
    let text = [("as text", per_million("undecoded"))];
    table.row("Gateway, zlib-stream, undecoded", cpu("zlib-stream")?, unit, &text, Goal::AtMost(3.9));
    table.row("Gateway, zstd-stream, undecoded", cpu("zstd-stream")?, unit, &text, Goal::AtMost(1.82));
    let preempted = [("with the processor lost in it", figures.median("worst_poll_preempted_us"))];
    table.row(
        "worst single `gb_poll` under flood",
        figures.of("worst_poll_us")?,
        "us",
        &preempted,
        Goal::AtMost(100.0),
    );
    table.row("allocations per event, steady state", figures.of("allocations_per_event")?, "", &[], Goal::AtMost(0.0));
    let before = figures.of("resident_before_kb")?;
    let grown = (figures.of("resident_peak_kb")? - before) / 1024.0;
    let early = figures.median("resident_early_kb").map(|early| (early - before) / 1024.0);
    // The cap of 4 MiB, a chunk on its way in, the read buffer, and the largest event.
    let job = "resident memory, polling stopped under flood, cap 4 MiB: growth";
    table.row(job, grown, "MB", &[("after 0.2 s", early)], Goal::AtMost(5.5));
    let job = "idle shard";
    table.row(job, figures.of("idle_connection_kb")?, "KB", &[], Goal::AtMost(24.0));
    Ok(())
}
