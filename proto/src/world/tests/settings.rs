//! The voice settings, and who may change them.

use super::*;

fn by(session: Option<SessionId>, edit: VoiceSettingsEdit) -> Operation {
    Operation::EditVoiceSettings { session, edit: Box::new(edit) }
}

fn volume(volume: f64) -> VoiceSettingsEdit {
    VoiceSettingsEdit { input_volume: Some(volume), ..VoiceSettingsEdit::default() }
}

fn mute(mute: bool) -> VoiceSettingsEdit {
    VoiceSettingsEdit { mute: Some(mute), ..VoiceSettingsEdit::default() }
}

fn loudness(session: Option<SessionId>, user: UserId, volume: u16) -> Operation {
    Operation::EditUserVoice { session, user, edit: UserVoiceEdit { volume: Some(volume), ..UserVoiceEdit::default() } }
}

fn close(world: &mut World, session: SessionId) -> Vec<String> {
    tells(world, Operation::CloseSession(session))
}

fn input(world: &World) -> f64 {
    world.voice_settings().input.volume
}

#[test]
fn an_edit_changes_what_it_names_and_nothing_else() {
    let mut world = world();
    let before = world.voice_settings().clone();
    let shortcut = vec![ShortcutKey { kind: 0, code: 12, name: "i".into() }];
    let edit = VoiceSettingsEdit {
        output_volume: Some(200.0),
        mode: Some(VoiceModeKind::PushToTalk),
        auto_threshold: Some(false),
        threshold: Some(-46.5),
        shortcut: Some(shortcut.clone()),
        delay: Some(98.25),
        qos: Some(false),
        ..VoiceSettingsEdit::default()
    };
    assert_eq!(tells(&mut world, by(None, edit.clone())), ["VoiceSettingsChanged"]);
    assert!(tells(&mut world, by(None, edit)).is_empty());
    let mut expected = before;
    expected.output.volume = 200.0;
    let kind = VoiceModeKind::PushToTalk;
    expected.mode = VoiceMode { kind, auto_threshold: false, threshold: -46.5, shortcut, delay: 98.25 };
    expected.qos = false;
    assert_eq!(*world.voice_settings(), expected);
}

#[test]
fn values_out_of_range_are_refused_by_field() {
    let mut world = world();
    let session = session(&mut world);
    let edit = VoiceSettingsEdit::default;
    let key = |kind, name: &str| Some(vec![ShortcutKey { kind, code: 1, name: name.into() }]);
    let many = Some(vec![ShortcutKey { kind: 0, code: 1, name: "a".into() }; limits::SHORTCUT + 1]);
    let cases = [
        ("input.volume", volume(100.5)),
        ("input.volume", volume(f64::NAN)),
        ("output.volume", VoiceSettingsEdit { output_volume: Some(201.0), ..edit() }),
        ("mode.threshold", VoiceSettingsEdit { threshold: Some(0.5), ..edit() }),
        ("mode.threshold", VoiceSettingsEdit { threshold: Some(-101.0), ..edit() }),
        ("mode.delay", VoiceSettingsEdit { delay: Some(2000.5), ..edit() }),
        ("input.device_id", VoiceSettingsEdit { input_device: Some("none".into()), ..edit() }),
        ("output.device_id", VoiceSettingsEdit { output_device: Some("none".into()), ..edit() }),
        ("mode.shortcut", VoiceSettingsEdit { shortcut: key(4, "a"), ..edit() }),
        ("mode.shortcut", VoiceSettingsEdit { shortcut: key(0, &"a".repeat(513)), ..edit() }),
    ];
    for (expected, edit) in cases {
        assert_eq!(field(&refused(&mut world, by(Some(session), edit))), expected);
    }
    let many = VoiceSettingsEdit { shortcut: many, ..edit() };
    assert!(matches!(refused(&mut world, by(Some(session), many)), Error::TooMany(_)));
    assert!(world.voice_lock().is_none(), "who is refused holds no lock");
    let ada = user(&mut world, "Ada");
    for (expected, edit) in [
        ("pan.left", UserVoiceEdit { pan: Some((1.5, 0.0)), ..UserVoiceEdit::default() }),
        ("pan.right", UserVoiceEdit { pan: Some((1.0, -0.5)), ..UserVoiceEdit::default() }),
        ("volume", UserVoiceEdit { volume: Some(201), ..UserVoiceEdit::default() }),
    ] {
        let edit = Operation::EditUserVoice { session: None, user: ada, edit };
        assert_eq!(field(&refused(&mut world, edit)), expected);
    }
    let local = world.local_user().id;
    assert_eq!(field(&refused(&mut world, loudness(None, local, 50))), "user_id");
}

