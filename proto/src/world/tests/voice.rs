//! Being in voice.

use super::*;

struct Place {
    world: World,
    ada: UserId,
    eve: UserId,
    guild: GuildId,
    one: ChannelId,
    two: ChannelId,
}

fn place() -> Place {
    let mut world = world();
    let (ada, eve) = (user(&mut world, "Ada"), user(&mut world, "Eve"));
    let guild = guild(&mut world, &[ada, eve]);
    let (one, two) = (voice(&mut world, guild), voice(&mut world, guild));
    Place { world, ada, eve, guild, one, two }
}

fn limit(world: &mut World, channel: ChannelId, user_limit: u32) {
    let edit = ChannelEdit { user_limit: Some(user_limit), ..ChannelEdit::default() };
    done(world, Operation::EditChannel { channel, edit });
}

fn speak(user: UserId, speaking: bool) -> Operation {
    Operation::SetSpeaking { user, speaking }
}

#[test]
fn a_user_is_in_one_voice_channel_at_a_time() {
    let Place { mut world, ada, eve, one, two, .. } = place();
    assert_eq!(join(&mut world, ada, one), ["VoiceJoined"]);
    assert_eq!(join(&mut world, eve, one), ["VoiceJoined"]);
    assert!(join(&mut world, ada, one).is_empty());
    let inside = |world: &World, channel| world.voice_states_in(channel).map(|state| state.user).collect::<Vec<_>>();
    assert_eq!(inside(&world, one), [ada, eve], "in the order in which they came");
    let mute = Operation::EditVoice { user: ada, self_mute: Some(true), self_deaf: None };
    done(&mut world, mute);
    assert_eq!(join(&mut world, ada, two), ["VoiceLeft", "VoiceJoined"]);
    assert_eq!((inside(&world, one), inside(&world, two)), (vec![eve], vec![ada]));
    assert!(world.voice_state(ada).unwrap().self_mute, "who muted themselves stays so");
    assert_eq!(tells(&mut world, Operation::LeaveVoice(ada)), ["VoiceLeft"]);
    assert!(tells(&mut world, Operation::LeaveVoice(ada)).is_empty());
}

#[test]
fn who_leaves_is_told_as_they_were() {
    let Place { mut world, ada, one, .. } = place();
    join(&mut world, ada, one);
    done(&mut world, speak(ada, true));
    let changes = done(&mut world, Operation::LeaveVoice(ada));
    assert_eq!(told(&changes), ["SpeakingChanged false", "VoiceLeft"]);
    assert!(matches!(&changes[1], Change::VoiceLeft(state) if state.user == ada && state.channel == one));
}

#[test]
fn a_full_channel_lets_in_only_who_may_move_members() {
    let Place { mut world, ada, eve, one, two, guild } = place();
    limit(&mut world, one, 1);
    join(&mut world, ada, one);
    join(&mut world, eve, two);
    let enter = Operation::JoinVoice { user: eve, channel: one };
    assert!(matches!(refused(&mut world, enter.clone()), Error::TooMany(_)));
    assert_eq!(world.voice_state(eve).unwrap().channel, two, "who is refused stays where they are");
    let mover = role(&mut world, guild, Permissions::MOVE_MEMBERS);
    give_roles(&mut world, guild, eve, &[mover]);
    assert_eq!(tells(&mut world, enter), ["VoiceLeft", "VoiceJoined"]);
}

#[test]
fn nobody_comes_in_without_the_permission() {
    let Place { mut world, ada, one, two, .. } = place();
    let stranger = user(&mut world, "Stranger");
    deny_everyone(&mut world, one, Permissions::CONNECT);
    deny_everyone(&mut world, two, Permissions::VIEW_CHANNEL);
    let enter = |user, channel| Operation::JoinVoice { user, channel };
    assert_eq!(refused(&mut world, enter(ada, one)), Error::Forbidden("CONNECT"));
    assert_eq!(refused(&mut world, enter(ada, two)), Error::Forbidden("VIEW_CHANNEL"));
    assert_eq!(refused(&mut world, enter(stranger, one)), Error::NotAMember(stranger));
    let nowhere = ChannelId::from(1);
    assert_eq!(refused(&mut world, enter(ada, nowhere)), Error::UnknownChannel(nowhere));
}

#[test]
fn people_call_each_other_in_direct_messages() {
    let Place { mut world, ada, eve, .. } = place();
    let (local, channel) = (world.local_user().id, dm(&mut world, ada));
    assert_eq!(join(&mut world, ada, channel), ["VoiceJoined"]);
    assert_eq!(join(&mut world, local, channel).len(), 8);
    assert_eq!(refused(&mut world, Operation::JoinVoice { user: eve, channel }), Error::NotAMember(eve));
    assert!(!world.is_suppressed(ada, channel));
}

