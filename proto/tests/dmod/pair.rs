//! Client against door: every opcode, command and event over the wire between the two.

use std::collections::BTreeSet;

use crate::town::*;

#[test]
fn a_connection_from_end_to_end() {
    let mut wire = Wire::default();
    assert_eq!(wire.heard.len(), 2, "asked, and let in");
    let connected = wire.events().remove(0);
    assert_eq!((connected.kind, &connected.data["missed_notifications"]), (EventType::Connected, &json!([])));
    let harbour = wire.town.harbour.to_string();
    let reply = wire.ask("CONNECT_GUILD", wire.harbour());
    assert_eq!((reply.status, &reply.data["guild"]["count"]), (Status::Ok, &json!(2)));
    assert_eq!(reply.data["user"]["tag"], "ada#0");
    let reply = wire.ask("APPLICATION_SESSION", wire.session(&harbour));
    assert_eq!((reply.status, &reply.data["gid"]), (Status::Ok, &json!(harbour)));
    assert_eq!(wire.state()["session_guild_id"], json!(harbour));
    let reply = wire.ask("APPLICATION_SESSION_END", json!({"gid": harbour}));
    assert_eq!(reply.status, Status::Ok);
    let reply = wire.ask("DISCONNECT_GUILD", json!({"gid": harbour}));
    assert_eq!((reply.name.as_str(), reply.status), ("DISCONNECT_GUILD", Status::Ok), "as the program called it");
    let reply = wire.ask("DESCONNECT_GUILD", json!({"gid": harbour}));
    assert_eq!((reply.status, reply.code, &reply.data["success"]), (Status::Remote, 10004, &json!(false)));
    assert!(reply.message.contains("not connected"), "{}", reply.message);
    let reply = wire.ask("WARN_MEMBER", json!({}));
    assert_eq!((reply.status, reply.code), (Status::Remote, 0), "not known to the server");
    wire.disconnect();
    let last = wire.events().pop().unwrap();
    assert_eq!((last.kind, last.status), (EventType::Disconnected, Status::Ok));
    assert_eq!(wire.client.next_timeout(), None);
}

#[test]
fn missed_notifications_come_once() {
    let mut town = Town::default();
    let ada = town.ada.to_string();
    for processed in 0..3 {
        let waiting = town.host("DMOD_NOTIFY", json!({"user_id": ada, "proccessed_type": processed})).unwrap();
        assert_eq!(waiting["waiting"], processed + 1);
    }
    let mut wire = Wire::before(town, config());
    wire.start();
    let connected = wire.events().remove(0);
    let expected: Vec<_> = (0..3).map(|at| json!({"type": "APPLICATION_REVIWED", "proccessed_type": at})).collect();
    assert_eq!(connected.data["missed_notifications"], json!(expected));
    // What comes while somebody is there waits for the next time.
    wire.town.host("DMOD_NOTIFY", json!({"user_id": ada, "type": "OTHER"})).unwrap();
    wire.cut(0);
    wire.pass(60 * SECOND);
    let again = wire.events().pop().unwrap();
    assert_eq!(again.data["missed_notifications"], json!([{"type": "OTHER", "proccessed_type": 0}]));
    wire.cut(0);
    wire.pass(60 * SECOND);
    assert_eq!(wire.events().pop().unwrap().data["missed_notifications"], json!([]));
}

#[test]
fn permissions_are_told_when_the_world_changes_them() {
    let mut wire = Wire::default();
    wire.ask("CONNECT_GUILD", wire.harbour());
    wire.events.clear();
    wire.town.allow(Permissions::BAN_MEMBERS);
    wire.settle();
    let events = wire.events();
    assert_eq!(events.len(), 1);
    let ada = wire.town.ada.to_string();
    let expected = json!({"id": ada, "tag": "ada#0", "self": true, "permissions": wire.town.permissions()});
    assert_eq!((events[0].name.as_str(), &events[0].data), ("GUILD_PRIVILEGE_UPDATE", &expected));
    // The role is taken away, a role she does not have changes, she becomes the owner.
    let (guild, user, role) = (wire.town.harbour, wire.town.ada, wire.town.pilots);
    let none = MemberEdit { roles: Some(vec![]), ..MemberEdit::default() };
    wire.town.apply(Operation::EditMember { guild, user, edit: none });
    wire.settle();
    assert_eq!(wire.names(), ["GUILD_PRIVILEGE_UPDATE"]);
    let edit = RoleEdit { permissions: Some(Permissions::ALL), ..RoleEdit::default() };
    wire.town.apply(Operation::EditRole { guild, role, edit });
    wire.settle();
    assert_eq!(wire.names(), [] as [&str; 0]);
    wire.town.apply(Operation::EditGuild { guild, edit: GuildEdit { owner: Some(user), ..GuildEdit::default() } });
    wire.settle();
    let events = wire.events();
    assert_eq!(events[0].data["permissions"], Permissions::ALL.0.to_string());
    // Another guild's are nothing to her.
    let role = wire.town.quay;
    let edit = RoleEdit { permissions: Some(Permissions::ALL), ..RoleEdit::default() };
    wire.town.apply(Operation::EditRole { guild: role, role: RoleId::from(role.get()), edit });
    wire.settle();
    assert_eq!(wire.names(), [] as [&str; 0]);
}