#[test]
fn the_first_to_change_anything_keeps_others_out() {
    let mut world = world();
    let (mine, theirs) = (session(&mut world), session_of(&mut world, OTHER));
    let ada = user(&mut world, "Ada");
    assert!(tells(&mut world, by(Some(theirs), VoiceSettingsEdit::default())).is_empty());
    assert!(world.voice_lock().is_none(), "nothing changed, nothing locked");
    done(&mut world, by(Some(mine), volume(10.0)));
    assert_eq!(world.voice_lock().map(|lock| lock.application), Some(GAME.into()));
    for edit in [by(Some(theirs), volume(20.0)), loudness(Some(theirs), ada, 20)] {
        assert_eq!(refused(&mut world, edit), Error::Locked(GAME.into()));
    }
    let gone = SessionId(99);
    assert_eq!(refused(&mut world, by(Some(gone), volume(20.0))), Error::UnknownSession(gone));
    assert_eq!(input(&world), 10.0);
}

#[test]
fn how_a_user_is_heard_is_under_the_same_lock() {
    let mut world = world();
    let (mine, theirs) = (session(&mut world), session_of(&mut world, OTHER));
    let ada = user(&mut world, "Ada");
    done(&mut world, loudness(Some(mine), ada, 20));
    assert_eq!(refused(&mut world, by(Some(theirs), volume(20.0))), Error::Locked(GAME.into()));
    assert_eq!(world.user_voice(ada), UserVoiceSettings { volume: 20, ..UserVoiceSettings::default() });
}

#[test]
fn everything_is_as_before_when_the_last_session_ends() {
    let mut world = world();
    let (first, ada, eve) = (session(&mut world), user(&mut world, "Ada"), user(&mut world, "Eve"));
    done(&mut world, by(None, volume(70.0)));
    done(&mut world, loudness(None, eve, 150));
    done(&mut world, by(Some(first), volume(10.0)));
    done(&mut world, loudness(Some(first), ada, 20));
    done(&mut world, loudness(Some(first), eve, 20));
    let second = session(&mut world);
    assert!(close(&mut world, first).is_empty(), "another session of it is open");
    assert_eq!(input(&world), 10.0);
    assert_eq!(close(&mut world, second), ["VoiceSettingsChanged"]);
    assert!(world.voice_lock().is_none());
    assert_eq!((input(&world), world.user_voice(ada).volume, world.user_voice(eve).volume), (70.0, 100, 150));
    let theirs = session_of(&mut world, OTHER);
    done(&mut world, by(Some(theirs), volume(20.0)));
}

#[test]
fn who_returns_finds_its_own_settings_in_force() {
    let mut world = world();
    let (mine, ada) = (session(&mut world), user(&mut world, "Ada"));
    done(&mut world, by(Some(mine), volume(10.0)));
    done(&mut world, by(Some(mine), mute(true)));
    done(&mut world, loudness(Some(mine), ada, 20));
    close(&mut world, mine);
    assert_eq!((input(&world), world.voice_settings().mute), (100.0, false));
    let quiet = VoiceSettingsEdit { output_volume: Some(33.0), ..VoiceSettingsEdit::default() };
    done(&mut world, by(None, quiet));
    let (local, application) = (world.local_user().id, GAME.into());
    let told = tells(&mut world, Operation::OpenSession { user: local, application });
    assert_eq!(told, ["SessionOpened", "VoiceSettingsChanged"]);
    assert_eq!((input(&world), world.voice_settings().mute, world.user_voice(ada).volume), (10.0, true, 20));
    assert_eq!(world.voice_settings().output.volume, 33.0, "what it never touched is the user's");
    assert_eq!(world.voice_lock().map(|lock| lock.application), Some(application));
}

