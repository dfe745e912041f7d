//! Nothing grows for ever: each bound, reached and not passed.

use super::*;
use crate::secret::Secret;

fn too_many(world: &mut World, operation: Operation) {
    assert!(matches!(refused(world, operation), Error::TooMany(_)));
}

#[test]
fn guilds_end_with_members_and_users() {
    let mut world = world();
    for _ in 1..limits::USERS {
        done(&mut world, Operation::CreateUser(NewUser::named("User")));
    }
    too_many(&mut world, Operation::CreateUser(NewUser::named("User")));
    let everybody: Vec<UserId> = world.users().map(|user| user.id).collect();
    let make = |members: &[UserId]| NewGuild { name: "Guild".into(), members: members.to_vec(), ..NewGuild::default() };
    for _ in 0..limits::MEMBERSHIPS / limits::USERS {
        done(&mut world, Operation::CreateGuild(make(&everybody)));
    }
    too_many(&mut world, Operation::CreateGuild(make(&[])));
}

#[test]
fn guilds_channels_and_roles_end() {
    let mut world = world();
    let guilds: Vec<GuildId> = (0..limits::GUILDS).map(|_| guild(&mut world, &[])).collect();
    too_many(&mut world, Operation::CreateGuild(NewGuild { name: "Guild".into(), ..NewGuild::default() }));
    let new = |guild| NewChannel::in_guild(ChannelKind::GuildText, guild, "text");
    let full = limits::CHANNELS / limits::CHANNELS_OF_GUILD;
    for guild in &guilds[..full] {
        for _ in 0..limits::CHANNELS_OF_GUILD {
            channel(&mut world, new(*guild));
        }
    }
    too_many(&mut world, Operation::CreateChannel(new(guilds[full])));
    let last = world.channels_of(guilds[0])[0].id;
    done(&mut world, Operation::DeleteChannel(last));
    too_many(&mut world, Operation::CreateChannel(new(guilds[1])));
    channel(&mut world, new(guilds[0]));
    for _ in 1..limits::ROLES {
        role(&mut world, guilds[0], Permissions::NONE);
    }
    let role =
        NewRole { name: "Role".into(), color: 0, permissions: Permissions::NONE, hoist: false, mentionable: false };
    too_many(&mut world, Operation::CreateRole { guild: guilds[0], role });
}

#[test]
fn overwrites_end() {
    let mut world = world();
    let people: Vec<UserId> = (0..=limits::OVERWRITES).map(|_| user(&mut world, "User")).collect();
    let guild = guild(&mut world, &people);
    let channel = text(&mut world, guild);
    let set = |user| {
        let of = OverwriteOf::Member(user);
        let overwrite = Overwrite { of, allow: Permissions::NONE, deny: Permissions::SPEAK };
        Operation::SetOverwrite { channel, overwrite }
    };
    for user in &people[1..] {
        done(&mut world, set(*user));
    }
    too_many(&mut world, set(people[0]));
}

#[test]
fn private_channels_end() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let new = || NewChannel::private(ChannelKind::GroupDm, vec![ada]);
    for _ in 0..limits::PRIVATE_CHANNELS {
        channel(&mut world, new());
    }
    too_many(&mut world, Operation::CreateChannel(new()));
    too_many(&mut world, Operation::Invite { from: ada, application: GAME.into() });
}

#[test]
fn a_channels_oldest_messages_fall_out() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let channel = dm(&mut world, ada);
    let ids: Vec<_> = (0..limits::MESSAGES + 5).map(|_| post(&mut world, channel, ada, "hello")).collect();
    assert!(world.messages(channel).map(|message| message.id).eq(ids[5..].iter().copied()));
    assert_eq!(world.message(channel, ids[4]), None);
}

#[test]
fn the_worlds_oldest_messages_fall_out_when_all_are_too_large() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let group = || NewChannel::private(ChannelKind::GroupDm, vec![ada]);
    let (first, channels) = (dm(&mut world, ada), [group(), group()].map(|new| channel(&mut world, new)));
    let oldest = post(&mut world, first, ada, "oldest");
    let json: Box<[u8]> = format!("[\"{}\"]", "e".repeat(limits::MESSAGE_JSON - 4)).into_bytes().into();
    let large = |channel| {
        let (embeds, attachments) = (json.clone(), json.clone());
        Operation::PostMessage(NewMessage { embeds, attachments, ..NewMessage::text(channel, ada, "") })
    };
    for number in 0..limits::HISTORY_BYTES / (2 * limits::MESSAGE_JSON) {
        done(&mut world, large(channels[number % 2]));
    }
    assert_eq!(world.message(first, oldest), None);
    let kept = |world: &World| channels.map(|channel| world.messages(channel).count()).iter().sum::<usize>();
    let before = kept(&world);
    done(&mut world, large(channels[0]));
    assert_eq!(kept(&world), before);
}