#[test]
fn members_are_counted_when_the_world_changes_them() {
    let mut wire = Wire::default();
    wire.ask("CONNECT_GUILD", wire.harbour());
    wire.events.clear();
    let (guild, user, gid) = (wire.town.harbour, wire.town.bob, wire.town.harbour.to_string());
    for (operation, count) in [(Operation::JoinGuild { guild, user }, 3), (Operation::LeaveGuild { guild, user }, 2)] {
        wire.town.apply(operation);
        wire.settle();
        let events = wire.events();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].name, "GUILD_MEMBER_COUNT_CHANGE");
        assert_eq!(events[0].data, json!({"gid": gid, "count": count}));
    }
    wire.town.apply(Operation::JoinGuild { guild: wire.town.quay, user });
    wire.settle();
    assert_eq!(wire.names(), [] as [&str; 0]);
}

#[test]
fn who_leaves_the_guild_may_nothing_and_loses_the_session() {
    let mut wire = Wire::in_harbour();
    let (guild, user) = (wire.town.harbour, wire.town.ada);
    wire.town.apply(Operation::LeaveGuild { guild, user });
    wire.settle();
    let events = wire.events();
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["GUILD_MEMBER_COUNT_CHANGE", "GUILD_PRIVILEGE_UPDATE", "APPLICATION_SESSION_END"]);
    assert_eq!((&events[1].data["permissions"], &events[2].data["reason"]), (&json!("0"), &json!("left")));
}

#[test]
fn a_guild_that_is_gone_is_connected_no_more() {
    for operation in [
        |guild| Operation::DeleteGuild(guild),
        |guild| Operation::EditGuild { guild, edit: GuildEdit { available: Some(false), ..GuildEdit::default() } },
    ] as [fn(GuildId) -> Operation; 2]
    {
        let mut wire = Wire::in_harbour();
        let gid = wire.town.harbour.to_string();
        wire.town.apply(operation(wire.town.harbour));
        wire.settle();
        let events = wire.events();
        let told: Vec<_> = events.iter().map(|event| (event.name.as_str(), &event.data)).collect();
        let ended = json!({"gid": gid, "reason": "gone"});
        assert_eq!(told, [("DESCONNECT_GUILD", &json!({"gid": gid})), ("APPLICATION_SESSION_END", &ended)]);
        // And is not asked for again.
        wire.cut(0);
        wire.pass(60 * SECOND);
        assert_eq!(wire.names(), ["RECONNECTING", "CONNECTED"]);
        assert_eq!(wire.state()["guild_id"], Value::Null);
    }
}

/// Ten minutes with a session, and nobody has to do anything.
#[test]
fn a_connection_and_its_session_are_kept_up() {
    let mut wire = Wire::in_harbour();
    let harbour = wire.town.harbour.to_string();
    wire.pass(600 * SECOND);
    assert_eq!(wire.names(), [] as [&str; 0]);
    let count = |messages: &[Value], op: i64| messages.iter().filter(|message| message["op"] == op).count();
    assert_eq!((count(&wire.heard, 3), count(&wire.sent, 4)), (20, 20));
    let beats = wire.sent.iter().filter(|sent| sent["cmd"] == "APPLICATION_SESSION_HB_M");
    assert_eq!(beats.count(), 30);
    assert_eq!(wire.state()["session_guild_id"], json!(harbour));
}

#[test]
fn a_session_says_again_who_it_is_with_its_past_permissions() {
    let mut wire = Wire::in_harbour();
    for permissions in [Permissions::BAN_MEMBERS, Permissions::MANAGE_GUILD, Permissions::NONE] {
        let past = wire.town.permissions();
        wire.town.allow(permissions);
        wire.settle();
        assert_eq!(wire.names(), ["GUILD_PRIVILEGE_UPDATE", "APPLICATION_SESSION_REAUTH"]);
        let sent = wire.sent.last().unwrap();
        let d = json!({"utokh": ADA_TOKEN, "uhash": ADA_HASH, "pm": past});
        assert_eq!(sent, &json!({"op": 7, "cmd": "APPLICATION_SESSION_REAUTH", "d": d}));
        assert_eq!(wire.heard.last().unwrap()["d"]["data"]["success"], true);
    }
    wire.pass(120 * SECOND);
    assert_eq!(wire.names(), [] as [&str; 0], "it goes on");
}

