//! What becomes of things when the connection between client and door breaks.

use crate::town::*;

#[test]
fn the_guild_and_the_session_come_back() {
    let mut wire = Wire::in_harbour();
    let harbour = wire.town.harbour.to_string();
    wire.cut(0);
    let (guild, user) = (wire.town.harbour, wire.town.bob);
    wire.town.apply(Operation::JoinGuild { guild, user });
    wire.pass(60 * SECOND);
    let events = wire.events();
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["RECONNECTING", "CONNECTED", "CONNECT_GUILD", "APPLICATION_SESSION"]);
    assert_eq!(events[2].kind, EventType::Dispatch);
    assert_eq!(events[2].data["guild"]["count"], 3, "what was missed is in it");
    assert_eq!(wire.state()["guild_id"], json!(harbour));
    assert_eq!(wire.state()["session_guild_id"], json!(harbour));
    // And it is kept up as before.
    wire.town.allow(Permissions::BAN_MEMBERS);
    wire.settle();
    assert_eq!(wire.names(), ["GUILD_PRIVILEGE_UPDATE", "APPLICATION_SESSION_REAUTH"]);
    wire.pass(120 * SECOND);
    assert_eq!(wire.names(), [] as [&str; 0]);
}

#[test]
fn what_cannot_come_back_is_told() {
    let mut wire = Wire::in_harbour();
    let harbour = wire.town.harbour.to_string();
    wire.cut(0);
    wire.town.host("DMOD_GUILD", json!({"guild_id": harbour, "token": "another-token"})).unwrap();
    let (guild, user) = (wire.town.harbour, wire.town.ada);
    wire.town.apply(Operation::LeaveGuild { guild, user });
    wire.pass(60 * SECOND);
    let events = wire.events();
    let told: Vec<_> = events.iter().map(|event| (event.name.as_str(), &event.data)).skip(2).collect();
    let ended = json!({"gid": harbour, "reason": "lost"});
    assert_eq!(told, [("DESCONNECT_GUILD", &json!({"gid": harbour})), ("APPLICATION_SESSION_END", &ended)]);
    // Once: it is not asked for again.
    wire.cut(0);
    wire.pass(60 * SECOND);
    assert_eq!(wire.names(), ["RECONNECTING", "CONNECTED"]);
}

#[test]
fn what_the_program_ended_does_not_come_back() {
    let mut wire = Wire::in_harbour();
    let harbour = wire.town.harbour.to_string();
    wire.ask("APPLICATION_SESSION_END", json!({"gid": harbour}));
    wire.ask("DESCONNECT_GUILD", json!({"gid": harbour}));
    wire.cut(0);
    wire.pass(60 * SECOND);
    assert_eq!(wire.names(), ["RECONNECTING", "CONNECTED"]);
}

#[test]
fn the_last_guild_is_the_one_that_comes_back() {
    let mut wire = Wire::in_harbour();
    let quay = wire.town.quay.to_string();
    wire.ask("CONNECT_GUILD", json!({"token": QUAY_TOKEN, "gid": quay}));
    wire.cut(0);
    wire.pass(60 * SECOND);
    assert_eq!(wire.state()["guild_id"], json!(quay));
    // An attempt that failed leaves none, as at the server.
    let reply = wire.ask("CONNECT_GUILD", json!({"token": "wrong", "gid": quay}));
    assert_eq!((reply.status, reply.code), (Status::Remote, 40001));
    wire.cut(0);
    wire.pass(60 * SECOND);
    assert_eq!(wire.state()["guild_id"], Value::Null);
}

/// A command that was written is uncertain and is not repeated; one that was not goes out on the next connection.
#[test]
fn written_commands_are_uncertain_and_others_wait() {
    let mut wire = Wire::default();
    wire.events.clear();
    wire.town.host("DMOD_FAULT", json!({"fault": "stall"})).unwrap();
    for tag in 1..=3 {
        wire.command("DESCONNECT_GUILD", json!({"gid": "5"}), tag);
    }
    assert_eq!(wire.names(), [] as [&str; 0]);
    wire.cut(2);
    let events = wire.events();
    assert_eq!((events[0].tag, events[0].status, events[0].flags), (1, Status::Closed, Flags::UNCERTAIN));
    assert_eq!(events[1].kind, EventType::Reconnecting);
    wire.pass(60 * SECOND);
    let replies: Vec<_> =
        wire.events().iter().filter(|event| event.tag != 0).map(|event| (event.tag, event.status)).collect();
    assert_eq!(replies, [(2, Status::Remote), (3, Status::Remote)]);
}

