//! The Gateway's rows: a replay of 200,000 events, our C clients, twilight, @discordjs/ws and the floors in turn.

use std::path::Path;
use std::process::Command;

use super::Bench;
use super::programs::{self, Figures, c_program};
use super::servers::Server;
use super::table::{Goal, Table};
use crate::{counterparts, house};

const EVENTS: &str = "200000";
const PACKED: [&str; 2] = ["zlib-stream", "zstd-stream"];

/// Measures them.
pub fn run(bench: &Bench, table: &mut Table) -> Result<(), String> {
    let twilights = [programs::packed_twilight(PACKED[0])?, programs::packed_twilight(PACKED[1])?];
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
    let (_zlib, zlib_port) = server(&["--events", EVENTS, "--compress", PACKED[0]])?;
    let (_zstd, zstd_port) = server(&["--events", EVENTS, "--compress", PACKED[1]])?;
    let client = |program: &Path, args: &[&str], port: &str| -> Command {
        let mut command = programs::command(program, args);
        command.env("BENCH_PORT", port);
        command
    };
    let (script, packages) = (house::root().join("benches/peers/discordjs_ws.mjs"), counterparts::node_packages()?);
    let discordjs = |port: &str| -> Command {
        let mut node = client(Path::new("node"), &[], port);
        node.arg(&script).arg(&packages);
        node
    };

    let mut figures = Figures::default();
    for _ in 0..bench.rounds {
        figures.run("socket ", client(&rust.join("floors"), &["socket"], &port))?;
        figures.run("tungstenite ", client(&rust.join("floors"), &["tungstenite"], &port))?;
        figures.run("twilight ", client(&rust.join("twilight_raw"), &[], &port))?;
        figures.run("discordjs ", discordjs(&port))?;
        figures.run("undecoded ", client(&undecoded, &[], &port))?;
        figures.run("fields ", client(&fields, &[], &port))?;
        figures.run("steady socket ", client(&rust.join("floors"), &["socket"], &steady_port))?;
        figures.run("steady twilight ", client(&rust.join("twilight_raw"), &[], &steady_port))?;
        figures.run("steady undecoded ", client(&undecoded, &[], &steady_port))?;
        figures.run("steady fields ", client(&fields, &[], &steady_port))?;
        for ((name, port), twilight) in PACKED.into_iter().zip([&zlib_port, &zstd_port]).zip(&twilights) {
            let asking = |mut command: Command| {
                command.env("BENCH_COMPRESS", name);
                command
            };
            figures.run(&format!("{name} "), asking(client(&undecoded, &[], port)))?;
            figures.run(&format!("{name} twilight "), client(twilight, &[], port))?;
            if name == PACKED[0] {
                figures.run(&format!("{name} discordjs "), asking(discordjs(port)))?;
            }
        }
        figures.run("shards ", client(&shards, &[], &port))?;
        figures.run("", client(&worst_poll, &[], &port))?;
    }
    figures.run("", client(&rust.join("allocations"), &[], &port))?;
    figures.run("", client(&not_polled, &[], &port))?;
    for compress in ["none", PACKED[1]] {
        let mut silent = client(&idle, &[], &silent_port);
        silent.env("BENCH_COMPRESS", compress);
        figures.run(&format!("{compress} "), silent)?;
    }

    let per_million = |name: &str| -> Option<f64> {
        Some(figures.median(&format!("{name} cpu_s"))? / figures.median(&format!("{name} events"))? * 1e6)
    };
    let beside = [
        ("twilight", per_million("twilight")),
        ("@discordjs/ws", per_million("discordjs")),
        ("tungstenite, counting", per_million("tungstenite")),
        ("bare socket", per_million("socket")),
    ];
    let cpu = |name: &str| per_million(name).ok_or_else(|| format!("{name} printed no line"));
    let unit = "CPU s per 1 M";
    table.row("Gateway, text, events handed over undecoded", cpu("undecoded")?, unit, &beside, Goal::AtMost(0.60));
    table.row("Gateway, text, five typed fields of every event", cpu("fields")?, unit, &beside[1..], Goal::AtMost(2.5));
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
    for (name, goal) in PACKED.into_iter().zip([3.9, 1.82]) {
        let beside = [
            ("as text", per_million("undecoded")),
            ("twilight", per_million(&format!("{name} twilight"))),
            ("@discordjs/ws", per_million(&format!("{name} discordjs"))),
        ];
        // Few versions of Node know Zstandard, so @discordjs/ws has no row of it.
        let beside = if name == PACKED[0] { &beside[..] } else { &beside[..2] };
        table.row(&format!("Gateway, {name}, undecoded"), cpu(name)?, unit, beside, Goal::AtMost(goal));
    }
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
    let packed = [("with zstd-stream", figures.median(&format!("{} idle_connection_kb", PACKED[1])))];
    table.row("idle shard", figures.of("none idle_connection_kb")?, "KB", &packed, Goal::AtMost(24.0));
    Ok(())
}
