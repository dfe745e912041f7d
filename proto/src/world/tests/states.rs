//! A world out into plain data and in again.

use std::time::Duration;

use super::coherence::hold_together;
use super::*;
use crate::secret::Secret;

fn restored(state: State) -> World {
    World::restore(state, EPOCH_MS, Seeded::new()).unwrap()
}

/// A world with something of everything.
fn full() -> World {
    let mut world = world();
    let (ada, eve, local) = (user(&mut world, "Ada"), user(&mut world, "Eve"), world.local_user().id);
    done(&mut world, Operation::RegisterApplication(Application::unregistered(GAME.into())));
    let guild = guild(&mut world, &[ada, eve]);
    let (text, voice, dm) = (text(&mut world, guild), voice(&mut world, guild), dm(&mut world, ada));
    let role = role(&mut world, guild, Permissions::SPEAK);
    give_roles(&mut world, guild, ada, &[role]);
    deny_everyone(&mut world, voice, Permissions::USE_VAD);
    for (channel, author) in [(text, eve), (dm, ada), (text, local)] {
        post(&mut world, channel, author, &format!("hello <@{local}>"));
    }
    let activity = Some((ApplicationId::from(GAME), Box::new(Activity::default())));
    let presence = Presence { status: Status::Online, activity };
    let edit = VoiceSettingsEdit { mute: Some(true), input_volume: Some(12.5), ..VoiceSettingsEdit::default() };
    let own = VoiceSettingsEdit { output_volume: Some(50.0), ..VoiceSettingsEdit::default() };
    let session = session(&mut world);
    for operation in [
        Operation::SetPresence { user: ada, presence },
        Operation::SetRelationship { user: eve, kind: RelationshipKind::Blocked },
        Operation::SelectTextChannel(Some(text)),
        Operation::JoinVoice { user: eve, channel: voice },
        Operation::JoinVoice { user: local, channel: voice },
        Operation::JoinVoice { user: ada, channel: voice },
        Operation::SetSpeaking { user: ada, speaking: true },
        Operation::Ping(13.37),
        Operation::EditVoiceSettings { session: None, edit: Box::new(own) },
        Operation::EditVoiceSettings { session: Some(session), edit: Box::new(edit) },
        Operation::EditUserVoice {
            session: Some(session),
            user: ada,
            edit: UserVoiceEdit { volume: Some(30), ..UserVoiceEdit::default() },
        },
        Operation::CreateEntitlement(NewEntitlement {
            sku: None,
            application: GAME.into(),
            user: local,
            kind: 8,
            guild: Some(guild),
            starts_ms: Some(1),
            ends_ms: None,
            consumed: false,
        }),
        Operation::RequestJoin { from: ada, application: None },
        Operation::CreateBot(NewBot { application: GAME.into(), username: None, token: None, refused_intents: 2 }),
        Operation::CreateLogin { user: ada, token: None },
    ] {
        done(&mut world, operation);
    }
    world
}

fn token(world: &mut World) -> Token {
    let (user, client) = (world.local_user().id, ClientCredentials { id: GAME.into(), secret: None });
    let scopes = Scopes::from(["rpc".into()]);
    let authorize = Operation::Authorize { application: GAME.into(), user, scopes };
    let Change::CodeIssued(code) = only(done(world, authorize)) else { panic!("a code expected") };
    let exchange = Operation::ExchangeCode { client, code, redirect_uri: None };
    let Change::TokenIssued(token) = only(done(world, exchange)) else { panic!("a token expected") };
    *token
}

#[test]
fn a_world_goes_out_and_in_unchanged() {
    let mut world = full();
    token(&mut world);
    let state = world.state();
    assert_eq!(restored(state.clone()).state(), state);
    assert_eq!((state.messages.len(), state.voice_states.len(), state.configured.len()), (3, 3, 1));
}

#[test]
fn what_ends_with_the_process_is_not_in_it() {
    let world = full();
    let local = world.local_user().id;
    assert!(world.voice_settings().mute && world.voice_lock().is_some());
    let back = restored(world.state());
    assert!(back.voice_lock().is_none() && back.sessions().count() == 0);
    let settings = back.voice_settings();
    assert_eq!((settings.mute, settings.input.volume, settings.output.volume), (false, 100.0, 50.0));
    assert!(!back.voice_state(local).unwrap().self_mute);
    let channel = back.voice_channel().unwrap();
    assert!(back.voice_states_in(channel).all(|state| !state.speaking));
    assert_eq!(back.voice_connection().state, VoiceConnectionState::VoiceConnected);
}