#[test]
fn commands_wait_out_an_outage_until_their_time_is_over() {
    let mut wire = Wire::default();
    wire.is_down = true;
    wire.cut(0);
    wire.events.clear();
    wire.command("CONNECT_GUILD", wire.harbour(), 1);
    wire.pass(20 * SECOND);
    assert_eq!(wire.names(), [] as [&str; 0]);
    wire.command("WARN", json!({}), 2);
    wire.cancel(2);
    wire.pass(20 * SECOND);
    let events = wire.events();
    let replies: Vec<_> = events.iter().map(|event| (event.tag, event.status)).collect();
    assert_eq!(replies, [(2, Status::Cancelled), (1, Status::Timeout)]);
    wire.command("CONNECT_GUILD", wire.harbour(), 3);
    wire.is_down = false;
    wire.pass(60 * SECOND);
    let events = wire.events();
    assert_eq!((events[0].kind, events[1].tag, events[1].status), (EventType::Connected, 3, Status::Ok));
}

#[test]
fn an_end_answers_everything() {
    let mut wire = Wire::default();
    wire.events.clear();
    wire.town.host("DMOD_FAULT", json!({"fault": "stall"})).unwrap();
    wire.command("WARN", json!({}), 1);
    wire.disconnect();
    let events = wire.events();
    assert_eq!((events[0].tag, events[0].status, events[0].flags), (1, Status::Closed, Flags::UNCERTAIN));
    assert_eq!((events[1].kind, events.len()), (EventType::Disconnected, 2));
    wire.command("WARN", json!({}), 2);
    let events = wire.events();
    assert_eq!((events[0].tag, events[0].status), (2, Status::Closed));
}

/// A day without anybody there: waits grow to their ceiling, and the connection comes back by itself.
#[test]
fn a_day_of_outage_is_borne() {
    let mut wire = Wire::in_harbour();
    wire.is_down = true;
    wire.cut(0);
    wire.pass(24 * 3600 * SECOND);
    assert_eq!(wire.names(), ["RECONNECTING"], "told once");
    let tries = wire.log.iter().filter(|line| line.contains("next try")).count();
    // With full jitter under a ceiling of 60 s the mean wait is 30 s.
    assert!((1440..7000).contains(&tries), "{tries}");
    wire.is_down = false;
    wire.pass(60 * SECOND);
    assert_eq!(wire.names(), ["CONNECTED", "CONNECT_GUILD", "APPLICATION_SESSION"]);
}

#[test]
fn nobody_at_the_start_is_an_end_only_for_who_says_so() {
    for (retry, is_over) in [(true, false), (false, true)] {
        let mut wire = Wire::before(Town::default(), Config { retry, ..config() });
        wire.is_down = true;
        wire.start();
        assert_eq!(wire.client.is_finished(), is_over);
        let kinds: Vec<_> = wire.events().iter().map(|event| (event.kind, event.status)).collect();
        assert_eq!(kinds, if is_over { vec![(EventType::Disconnected, Status::Io)] } else { vec![] });
    }
}

/// The connection is cut after each message in turn: what the program has in the end is the same.
#[test]
fn a_cut_at_any_point_changes_nothing_in_the_end() {
    for point in 0..40 {
        let mut wire = Wire::in_harbour();
        let harbour = wire.town.harbour.to_string();
        for step in 0..40u32 {
            if step == point && wire.peer.is_some() {
                wire.cut((step % 3) as usize);
            }
            match step % 4 {
                0 => wire.town.allow(Permissions(u64::from(step) + 1)),
                1 => wire.pass(7 * SECOND),
                2 => wire.command("WARN", json!({"step": step}), 1000 + u64::from(step)),
                _ => wire.settle(),
            }
        }
        wire.pass(120 * SECOND);
        let state = wire.state();
        assert_eq!((&state["guild_id"], &state["session_guild_id"]), (&json!(harbour), &json!(harbour)), "{point}");
        let events = wire.events();
        let mut tags: Vec<u64> = events.iter().filter(|event| event.tag != 0).map(|event| event.tag).collect();
        tags.sort_unstable();
        assert_eq!(tags, (0..40).filter(|step| step % 4 == 2).map(|step| 1000 + step).collect::<Vec<_>>(), "{point}");
    }
}