#[test]
fn who_returns_while_another_holds_the_lock_waits_its_turn() {
    let mut world = world();
    let mine = session(&mut world);
    done(&mut world, by(Some(mine), volume(10.0)));
    close(&mut world, mine);
    let theirs = session_of(&mut world, OTHER);
    done(&mut world, by(Some(theirs), volume(20.0)));
    let mine = session(&mut world);
    assert_eq!(input(&world), 20.0);
    assert_eq!(refused(&mut world, by(Some(mine), volume(30.0))), Error::Locked(OTHER.into()));
    close(&mut world, theirs);
    assert_eq!(input(&world), 100.0);
    session(&mut world);
    assert_eq!(input(&world), 10.0);
}

#[test]
fn the_users_own_hand_is_never_locked_out_and_what_it_does_stays() {
    let mut world = world();
    let (mine, ada) = (session(&mut world), user(&mut world, "Ada"));
    done(&mut world, by(Some(mine), volume(10.0)));
    done(&mut world, loudness(Some(mine), ada, 20));
    assert_eq!(tells(&mut world, by(None, volume(60.0))), ["VoiceSettingsChanged"]);
    done(&mut world, loudness(None, ada, 80));
    assert_eq!((input(&world), world.user_voice(ada).volume), (60.0, 80));
    close(&mut world, mine);
    assert_eq!((input(&world), world.user_voice(ada).volume), (60.0, 80));
    session(&mut world);
    assert_eq!((input(&world), world.user_voice(ada).volume), (10.0, 20), "its own is remembered all the same");
}

#[test]
fn the_local_users_mute_is_in_the_settings_and_in_voice_alike() {
    let mut world = world();
    let (local, guild) = (world.local_user().id, guild(&mut world, &[]));
    let voice = voice(&mut world, guild);
    let edit = |self_mute, self_deaf| Operation::EditVoice { user: local, self_mute, self_deaf };
    assert_eq!(tells(&mut world, edit(Some(true), None)), ["VoiceSettingsChanged"], "in no channel");
    join(&mut world, local, voice);
    assert!(world.voice_state(local).unwrap().self_mute);
    assert_eq!(tells(&mut world, by(None, mute(false))), ["VoiceSettingsChanged", "VoiceChanged"]);
    done(&mut world, Operation::SetSpeaking { user: local, speaking: true });
    let told = tells(&mut world, edit(Some(true), Some(true)));
    assert_eq!(told, ["SpeakingChanged false", "VoiceSettingsChanged", "VoiceChanged"]);
    assert_eq!((world.voice_settings().mute, world.voice_settings().deaf), (true, true));
    let state = world.voice_state(local).unwrap();
    assert_eq!((state.self_mute, state.self_deaf), (true, true));
}

#[test]
fn a_lock_that_ends_mutes_the_local_user_again() {
    let mut world = world();
    let (local, guild, mine) = (world.local_user().id, guild(&mut world, &[]), session(&mut world));
    let voice = voice(&mut world, guild);
    done(&mut world, by(None, mute(true)));
    join(&mut world, local, voice);
    done(&mut world, by(Some(mine), mute(false)));
    done(&mut world, Operation::SetSpeaking { user: local, speaking: true });
    assert_eq!(close(&mut world, mine), ["SpeakingChanged false", "VoiceSettingsChanged", "VoiceChanged"]);
}

#[test]
fn how_a_user_is_heard_shows_where_the_local_user_is_with_them() {
    let mut world = world();
    let (ada, local) = (user(&mut world, "Ada"), world.local_user().id);
    let guild = guild(&mut world, &[ada]);
    let voice = voice(&mut world, guild);
    join(&mut world, ada, voice);
    assert!(tells(&mut world, loudness(None, ada, 50)).is_empty());
    join(&mut world, local, voice);
    assert_eq!(tells(&mut world, loudness(None, ada, 60)), ["VoiceChanged"]);
    assert!(tells(&mut world, loudness(None, ada, 60)).is_empty());
    let pan = UserVoiceEdit { pan: Some((0.25, 1.0)), mute: Some(true), volume: None };
    done(&mut world, Operation::EditUserVoice { session: None, user: ada, edit: pan });
    assert_eq!(world.user_voice(ada), UserVoiceSettings { left: 0.25, right: 1.0, volume: 60, mute: true });
}
