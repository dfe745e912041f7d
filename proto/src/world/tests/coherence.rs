//! What holds of every world at every moment.

use super::*;

/// Panics where something doesn't hold.
pub(super) fn hold_together(world: &World) {
    let local = world.local_user().id;
    for channel in world.channels() {
        let guild = channel.guild.map(|guild| world.guild(guild).expect("a channel's guild is there"));
        assert!(channel.recipients.iter().all(|user| world.user(*user).is_some()));
        assert_eq!(channel.recipients.is_empty(), guild.is_some());
        for overwrite in &channel.overwrites {
            assert!(match overwrite.of {
                OverwriteOf::Role(role) => guild.unwrap().roles.contains_key(&role),
                OverwriteOf::Member(user) => world.user(user).is_some(),
            });
        }
        let messages: Vec<MessageId> = world.messages(channel.id).map(|message| message.id).collect();
        assert!(messages.is_sorted() && messages.len() <= limits::MESSAGES);
        for state in world.voice_states_in(channel.id) {
            assert!(channel.kind.has_voice() && state.channel == channel.id);
            assert_eq!(world.voice_state(state.user), Some(state), "one channel for each user");
            let member = channel.guild.map(|guild| world.member(guild, state.user).expect("a member"));
            let mute = state.self_mute || member.is_some_and(|member| member.mute);
            assert!(!(state.speaking && (mute || world.is_suppressed(state.user, channel.id))));
        }
    }
    for guild in world.guilds() {
        assert!(guild.members.contains_key(&guild.owner) && guild.roles.contains_key(&guild.everyone()));
        for (user, member) in &guild.members {
            assert!(world.user(*user).is_some() && member.roles.iter().all(|role| guild.roles.contains_key(role)));
        }
        assert!(world.channels_of(guild.id).iter().all(|channel| channel.guild == Some(guild.id)));
    }
    assert!(world.text_channel().is_none_or(|id| world.channel(id).is_some_and(|channel| channel.kind.has_text())));
    assert!(world.entitlements().all(|owned| owned.guild.is_none_or(|guild| world.guild(guild).is_some())));
    let settings = world.voice_settings();
    if let Some(state) = world.voice_state(local) {
        assert_eq!((state.self_mute, state.self_deaf), (settings.mute, settings.deaf));
        assert!(world.joining().is_none());
    } else {
        let state = world.voice_connection().state;
        assert_eq!(state == VoiceConnectionState::Disconnected, world.joining().is_none());
        assert!(world.joining().is_none_or(|id| world.channel(id).is_some() && !world.voice_servers_available()));
    }
    for io in [&settings.input, &settings.output] {
        assert!(io.available.iter().any(|device| device.id == io.device));
    }
    if let Some(lock) = world.voice_lock() {
        let sessions = world.sessions().filter(|session| session.application == lock.application);
        assert!(!lock.sessions.is_empty() && sessions.map(|session| session.id).eq(lock.sessions.iter().copied()));
        assert_eq!(lock.before.input.available, settings.input.available);
    }
}
