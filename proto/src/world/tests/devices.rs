//! Microphones and headphones.

use super::*;

fn device(id: &str) -> AudioDevice {
    AudioDevice { id: id.into(), name: id.to_uppercase().into() }
}

fn certified(kind: DeviceKind, id: &str) -> CertifiedDevice {
    CertifiedDevice {
        kind,
        id: id.into(),
        vendor: ("Maker".into(), "https://maker.example".into()),
        model: ("Model".into(), "https://maker.example/model".into()),
        related: vec!["related".into()],
        echo_cancellation: None,
        noise_suppression: None,
        automatic_gain_control: None,
        hardware_mute: None,
    }
}

fn tell_of(session: SessionId, devices: Vec<CertifiedDevice>) -> Operation {
    Operation::SetCertifiedDevices { session, devices }
}

fn use_input(world: &mut World, session: Option<SessionId>, device: &str) -> Vec<String> {
    let edit = VoiceSettingsEdit { input_device: Some(device.into()), ..VoiceSettingsEdit::default() };
    tells(world, Operation::EditVoiceSettings { session, edit: Box::new(edit) })
}

fn names(io: &VoiceIo) -> Vec<&str> {
    io.available.iter().map(|device| &*device.id).collect()
}

#[test]
fn the_machines_devices_can_be_chosen_and_the_first_is_the_default() {
    let mut world = world();
    assert_eq!(names(&world.voice_settings().input), ["default"]);
    let (inputs, outputs) = (vec![device("mic"), device("cam")], vec![device("phones")]);
    let set = Operation::SetAudioDevices { inputs, outputs };
    assert_eq!(tells(&mut world, set.clone()), ["VoiceSettingsChanged"]);
    assert!(tells(&mut world, set).is_empty());
    let settings = world.voice_settings();
    assert_eq!((&*settings.input.device, &*settings.output.device), ("mic", "phones"));
    use_input(&mut world, None, "cam");
    done(&mut world, Operation::SetAudioDevices { inputs: vec![device("cam"), device("mic")], outputs: vec![] });
    let settings = world.voice_settings();
    assert_eq!((&*settings.input.device, names(&settings.output)), ("cam", vec!["default"]));
    done(&mut world, Operation::SetAudioDevices { inputs: vec![device("mic")], outputs: vec![] });
    assert_eq!(&*world.voice_settings().input.device, "mic", "the one in use is gone");
}

#[test]
fn machines_devices_are_named_and_told_apart() {
    let mut world = world();
    let twice = vec![device("mic"), device("mic")];
    for inputs in [twice, vec![device("")], vec![device(&"m".repeat(513))]] {
        let refusal = refused(&mut world, Operation::SetAudioDevices { inputs, outputs: vec![] });
        assert_eq!(field(&refusal), "inputs");
    }
    let many = (0..65).map(|number| device(&format!("mic{number}"))).collect();
    let many = Operation::SetAudioDevices { inputs: many, outputs: vec![] };
    assert!(matches!(refused(&mut world, many), Error::TooMany(_)));
}

#[test]
fn certified_devices_stand_behind_the_machines_own_while_their_session_is_open() {
    let mut world = world();
    let (session, local) = (session(&mut world), world.local_user().id);
    let devices = vec![
        certified(DeviceKind::AudioInput, "arctis"),
        certified(DeviceKind::AudioOutput, "arctis out"),
        certified(DeviceKind::VideoInput, "camera"),
        certified(DeviceKind::AudioInput, "default"),
    ];
    assert_eq!(tells(&mut world, tell_of(session, devices.clone())), ["VoiceSettingsChanged"]);
    assert!(tells(&mut world, tell_of(session, devices)).is_empty());
    let settings = world.voice_settings();
    assert_eq!(names(&settings.input), ["default", "arctis"], "each once");
    assert_eq!(names(&settings.output), ["default", "arctis out"]);
    assert_eq!((world.certified_devices().count(), &*settings.input.available[1].name), (4, "Model"));
    assert_eq!(use_input(&mut world, None, "arctis"), ["VoiceSettingsChanged"]);
    assert_eq!(tells(&mut world, Operation::CloseSession(session)), ["VoiceSettingsChanged"]);
    let settings = world.voice_settings();
    assert_eq!((names(&settings.input), &*settings.input.device), (vec!["default"], "default"));
    assert_eq!(world.certified_devices().count(), 0);
    assert_eq!(world.local_user().id, local);
}

#[test]
fn a_makers_list_takes_the_place_of_its_last_one() {
    let mut world = world();
    let (first, second) = (session(&mut world), session_of(&mut world, OTHER));
    done(&mut world, tell_of(second, vec![certified(DeviceKind::AudioInput, "theirs")]));
    done(&mut world, tell_of(first, vec![certified(DeviceKind::AudioInput, "old")]));
    done(&mut world, tell_of(first, vec![certified(DeviceKind::AudioInput, "new")]));
    assert_eq!(names(&world.voice_settings().input), ["default", "new", "theirs"]);
    done(&mut world, tell_of(first, vec![]));
    assert_eq!(names(&world.voice_settings().input), ["default", "theirs"]);
}

#[test]
fn a_lock_that_ends_goes_back_to_a_device_that_is_there() {
    let mut world = world();
    let (maker, game) = (session_of(&mut world, OTHER), session(&mut world));
    done(&mut world, tell_of(maker, vec![certified(DeviceKind::AudioInput, "arctis")]));
    use_input(&mut world, None, "arctis");
    use_input(&mut world, Some(game), "default");
    done(&mut world, Operation::CloseSession(maker));
    assert!(tells(&mut world, Operation::CloseSession(game)).is_empty());
    assert_eq!(&*world.voice_settings().input.device, "default");
    // And what a game chose that is not there any more is passed over.
    let (maker, game) = (session_of(&mut world, OTHER), session(&mut world));
    done(&mut world, tell_of(maker, vec![certified(DeviceKind::AudioInput, "arctis")]));
    use_input(&mut world, Some(game), "arctis");
    for session in [maker, game] {
        done(&mut world, Operation::CloseSession(session));
    }
    session(&mut world);
    assert_eq!(&*world.voice_settings().input.device, "default");
}

#[test]
fn what_a_certified_device_cant_be_is_refused() {
    let mut world = world();
    let session = session(&mut world);
    let mut deaf = certified(DeviceKind::AudioOutput, "out");
    deaf.hardware_mute = Some(true);
    let mut wordy = certified(DeviceKind::AudioInput, "in");
    wordy.model.1 = "u".repeat(513).into();
    let cases = [
        ("devices[0].id", vec![certified(DeviceKind::AudioInput, "")]),
        ("devices[1]", vec![certified(DeviceKind::AudioInput, "in"), deaf]),
        ("devices[0].model.url", vec![wordy]),
    ];
    for (expected, devices) in cases {
        assert_eq!(field(&refused(&mut world, tell_of(session, devices))), expected);
    }
    let many = (0..33).map(|number| certified(DeviceKind::AudioInput, &number.to_string())).collect();
    assert!(matches!(refused(&mut world, tell_of(session, many)), Error::TooMany(_)));
    let gone = SessionId(99);
    assert_eq!(refused(&mut world, tell_of(gone, vec![])), Error::UnknownSession(gone));
}