#[test]
fn an_application_that_set_voice_before_takes_it_up_in_the_restored_world() {
    let mut back = restored(full().state());
    session(&mut back);
    assert!(back.voice_settings().mute && back.voice_settings().input.volume == 12.5);
}

#[test]
fn tokens_go_on_to_work_until_they_run_out() {
    let mut world = world();
    let token = token(&mut world);
    let state = world.state();
    // The next process begins a day later.
    let day = Duration::from_secs(86_400);
    let later = EPOCH_MS + 86_400_000;
    let back = World::restore(state.clone(), later, Seeded::new()).unwrap();
    let left = TOKEN_LIFETIME - day;
    assert!(back.token(Instant::ZERO, &token.access).is_some());
    assert!(back.token(Instant::ZERO + left, &token.access).is_none());
    let mut late = World::restore(state, EPOCH_MS + 8 * 86_400_000, Seeded::new()).unwrap();
    assert!(late.token(Instant::ZERO, &token.access).is_none());
    let client = ClientCredentials { id: GAME.into(), secret: None };
    done(&mut late, Operation::RefreshToken { client, refresh_token: token.refresh });
}

#[test]
fn a_states_debug_output_holds_no_secret() {
    let mut world = world();
    let token = token(&mut world);
    let text = format!("{:?}", world.state());
    assert!(!text.contains(token.access.reveal()) && !text.contains(token.refresh.reveal()));
}

#[test]
fn new_ids_are_above_all_that_were_restored() {
    let mut state = full().state();
    let foreign = UserId(Snowflake::new(EPOCH_MS + 1000, 31, 31, 0xFFF));
    state.users.push(User { id: foreign, ..state.users[0].clone() });
    let mut back = restored(state);
    assert!(user(&mut back, "Later") > foreign);
}

#[test]
fn a_loaded_state_takes_the_place_of_what_was_there() {
    let mut world = full();
    let state = world.state();
    let old = token(&mut world);
    let (first, session) = (token(&mut world).id, session(&mut world));
    world.load(state.clone()).unwrap();
    assert_eq!(world.state(), state);
    assert!(world.token(Instant::ZERO, &old.access).is_none() && world.session(session).is_none());
    assert!(token(&mut world).id > first, "numbers are not used again");
    let user = world.local_user().id;
    let opened = Operation::OpenSession { user, application: GAME.into() };
    assert!(matches!(done(&mut world, opened)[0], Change::SessionOpened(id) if id > session));
}

#[test]
fn a_state_that_cant_be_loaded_leaves_the_world_as_it_was() {
    let mut world = full();
    let before = world.state();
    let garbage = State { local_user: UserId::from(1), ..before.clone() };
    assert!(world.load(garbage).is_err());
    assert_eq!((world.state(), world.sessions().count()), (before, 1));
    token(&mut world);
}