#[test]
fn who_cant_be_heard_cant_speak() {
    let Place { mut world, ada, guild, one, .. } = place();
    assert_eq!(field(&refused(&mut world, speak(ada, true))), "user_id");
    join(&mut world, ada, one);
    assert_eq!(tells(&mut world, speak(ada, true)), ["SpeakingChanged true"]);
    assert!(tells(&mut world, speak(ada, true)).is_empty());
    let mute = |muted| Operation::EditVoice { user: ada, self_mute: Some(muted), self_deaf: None };
    assert_eq!(tells(&mut world, mute(true)), ["SpeakingChanged false", "VoiceChanged"]);
    assert_eq!(field(&refused(&mut world, speak(ada, true))), "user_id");
    done(&mut world, mute(false));
    let by_guild = MemberEdit { mute: Some(true), ..MemberEdit::default() };
    done(&mut world, Operation::EditMember { guild, user: ada, edit: by_guild });
    assert_eq!(field(&refused(&mut world, speak(ada, true))), "user_id");
}

#[test]
fn who_may_not_speak_is_suppressed_and_falls_silent() {
    let Place { mut world, ada, eve, one, .. } = place();
    join(&mut world, ada, one);
    join(&mut world, eve, one);
    done(&mut world, speak(ada, true));
    assert!(!world.is_suppressed(ada, one));
    let of = OverwriteOf::Member(ada);
    let overwrite = Overwrite { of, allow: Permissions::NONE, deny: Permissions::SPEAK };
    let told = tells(&mut world, Operation::SetOverwrite { channel: one, overwrite });
    assert_eq!(told, ["ChannelChanged", "SpeakingChanged false", "VoiceChanged"]);
    assert!(world.is_suppressed(ada, one) && !world.is_suppressed(eve, one));
    assert_eq!(refused(&mut world, speak(ada, true)), Error::Forbidden("SPEAK"));
    let told = tells(&mut world, Operation::RemoveOverwrite { channel: one, of });
    assert_eq!(told, ["ChannelChanged", "VoiceChanged"]);
}

#[test]
fn suppression_follows_roles_owners_and_what_everyone_may() {
    let Place { mut world, ada, guild, one, .. } = place();
    let everyone = world.guild(guild).unwrap().everyone();
    let speaker = role(&mut world, guild, Permissions::SPEAK);
    let silent =
        RoleEdit { permissions: Some(Permissions::DEFAULT.without(Permissions::SPEAK)), ..RoleEdit::default() };
    join(&mut world, ada, one);
    done(&mut world, speak(ada, true));
    let told = tells(&mut world, Operation::EditRole { guild, role: everyone, edit: silent });
    assert_eq!(told, ["RoleChanged", "SpeakingChanged false", "VoiceChanged"]);
    let roles = |roles: &[RoleId]| MemberEdit { roles: Some(roles.to_vec()), ..MemberEdit::default() };
    let told = tells(&mut world, Operation::EditMember { guild, user: ada, edit: roles(&[speaker]) });
    assert_eq!(told, ["MemberChanged", "VoiceChanged"]);
    let told = tells(&mut world, Operation::DeleteRole { guild, role: speaker });
    assert_eq!(told, ["RoleDeleted", "VoiceChanged"]);
    let owner = GuildEdit { owner: Some(ada), ..GuildEdit::default() };
    assert_eq!(tells(&mut world, Operation::EditGuild { guild, edit: owner }), ["GuildChanged", "VoiceChanged"]);
}

#[test]
fn a_member_whose_mute_and_roles_change_at_once_is_told_once() {
    let Place { mut world, ada, guild, one, .. } = place();
    let speaker = role(&mut world, guild, Permissions::SPEAK);
    give_roles(&mut world, guild, ada, &[speaker]);
    deny_everyone(&mut world, one, Permissions::SPEAK);
    overwrite(&mut world, one, OverwriteOf::Role(speaker), Permissions::SPEAK, Permissions::NONE);
    join(&mut world, ada, one);
    done(&mut world, speak(ada, true));
    let edit = MemberEdit { roles: Some(vec![]), deaf: Some(true), ..MemberEdit::default() };
    let told = tells(&mut world, Operation::EditMember { guild, user: ada, edit });
    assert_eq!(told, ["MemberChanged", "SpeakingChanged false", "VoiceChanged"]);
}

#[test]
fn who_is_in_no_channel_mutes_nothing() {
    let Place { mut world, ada, .. } = place();
    let mute = Operation::EditVoice { user: ada, self_mute: Some(true), self_deaf: None };
    assert_eq!(field(&refused(&mut world, mute)), "user_id");
}
