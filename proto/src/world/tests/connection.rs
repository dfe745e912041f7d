//! The local user's voice connection.

use super::*;

const STEPS: [&str; 8] = [
    "AWAITING_ENDPOINT",
    "VoiceJoined",
    "VoiceChannelSelected true",
    "AUTHENTICATING",
    "CONNECTING",
    "CONNECTED",
    "VOICE_CONNECTING",
    "VOICE_CONNECTED",
];

struct Place {
    world: World,
    local: UserId,
    one: ChannelId,
    two: ChannelId,
}

fn place() -> Place {
    let mut world = world();
    let (local, guild) = (world.local_user().id, guild(&mut world, &[]));
    let (one, two) = (voice(&mut world, guild), voice(&mut world, guild));
    Place { world, local, one, two }
}

fn servers(world: &mut World, available: bool) -> Vec<String> {
    tells(world, Operation::SetVoiceServers { available })
}

#[test]
fn joining_goes_through_every_step_and_leaving_ends_it() {
    let Place { mut world, local, one, .. } = place();
    assert_eq!(join(&mut world, local, one), STEPS);
    assert_eq!((world.voice_channel(), world.joining()), (Some(one), None));
    assert_eq!(&*world.voice_connection().hostname, "voice.localhost");
    let told = tells(&mut world, Operation::LeaveVoice(local));
    assert_eq!(told, ["VoiceLeft", "VoiceChannelSelected false", "DISCONNECTED"]);
    assert_eq!((world.voice_channel(), world.voice_connection()), (None, &VoiceConnection::default()));
    assert!(tells(&mut world, Operation::LeaveVoice(local)).is_empty());
}

#[test]
fn each_step_carries_the_connection_as_it_was_then() {
    let Place { mut world, local, one, .. } = place();
    let changes = done(&mut world, Operation::JoinVoice { user: local, channel: one });
    let hosts = changes.iter().filter_map(|change| match change {
        Change::VoiceConnectionChanged(connection) => Some(&*connection.hostname),
        _ => None,
    });
    let server = "voice.localhost";
    assert_eq!(hosts.collect::<Vec<_>>(), ["", server, server, server, server, server]);
}

#[test]
fn moving_leaves_the_one_channel_before_the_other_is_joined() {
    let Place { mut world, local, one, two } = place();
    join(&mut world, local, one);
    assert_eq!(join(&mut world, local, two)[0], "VoiceLeft");
    assert_eq!(world.voice_channel(), Some(two));
    assert_eq!(world.voice_states_in(one).count(), 0);
}

#[test]
fn without_servers_one_waits_and_is_let_in_when_they_are_back() {
    let Place { mut world, local, one, two } = place();
    join(&mut world, local, one);
    assert!(servers(&mut world, false).is_empty());
    assert!(!world.voice_servers_available());
    assert_eq!(join(&mut world, local, two), ["VoiceLeft", "VoiceChannelSelected false", "AWAITING_ENDPOINT"]);
    assert_eq!((world.voice_channel(), world.joining()), (None, Some(two)));
    assert!(join(&mut world, local, two).is_empty());
    assert_eq!(servers(&mut world, true), STEPS[1..]);
    assert_eq!((world.voice_channel(), world.joining()), (Some(two), None));
}

#[test]
fn who_waits_can_give_up() {
    let Place { mut world, local, one, .. } = place();
    servers(&mut world, false);
    join(&mut world, local, one);
    assert_eq!(tells(&mut world, Operation::LeaveVoice(local)), ["DISCONNECTED"]);
    assert_eq!(world.joining(), None);
    assert!(servers(&mut world, true).is_empty());
}

#[test]
fn who_waits_for_what_is_gone_gives_up() {
    let Place { mut world, local, one, two } = place();
    servers(&mut world, false);
    join(&mut world, local, one);
    assert_eq!(tells(&mut world, Operation::DeleteChannel(one)), ["DISCONNECTED", "ChannelDeleted"]);
    join(&mut world, local, two);
    let guild = world.guilds().next().unwrap().id;
    let outage = GuildEdit { available: Some(false), ..GuildEdit::default() };
    done(&mut world, Operation::EditGuild { guild, edit: outage });
    assert_eq!(servers(&mut world, true), ["DISCONNECTED"]);
    assert_eq!((world.voice_channel(), world.joining()), (None, None));
}

#[test]
fn the_host_says_how_the_connection_stands() {
    let Place { mut world, local, one, .. } = place();
    let set =
        |state, hostname: Option<&str>| Operation::SetVoiceConnection { state, hostname: hostname.map(Box::from) };
    let no_route = || set(VoiceConnectionState::NoRoute, None);
    assert!(matches!(refused(&mut world, no_route()), Error::Invalid(_)), "in no channel");
    join(&mut world, local, one);
    assert_eq!(tells(&mut world, no_route()), ["NO_ROUTE"]);
    assert!(tells(&mut world, no_route()).is_empty());
    done(&mut world, set(VoiceConnectionState::VoiceConnected, Some("some-server.example")));
    assert_eq!(&*world.voice_connection().hostname, "some-server.example");
    assert_eq!(field(&refused(&mut world, set(VoiceConnectionState::Connected, Some(&"h".repeat(513))))), "hostname");
}

#[test]
fn the_latest_twenty_pings_are_kept() {
    let Place { mut world, local, one, .. } = place();
    assert!(matches!(refused(&mut world, Operation::Ping(1.0)), Error::Invalid(_)), "in no channel");
    join(&mut world, local, one);
    for ping in 0..25 {
        assert_eq!(tells(&mut world, Operation::Ping(f64::from(ping))), ["VOICE_CONNECTED"]);
    }
    for garbage in [f64::NAN, f64::INFINITY, -1.0] {
        assert_eq!(field(&refused(&mut world, Operation::Ping(garbage))), "ping");
    }
    let connection = world.voice_connection();
    assert_eq!((connection.pings.len(), connection.last_ping(), connection.average_ping()), (20, 24.0, 14.5));
    done(&mut world, Operation::LeaveVoice(local));
    assert_eq!(world.voice_connection().last_ping(), 0.0);
}