#[test]
fn a_program_may_keep_its_session_up_itself() {
    let mut wire = Wire::with(Config { upkeep: false, ..config() });
    let harbour = wire.town.harbour.to_string();
    let past = wire.ask("APPLICATION_SESSION", wire.session(&harbour)).data["permissions"].clone();
    wire.events.clear();
    wire.pass(25 * SECOND);
    assert_eq!(wire.names(), ["APPLICATION_SESSION_HB_P"]);
    assert_eq!(wire.ask("APPLICATION_SESSION_HB_M", json!({"gid": harbour})).status, Status::Ok);
    wire.town.allow(Permissions::BAN_MEMBERS);
    wire.settle();
    assert_eq!(wire.names(), ["APPLICATION_SESSION_REAUTH"]);
    let reply = wire.ask("APPLICATION_SESSION_REAUTH", json!({"utokh": ADA_TOKEN, "uhash": ADA_HASH, "pm": past}));
    assert_eq!((reply.status, &reply.data["permissions"]), (Status::Ok, &json!(wire.town.permissions())));
    // Without its signs of life it ends.
    wire.pass(60 * SECOND);
    let events = wire.events();
    assert_eq!(events.last().unwrap().data["reason"], "heartbeat");
}

#[test]
fn the_server_may_ask_again_who_is_there() {
    let mut wire = Wire::in_harbour();
    wire.town.host("DMOD_FAULT", json!({"fault": "authenticate"})).unwrap();
    wire.settle();
    assert_eq!(wire.names(), ["AUTHENTICATED"]);
    assert_ne!(wire.state()["guild_id"], Value::Null, "what the connection has stays");
    // A token that works no more is found out then.
    let ada = wire.town.ada.to_string();
    wire.town.host("DMOD_USER", json!({"user_id": ada, "token": "another-token"})).unwrap();
    assert_eq!(wire.names(), [] as [&str; 0]);
    wire.town.host("DMOD_FAULT", json!({"fault": "authenticate"})).unwrap();
    wire.settle();
    let last = wire.events().pop().unwrap();
    assert_eq!((last.kind, last.status, last.code), (EventType::Disconnected, Status::Auth, 4004));
}

#[test]
fn a_wrong_token_is_the_end() {
    for (config, status) in [
        (Config { token: Some(Secret::new("nobody's")), ..config() }, Status::Auth),
        (Config { uid: Some("5".into()), ..config() }, Status::Auth),
    ] {
        let mut wire = Wire::before(Town::default(), config);
        wire.start();
        let events = wire.events();
        assert_eq!((events.len(), events[0].kind, events[0].status), (1, EventType::Disconnected, status));
        assert_eq!((events[0].code, events[0].flags), (4004, Flags::FATAL));
    }
}

/// What the tests of this file sent and heard has every opcode, command and event of the tables.
#[test]
fn every_row_of_the_tables_goes_over_the_wire() {
    use gamebridge_proto::wire::dmod::{COMMANDS, EVENTS};
    let mut wire = Wire::in_harbour();
    let harbour = wire.town.harbour.to_string();
    let mut seen = BTreeSet::new();
    let (guild, user) = (wire.town.harbour, wire.town.bob);
    wire.town.apply(Operation::JoinGuild { guild, user });
    wire.town.allow(Permissions::BAN_MEMBERS);
    wire.pass(60 * SECOND);
    wire.town.host("DMOD_FAULT", json!({"fault": "authenticate"})).unwrap();
    wire.settle();
    wire.cut(0);
    wire.pass(60 * SECOND);
    wire.ask("APPLICATION_SESSION_END", json!({"gid": harbour}));
    wire.ask("DESCONNECT_GUILD", json!({"gid": harbour}));
    wire.ask("CONNECT_GUILD", wire.harbour());
    wire.ask("APPLICATION_SESSION", wire.session(&harbour));
    wire.town.host("DMOD_FAULT", json!({"fault": "end_session"})).unwrap();
    wire.settle();
    wire.town.apply(Operation::DeleteGuild(guild));
    wire.settle();
    seen.extend(wire.sent.iter().chain(&wire.heard).map(|message| message["op"].as_i64().unwrap()));
    assert_eq!(seen, BTreeSet::from([0, 1, 2, 3, 4, 5, 6, 7]));
    let sent: BTreeSet<&str> = wire.sent.iter().filter_map(|message| message["cmd"].as_str()).collect();
    assert_eq!(sent, COMMANDS.iter().map(|row| row.name).collect());
    let mut told: BTreeSet<&str> = wire.heard.iter().filter_map(|message| message["ev"].as_str()).collect();
    told.extend(wire.events.iter().filter(|event| event.kind == EventType::Dispatch).map(|event| event.name.as_str()));
    assert_eq!(told, EVENTS.iter().map(|row| row.name).collect());
}