/// One thing that is wrong with a state, and where the refusal says it is.
type Spoil = (&'static str, fn(&mut State));

const SPOILED: &[Spoil] = &[
    ("local_user", |state| state.local_user = 1.into()),
    ("last_id", |state| state.last_id = Snowflake(u64::MAX)),
    ("users[4]", |state| state.users.push(state.users[0].clone())),
    ("users[0]", |state| state.users[0].username = "@".into()),
    ("users[1]", |state| state.users[1].id = 0.into()),
    ("users[1]", |state| state.users[1].id = u64::MAX.into()),
    ("users[1]", |state| state.users[1].discriminator = "x".into()),
    ("applications[0]", |state| state.applications[0].id = 0.into()),
    ("applications[1]", |state| state.applications.push(state.applications[0].clone())),
    ("bots[0]", |state| state.bots[0].user = state.local_user),
    ("bots[0]", |state| state.bots[0].user = 1.into()),
    ("bots[0]", |state| state.bots[0].token = crate::secret::Secret::new("short")),
    ("bots[1]", |state| state.bots.push(state.bots[0].clone())),
    ("presences[0]", |state| state.presences[0].0 = state.local_user),
    ("presences[1]", |state| state.presences.push(state.presences[0].clone())),
    ("relationships[0]", |state| state.relationships[0].0 = 1.into()),
    ("guilds[0]", |state| state.guilds[0].owner = 1.into()),
    ("guilds[0]", |state| state.guilds[0].roles.clear()),
    ("guilds[0]", |state| state.guilds[0].name = "".into()),
    ("guilds[0]", |state| {
        let member = state.guilds[0].members.values().next().unwrap().clone();
        state.guilds[0].members.insert(1.into(), member);
    }),
    ("guilds[0]", |state| {
        state.guilds[0].members.values_mut().for_each(|member| member.roles = vec![1.into()]);
    }),
    ("guilds[0]", |state| {
        state.registered_only = true;
        state.guilds[0].created_by = Some(1.into());
    }),
    ("channels[0]", |state| state.channels[0].guild = Some(1.into())),
    ("channels[0]", |state| state.channels[0].guild = None),
    ("channels[0]", |state| state.channels[0].bitrate = 1),
    ("channels[1]", |state| state.channels[1].id = state.channels[0].id),
    ("channels[1]", |state| {
        state.channels[1].overwrites[0].of = OverwriteOf::Role(1.into());
    }),
    ("channels[2]", |state| state.channels[2].recipients = vec![state.local_user]),
    ("channels[3]", |state| {
        let again = Channel { id: (state.channels[2].id.get() + 1).into(), ..state.channels[2].clone() };
        state.channels.push(again);
    }),
    ("messages[0]", |state| state.messages[0].author = 1.into()),
    ("messages[0]", |state| state.messages[0].channel = state.channels[1].id),
    ("messages[1]", |state| state.messages[1].id = state.messages[0].id),
    ("messages[1]", |state| state.messages[1].content = "".into()),
    ("messages[1]", |state| state.messages[1].embeds = b"nothing"[..].into()),
    ("messages[1]", |state| state.messages[1].mentions = vec![1.into()]),
    ("messages[1]", |state| state.messages[1].mention_roles = vec![1.into(); 1000]),
    ("text_channel", |state| state.text_channel = Some(state.channels[1].id)),
    ("text_channel", |state| state.text_channel = Some(1.into())),
    ("voice_settings", |state| state.voice_settings.input.volume = f64::NAN),
    ("voice_settings", |state| state.voice_settings.input.available.clear()),
    ("voice_settings", |state| state.voice_settings.output.device = "none".into()),
    ("user_voices[0]", |state| state.user_voices.push((state.local_user, UserVoiceSettings::default()))),
    ("configured[0]", |state| state.configured[0].settings.input_volume = Some(101.0)),
    ("configured[1]", |state| state.configured.push(state.configured[0].clone())),
    ("configured[0]", |state| {
        state.configured[0].users.insert(1.into(), UserVoiceEdit { mute: Some(true), ..UserVoiceEdit::default() });
    }),
    ("voice_states[0]", |state| state.voice_states[0].user = 1.into()),
    ("voice_states[0]", |state| state.voice_states[0].channel = state.channels[0].id),
    ("voice_states[3]", |state| state.voice_states.push(state.voice_states[0].clone())),
    ("voice_connection", |state| state.voice_connection.pings = vec![f64::INFINITY]),
    ("voice_connection", |state| state.voice_connection.pings = vec![1.0; 21]),
    ("voice_connection", |state| state.joining = Some(state.channels[1].id)),
    ("voice_connection", |state| state.voice_states.clear()),
    ("entitlements[0]", |state| state.entitlements[0].kind = 0),
    ("entitlements[0]", |state| state.entitlements[0].deleted = true),
    ("entitlements[1]", |state| state.entitlements.push(state.entitlements[0].clone())),
    ("join_requests[0]", |state| state.join_requests[0].from = state.local_user),
    ("join_requests[1]", |state| state.join_requests.push(state.join_requests[0])),
    ("tokens[0]", |state| state.tokens[0].user = 1.into()),
    ("tokens[0]", |state| state.tokens[0].access = Secret::new("")),
    ("tokens[0]", |state| state.tokens[0].expires_ms = u64::MAX),
    ("tokens[1]", |state| state.tokens.push(state.tokens[0].clone())),
];

#[test]
fn a_state_that_is_wrong_is_refused_by_place() {
    let mut world = full();
    token(&mut world);
    let state = world.state();
    for (number, (place, spoil)) in SPOILED.iter().enumerate() {
        let mut spoiled = state.clone();
        spoil(&mut spoiled);
        match World::restore(spoiled, EPOCH_MS, Seeded::new()) {
            Err(error) => assert_eq!(field(&error), *place, "row {number}: {error}"),
            Ok(_) => panic!("row {number}: {place} is wrong, and was taken"),
        }
    }
}

#[test]
fn names_in_a_state_are_put_in_order() {
    let mut state = full().state();
    state.users[0].username = "  A \t b ".into();
    state.guilds[0].name = "  The   guild ".into();
    state.messages.iter_mut().for_each(|message| message.embeds = b""[..].into());
    state.relationships.push((state.users[1].id, RelationshipKind::None));
    let back = restored(state).state();
    assert_eq!((&*back.users[0].username, &*back.guilds[0].name), ("A b", "The guild"));
    assert!(back.messages.iter().all(|message| *message.embeds == *b"[]"));
    assert_eq!(back.relationships.len(), 1);
}

/// Sets one reference to another id that is there, or to none; or takes a thing away, or doubles it.
fn garble(state: &mut State, random: &mut Random) {
    fn of<T>(random: &mut Random, list: &[T]) -> Option<usize> {
        (!list.is_empty()).then(|| (random.next_u64() % list.len() as u64) as usize)
    }
    let ids: Vec<u64> = (state.users.iter().map(|user| user.id.get()))
        .chain(state.guilds.iter().flat_map(|guild| guild.roles.keys().map(|role| role.get())))
        .chain(state.channels.iter().map(|channel| channel.id.get()))
        .chain(state.messages.iter().map(|message| message.id.get()))
        .chain([0, 1, u64::MAX])
        .collect();
    let id = ids[(random.next_u64() % ids.len() as u64) as usize];
    let (what, how) = (random.next_u64() % 16, random.next_u64());
    macro_rules! list {
        ($list:ident, |$item:ident| $change:expr) => {
            if let Some(at) = of(random, &state.$list) {
                match how % 4 {
                    0 => drop(state.$list.remove(at)),
                    1 => state.$list.push(state.$list[at].clone()),
                    _ => {
                        let $item = &mut state.$list[at];
                        $change;
                    }
                }
            }
        };
    }
    match what {
        0 => list!(users, |user| user.id = id.into()),
        1 => list!(guilds, |guild| match how % 8 {
            2 => guild.id = id.into(),
            3 => guild.owner = id.into(),
            4 | 5 => drop(guild.members.remove(&id.into())),
            _ => drop(guild.roles.remove(&id.into())),
        }),
        2 => list!(channels, |channel| channel.id = id.into()),
        3 => list!(channels, |channel| channel.guild = (how % 8 > 3).then(|| id.into())),
        4 => list!(channels, |channel| channel.recipients.push(id.into())),
        5 => list!(channels, |channel| channel.kind = ChannelKind::from_number((how % 7) as i64 % 4).unwrap()),
        6 => list!(messages, |message| message.channel = id.into()),
        7 => list!(messages, |message| message.author = id.into()),
        8 => list!(voice_states, |voice| voice.channel = id.into()),
        9 => list!(voice_states, |voice| voice.user = id.into()),
        10 => list!(presences, |presence| presence.0 = id.into()),
        11 => list!(entitlements, |owned| owned.guild = Some(id.into())),
        12 => state.text_channel = Some(id.into()),
        13 => state.joining = Some(id.into()),
        14 => state.local_user = id.into(),
        _ => state.voice_connection = VoiceConnection::default(),
    }
}

#[test]
fn a_garbled_state_is_refused_or_makes_a_world_that_holds_together() {
    let (state, mut random, mut taken) = (full().state(), Random::new(5), 0);
    for _ in 0..4000 {
        let mut garbled = state.clone();
        for _ in 0..=random.next_u64() % 3 {
            garble(&mut garbled, &mut random);
        }
        if let Ok(world) = World::restore(garbled, EPOCH_MS, Seeded::new()) {
            hold_together(&world);
            assert_eq!(restored(world.state()).state(), world.state());
            taken += 1;
        }
    }
    assert!((100..3900).contains(&taken), "{taken}");
}
