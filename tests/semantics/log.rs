//! The log: events like others, filtered by level and room.

use gamebridge::ffi::*;
use serde_json::json;

use crate::harness::{DEFAULTS, FakeDiscord, Game, in_a_process_of_its_own, is_child};

/// The log lines of a connection that is made, refused something, and ended, at this level.
fn lines(log_level: u32) -> Vec<(i32, String)> {
    let (discord, game) = (FakeDiscord::new(), Game::with(gb_options { log_level, ..DEFAULTS }));
    let conn = game.connect("rpc", &discord.params(&json!({})));
    drop(discord.accept());
    let mut peer = discord.welcome();
    game.connected(conn);
    assert_eq!(game.send(conn, "GET_GUILDS", "{}", 0), GB_OK);
    let asked = peer.asked();
    peer.refuse(&asked, 1000, "no");
    peer.settle();
    game.drain().into_iter().filter(|seen| seen.kind == GB_EVENT_LOG).map(|seen| (seen.code, seen.name)).collect()
}

#[test]
fn a_level_lets_pass_what_is_as_loud() {
    for (level, least, most) in [
        (GB_LOG_OFF, 0, 0),
        (GB_LOG_ERROR, 0, 0),
        (0, 2, 2),
        (GB_LOG_WARN, 2, 2),
        (GB_LOG_INFO, 2, 3),
        (GB_LOG_DEBUG, 2, 4),
    ] {
        let lines = lines(level);
        let levels: Vec<i32> = lines.iter().map(|(level, _)| *level).collect();
        assert_eq!(levels.iter().max().copied().unwrap_or(0), most, "level {level}: {lines:?}");
        assert!(levels.iter().all(|level| *level >= least), "{lines:?}");
        assert!(lines.iter().all(|(_, room)| room == "rpc"), "{lines:?}");
    }
}

#[test]
fn the_environment_overrides_the_options() {
    if is_child() {
        let lines = lines(GB_LOG_WARN);
        println!("loudest {}", lines.iter().map(|(level, _)| *level).max().unwrap_or(0));
        return;
    }
    for (text, loudest) in
        [("debug", 4), ("off", 0), ("off,rpc=info", 3), ("debug,rpc=off", 0), ("nonsense", 2), ("", 2)]
    {
        let output = in_a_process_of_its_own("log::the_environment_overrides_the_options", &[("GAMEBRIDGE_LOG", text)]);
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && stdout.contains(&format!("loudest {loudest}\n")), "{text:?}: {stdout}");
    }
}
