//! The Gateway's client and the sandbox's Gateway, machine to machine, on one virtual clock.

#[allow(dead_code, reason = "the door's own tests need more of it")]
#[path = "../gateway_door/house.rs"]
mod house;
mod tie;

use std::time::Duration;

use gamebridge_proto::error::Status;
use gamebridge_proto::event::{EventType, Flags};
use gamebridge_proto::protocol::gateway::{Config, IDENTIFY_A_DAY, IDENTIFY_EVERY, IDENTIFY_RESERVE, Shards};
use gamebridge_proto::random::Random;
use gamebridge_proto::secret::Secret;
use gamebridge_proto::server::gateway::Limits;
use gamebridge_proto::wire::gateway::{After, CloseCode, Intents};
use serde_json::json;

use crate::house::{House, TOKEN};
use crate::tie::{Tie, config};

const SECOND: Duration = Duration::from_secs(1);

/// Messages that are posted one by one while the connection is killed after those of the Gateway's messages for which `cut` says
/// so; then all have been told, in order.
fn told(posts: u64, mut cut: impl FnMut(u64) -> bool) -> Tie {
    let mut tie = Tie::new(config());
    let (mut posted, mut delivered, mut quiet) = (0, 0, 0);
    while (tie.contents.len() as u64) < posts {
        if posted < posts && tie.was_ready() {
            posted += 1;
            tie.house.post(&posted.to_string());
        }
        if tie.deliver_one() {
            (delivered, quiet) = (delivered + 1, 0);
            if cut(delivered) {
                tie.kill(0);
            }
        } else {
            quiet += 1;
            assert!(quiet < 200, "it goes on for ever: {:?}", tie.client);
            tie.pass(SECOND);
        }
    }
    let numbers: Vec<u64> = tie.contents.iter().map(|content| content.parse().expect("a number")).collect();
    assert!(numbers.iter().copied().eq(1..=posts), "lost, repeated or out of order: {numbers:?}");
    tie
}

#[test]
fn killed_at_1000_points_a_session_loses_nothing_and_repeats_nothing() {
    let mut kills = 0;
    for point in 1..=50 {
        let tie = told(30, |delivered| {
            kills += u64::from(delivered == point);
            delivered == point
        });
        assert!(tie.identifies.len() <= 2, "one session at most was lost before its READY came");
    }
    for seed in 0..5 {
        let mut random = Random::new(seed);
        let tie = told(600, |delivered| {
            // Not before READY: what is told then is of no session that could be resumed.
            let kill = delivered > 3 && random.next_u64().is_multiple_of(4);
            kills += u64::from(kill);
            kill
        });
        assert_eq!(tie.identifies.len(), 1, "seed {seed}: no session was lost");
    }
    assert!(kills >= 1_000, "{kills} kills");
}

#[test]
fn a_day_of_outages_costs_at_most_an_identify_in_5_seconds_and_leaves_the_reserve() {
    for seed in 0..3 {
        let mut random = Random::new(seed);
        let mut tie = Tie::new(config());
        let end = tie.house.now + Duration::from_secs(24 * 60 * 60);
        // Nobody is there for a while, or somebody who goes away at once, or after the greeting, or with a word.
        while tie.house.now < end {
            tie.refuses = random.next_u64().is_multiple_of(3);
            if !tie.deliver_one() {
                tie.pass(random.up_to(20 * SECOND));
            }
            match random.next_u64() % 8 {
                0 => tie.kill(0),
                1 => tie.house.host("GATEWAY_FAULT", json!({"fault": "invalid_session"})).map(drop).unwrap_or(()),
                2 => tie.house.host("GATEWAY_FAULT", json!({"fault": "close", "code": 4009})).map(drop).unwrap_or(()),
                _ => {}
            }
        }
        let times = &tie.identifies;
        assert!(times.windows(2).all(|two| two[1] - two[0] >= IDENTIFY_EVERY), "seed {seed}");
        assert!(times.len() <= IDENTIFY_A_DAY - IDENTIFY_RESERVE, "seed {seed}: {} in a day", times.len());
        assert!(times.len() > 50, "seed {seed}: {} sessions began, so nothing was shown", times.len());
        // The outage ends, and so does the day's number.
        tie.refuses = false;
        tie.run(Duration::from_secs(25 * 60 * 60));
        tie.contents.clear();
        tie.house.post("still here");
        tie.run(SECOND);
        assert_eq!(tie.contents, ["still here"], "seed {seed}: {:?}", tie.client);
    }
}