#[test]
fn applications_and_their_texts_end() {
    let mut world = world();
    let wordy = Application { description: "d".repeat(40_000).into(), ..Application::unregistered(1.into()) };
    too_many(&mut world, Operation::RegisterApplication(wordy));
    let listing = Application { rpc_origins: vec!["".into(); 40_000], ..Application::unregistered(1.into()) };
    too_many(&mut world, Operation::RegisterApplication(listing));
    let register = |id: usize| Operation::RegisterApplication(Application::unregistered((id as u64).into()));
    for id in 1..=limits::APPLICATIONS {
        done(&mut world, register(id));
    }
    too_many(&mut world, register(limits::APPLICATIONS + 1));
    done(&mut world, register(1));
}

#[test]
fn sessions_and_their_activities_end() {
    let mut world = world();
    let (local, mine) = (world.local_user().id, session(&mut world));
    for _ in 1..limits::SESSIONS {
        session(&mut world);
    }
    too_many(&mut world, Operation::OpenSession { user: local, application: GAME.into() });
    let mut activity = Activity::default();
    activity.secrets.match_ = Some(Secret::new("s".repeat(limits::ACTIVITY_BYTES + 1)));
    let set = Operation::SetActivity { session: mine, activity: Some(Box::new(activity)) };
    too_many(&mut world, set);
    assert!(world.session(mine).unwrap().activity.is_none());
}

#[test]
fn presences_with_an_activity_end() {
    let mut world = world();
    let people: Vec<UserId> = (0..=limits::PLAYING).map(|_| user(&mut world, "User")).collect();
    let play =
        |user, activity| Operation::SetPresence { user, presence: Presence { status: Status::Online, activity } };
    let something = || Some((ApplicationId::from(GAME), Box::new(Activity::default())));
    for user in &people[1..] {
        done(&mut world, play(*user, something()));
    }
    too_many(&mut world, play(people[0], something()));
    done(&mut world, play(people[0], None));
    done(&mut world, play(people[1], None));
    done(&mut world, play(people[0], something()));
}

#[test]
fn entitlements_end() {
    let mut world = world();
    let new = || NewEntitlement {
        sku: None,
        application: GAME.into(),
        user: UserId(Generator::default().next(EPOCH_MS)),
        kind: 1,
        guild: None,
        starts_ms: None,
        ends_ms: None,
        consumed: false,
    };
    for _ in 0..limits::ENTITLEMENTS {
        done(&mut world, Operation::CreateEntitlement(new()));
    }
    too_many(&mut world, Operation::CreateEntitlement(new()));
}

#[test]
fn the_oldest_requests_to_join_fall_out() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    for application in 1..=limits::JOIN_REQUESTS as u64 + 2 {
        done(&mut world, Operation::RequestJoin { from: ada, application: Some(application.into()) });
    }
    let requests = world.join_requests();
    assert_eq!((requests.len(), requests[0].application), (limits::JOIN_REQUESTS, Some(3.into())));
}

#[test]
fn of_the_remembered_voice_settings_the_oldest_fall_out() {
    let mut world = world();
    for application in 1..=limits::CONFIGURED as u64 + 1 {
        let session = session_of(&mut world, application);
        let edit = VoiceSettingsEdit { input_volume: Some(10.0), ..VoiceSettingsEdit::default() };
        done(&mut world, Operation::EditVoiceSettings { session: Some(session), edit: Box::new(edit) });
        done(&mut world, Operation::CloseSession(session));
    }
    for (application, volume) in [(1, 100.0), (2, 10.0)] {
        let session = session_of(&mut world, application);
        assert_eq!(world.voice_settings().input.volume, volume);
        done(&mut world, Operation::CloseSession(session));
    }
}

#[test]
fn the_users_whose_voices_an_application_sets_end() {
    let mut world = world();
    let session = session(&mut world);
    let edit = UserVoiceEdit { mute: Some(true), ..UserVoiceEdit::default() };
    let people: Vec<UserId> = (0..=limits::CONFIGURED_USERS).map(|_| user(&mut world, "User")).collect();
    for user in &people[1..] {
        done(&mut world, Operation::EditUserVoice { session: Some(session), user: *user, edit });
    }
    too_many(&mut world, Operation::EditUserVoice { session: Some(session), user: people[0], edit });
    done(&mut world, Operation::EditUserVoice { session: Some(session), user: people[1], edit });
}

#[test]
fn certified_devices_of_all_sessions_end() {
    let mut world = world();
    let device = |id: usize| CertifiedDevice {
        kind: DeviceKind::AudioInput,
        id: id.to_string().into(),
        vendor: Default::default(),
        model: Default::default(),
        related: Vec::new(),
        echo_cancellation: None,
        noise_suppression: None,
        automatic_gain_control: None,
        hardware_mute: None,
    };
    let devices: Vec<_> = (0..limits::CERTIFIED_DEVICES).map(device).collect();
    for _ in 0..limits::ALL_CERTIFIED_DEVICES / limits::CERTIFIED_DEVICES {
        let session = session(&mut world);
        done(&mut world, Operation::SetCertifiedDevices { session, devices: devices.clone() });
    }
    let session = session(&mut world);
    too_many(&mut world, Operation::SetCertifiedDevices { session, devices: devices[..1].to_vec() });
}