#[test]
fn every_close_code_has_its_rule() {
    for code in 4000..=4014 {
        let mut tie = Tie::ready();
        let sessions = tie.identifies.len();
        tie.house.host("GATEWAY_FAULT", json!({"fault": "close", "code": code})).expect("it is carried out");
        tie.run(30 * SECOND);
        let last = tie.events.iter().rfind(|event| event.kind != EventType::Log).expect("it is told");
        match After::closed(Some(code)) {
            After::Fatal => {
                let status = match CloseCode::from_code(code) {
                    Some(CloseCode::AuthenticationFailed) => Status::Auth,
                    _ => Status::Remote,
                };
                assert_eq!(
                    (last.kind, last.code, last.flags),
                    (EventType::Disconnected, i32::from(code), Flags::FATAL)
                );
                assert_eq!(last.status, status);
                assert_eq!(tie.identifies.len(), sessions, "{code}: nothing further was tried");
            }
            After::NewSession => {
                assert_eq!((last.kind, last.flags), (EventType::Connected, Flags::default()), "{code}: {last:?}");
                assert_eq!(tie.identifies.len(), sessions + 1, "{code}");
            }
            After::Resume => {
                assert_eq!((last.kind, last.flags), (EventType::Connected, Flags::RESUMED), "{code}: {last:?}");
                assert_eq!(tie.identifies.len(), sessions, "{code}");
            }
        }
    }
}

#[test]
fn the_mistakes_of_a_configuration_are_told_once() {
    let wrong = |change: &dyn Fn(&mut Config)| {
        let mut config = config();
        change(&mut config);
        config
    };
    for (config, code) in [
        (wrong(&|config| config.token = Secret::new("another")), 4004),
        (wrong(&|config| config.intents = Some(Intents(1 << 62))), 4013),
    ] {
        let mut tie = Tie::new(config);
        tie.run(60 * SECOND);
        let last = tie.events.last().expect("DISCONNECTED");
        assert_eq!((last.kind, last.code, last.flags), (EventType::Disconnected, code, Flags::FATAL));
        assert_eq!(tie.identifies.len(), 1);
    }
}

#[test]
fn an_unanswered_beat_is_a_zombie_and_costs_no_session() {
    for fault in ["stall", "refuse_ack"] {
        let mut tie = Tie::ready();
        tie.house.host("GATEWAY_FAULT", json!({"fault": fault})).expect("it is carried out");
        tie.house.post("unheard");
        tie.run(2 * Duration::from_millis(41_250) + SECOND);
        tie.house.host("GATEWAY_FAULT", json!({"fault": "none"})).expect("it is carried out");
        tie.run(30 * SECOND);
        assert_eq!(tie.contents, ["unheard"], "{fault}");
        assert_eq!(tie.identifies.len(), 1, "{fault}");
    }
}

#[test]
fn shards_are_killed_one_by_one_and_each_is_resumed() {
    let mut house = House::default();
    for name in ["Island", "Isle", "Reef"] {
        let guild = house.new_guild(name);
        let user = house.bot;
        house.apply(gamebridge_proto::world::Operation::JoinGuild { guild, user });
    }
    let mut tie = Tie::over(house, Config { shards: Shards::All(3), ..config() });
    tie.run(30 * SECOND);
    let mut random = Random::new(5);
    for number in 1..=200 {
        tie.kill((random.next_u64() % 3) as u32);
        tie.house.post(&number.to_string());
        tie.run(10 * SECOND);
    }
    assert!(tie.contents.iter().map(|content| content.parse::<u64>().expect("a number")).eq(1..=200));
    assert_eq!(tie.identifies.len(), 3);
    assert_ne!(TOKEN, "", "the token of all");
}

#[test]
fn no_request_for_all_members_is_limited_however_often_a_program_asks() {
    for seed in 0..5 {
        let mut random = Random::new(seed);
        let mut house = House::with(Limits::default());
        let guilds = ["Island", "Isle", "Reef"].map(|name| {
            let (guild, user) = (house.new_guild(name), house.bot);
            house.apply(gamebridge_proto::world::Operation::JoinGuild { guild, user });
            guild
        });
        let mut tie = Tie::over(house, config());
        tie.run(SECOND);
        let asked = 30;
        for _ in 0..asked {
            let guild = guilds[(random.next_u64() % 3) as usize];
            tie.command(
                "REQUEST_GUILD_MEMBERS",
                &json!({"guild_id": guild.get().to_string(), "query": "", "limit": 0}),
            );
            // What was asked for over a connection that is lost was asked for all the same.
            if random.next_u64().is_multiple_of(4) {
                tie.kill(0);
            }
            tie.run(15 * SECOND + random.up_to(15 * SECOND));
        }
        tie.run(Duration::from_secs(120));
        assert_eq!(tie.count("RATE_LIMITED"), 0, "seed {seed}");
        assert_eq!(tie.count("GUILD_MEMBERS_CHUNK"), asked, "seed {seed}: each was answered");
    }
}
