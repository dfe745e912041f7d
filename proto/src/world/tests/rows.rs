//! Long rows of operations, good and bad ones in any order: nothing panics, a refusal changes nothing, everything that is
//! referred to is there, what is told is what happened, and the world goes out and in unchanged.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::coherence::hold_together;
use super::*;

/// Draws operations. What it names mostly exists, sometimes doesn't, and often doesn't fit.
struct Dice(Random);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        (self.0.next_u64() % most as u64) as usize
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(2).then(|| value(self))
    }

    fn of<T: Copy + From<u64>>(&mut self, all: impl Iterator<Item = T>) -> T {
        let all: Vec<T> = all.collect();
        if all.is_empty() || self.chance(40) { T::from(1) } else { all[self.below(all.len())] }
    }

    fn user(&mut self, world: &World) -> UserId {
        if self.chance(4) { world.local_user().id } else { self.of(world.users().map(|user| user.id)) }
    }

    fn guild(&mut self, world: &World) -> GuildId {
        self.of(world.guilds().map(|guild| guild.id))
    }

    fn channel(&mut self, world: &World) -> ChannelId {
        self.of(world.channels().map(|channel| channel.id))
    }

    fn message(&mut self, world: &World, channel: ChannelId) -> MessageId {
        self.of(world.messages(channel).map(|message| message.id))
    }

    fn role(&mut self, world: &World, guild: GuildId) -> RoleId {
        self.of(world.guild(guild).into_iter().flat_map(|guild| guild.roles.keys().copied()))
    }

    fn session(&mut self, world: &World) -> SessionId {
        let all: Vec<SessionId> = world.sessions().map(|session| session.id).collect();
        if all.is_empty() || self.chance(40) { SessionId(0) } else { all[self.below(all.len())] }
    }

    fn permissions(&mut self) -> Permissions {
        let bits = [Permissions::VIEW_CHANNEL, Permissions::SEND_MESSAGES, Permissions::CONNECT, Permissions::SPEAK];
        match self.below(8) {
            0 => Permissions::NONE,
            1 => Permissions::DEFAULT,
            2 => Permissions(self.0.next_u64()),
            bit => bits[bit % bits.len()],
        }
    }

    fn name(&mut self) -> Box<str> {
        ["", " ", "x", "Name", "  An  other ", "@everyone", "ééé"][self.below(7)].into()
    }

    fn content(&mut self, world: &World) -> Box<str> {
        let user = self.user(world);
        let guild = self.guild(world);
        let role = self.role(world, guild);
        match self.below(6) {
            0 => "".into(),
            1 => "@everyone".into(),
            2 => format!("<@{user}> <@!{user}>").into(),
            3 => format!("<@&{role}>").into(),
            _ => "hello".into(),
        }
    }

    fn number(&mut self) -> f64 {
        [0.0, 1.0, -1.0, 50.0, 100.0, 200.0, f64::NAN, f64::INFINITY][self.below(8)]
    }

    fn flag(&mut self) -> bool {
        self.chance(2)
    }

    fn application(&mut self) -> ApplicationId {
        [GAME, OTHER, 6][self.below(3)].into()
    }

    fn voice_edit(&mut self, world: &World) -> Box<VoiceSettingsEdit> {
        let devices = &world.voice_settings().input.available;
        let device = devices[self.below(devices.len())].id.clone();
        Box::new(VoiceSettingsEdit {
            input_device: self.maybe(|_| device),
            input_volume: self.maybe(Self::number),
            output_volume: self.maybe(|dice| dice.below(220) as f64),
            mute: self.maybe(Self::flag),
            deaf: self.maybe(Self::flag),
            qos: self.maybe(Self::flag),
            ..VoiceSettingsEdit::default()
        })
    }

    fn operation(&mut self, world: &World) -> Operation {
        match self.below(50) {
            0 => Operation::CreateUser(NewUser::named(&self.name())),
            1 => Operation::EditUser {
                user: self.user(world),
                edit: UserEdit { username: Some(self.name()), premium_type: Some(2), ..UserEdit::default() },
            },
            2 => {
                let activity = self.maybe(|dice| (dice.application(), Box::<Activity>::default()));
                let status = Status::ALL[self.below(4)].0;
                Operation::SetPresence { user: self.user(world), presence: Presence { status, activity } }
            }
            3 => Operation::SetRelationship { user: self.user(world), kind: RelationshipKind::ALL[self.below(6)].0 },
            4 => Operation::CreateGuild(NewGuild {
                name: self.name(),
                owner: self.maybe(|dice| dice.user(world)),
                members: vec![self.user(world), self.user(world)],
                created_by: self.maybe(Self::application),
                ..NewGuild::default()
            }),
            5 => Operation::EditGuild {
                guild: self.guild(world),
                edit: GuildEdit {
                    name: self.maybe(Self::name),
                    owner: self.maybe(|dice| dice.user(world)),
                    // Rarely, and back sooner than gone.
                    available: self.maybe(|dice| !dice.chance(3)),
                    ..GuildEdit::default()
                },
            },
            6 if self.chance(4) => Operation::DeleteGuild(self.guild(world)),
            6..=9 => Operation::JoinGuild { guild: self.guild(world), user: self.user(world) },
            10 => Operation::LeaveGuild { guild: self.guild(world), user: self.user(world) },
            11 | 12 => {
                let guild = self.guild(world);
                let edit = MemberEdit {
                    nick: self.maybe(|dice| dice.maybe(Self::name)),
                    roles: self.maybe(|dice| vec![dice.role(world, guild), dice.role(world, guild)]),
                    mute: self.maybe(Self::flag),
                    deaf: self.maybe(Self::flag),
                };
                Operation::EditMember { guild, user: self.user(world), edit }
            }
            13 => Operation::CreateRole {
                guild: self.guild(world),
                role: NewRole {
                    name: self.name(),
                    color: self.below(0x1FF_FFFF) as u32,
                    permissions: self.permissions(),
                    hoist: self.flag(),
                    mentionable: self.flag(),
                },
            },
            14 => {
                let guild = self.guild(world);
                let edit = RoleEdit {
                    name: self.maybe(Self::name),
                    permissions: self.maybe(Self::permissions),
                    position: self.maybe(|dice| dice.below(4) as u32),
                    color: None,
                    hoist: self.maybe(Self::flag),
                    mentionable: self.maybe(Self::flag),
                };
                Operation::EditRole { guild, role: self.role(world, guild), edit }
            }
            15 => {
                let guild = self.guild(world);
                Operation::DeleteRole { guild, role: self.role(world, guild) }
            }
            16..=18 => {
                let kind = ChannelKind::from_number(self.below(4) as i64).unwrap();
                let of_guild = matches!(kind, ChannelKind::GuildText | ChannelKind::GuildVoice);
                Operation::CreateChannel(NewChannel {
                    name: self.name(),
                    guild: of_guild.then(|| self.guild(world)),
                    recipients: if of_guild { vec![] } else { vec![self.user(world)] },
                    user_limit: self.maybe(|dice| dice.below(3) as u32),
                    created_by: self.maybe(Self::application),
                    ..NewChannel::private(kind, vec![])
                })
            }
            19 => Operation::EditChannel {
                channel: self.channel(world),
                edit: ChannelEdit {
                    name: self.maybe(Self::name),
                    position: self.maybe(|dice| dice.below(5) as u32),
                    user_limit: self.maybe(|dice| dice.below(120) as u32),
                    ..ChannelEdit::default()
                },
            },
            20 | 21 => {
                let channel = self.channel(world);
                let guild = world.channel(channel).and_then(|channel| channel.guild).unwrap_or(1.into());
                let of = match self.flag() {
                    true => OverwriteOf::Role(self.role(world, guild)),
                    false => OverwriteOf::Member(self.user(world)),
                };
                if self.chance(3) {
                    return Operation::RemoveOverwrite { channel, of };
                }
                let overwrite = Overwrite { of, allow: self.permissions(), deny: self.permissions() };
                Operation::SetOverwrite { channel, overwrite }
            }
            22 if self.chance(2) => Operation::DeleteChannel(self.channel(world)),
            22..=25 => {
                let new = NewMessage::text(self.channel(world), self.user(world), &self.content(world));
                Operation::PostMessage(new)
            }
            26 => {
                let channel = self.channel(world);
                let edit =
                    MessageEdit { content: self.maybe(|dice| dice.content(world)), pinned: self.maybe(Self::flag) };
                Operation::EditMessage { channel, message: self.message(world, channel), edit }
            }
            27 => {
                let channel = self.channel(world);
                Operation::DeleteMessage { channel, message: self.message(world, channel) }
            }
            28 => Operation::SelectTextChannel(self.maybe(|dice| dice.channel(world))),
            29..=32 => Operation::JoinVoice { user: self.user(world), channel: self.channel(world) },
            33 => Operation::LeaveVoice(self.user(world)),
            34 => Operation::EditVoice {
                user: self.user(world),
                self_mute: self.maybe(Self::flag),
                self_deaf: self.maybe(Self::flag),
            },
            35..=37 => Operation::SetSpeaking { user: self.user(world), speaking: !self.chance(4) },
            38 => Operation::SetVoiceServers { available: !self.chance(3) },
            39 => {
                let state = VoiceConnectionState::ALL[self.below(10)].0;
                Operation::SetVoiceConnection { state, hostname: self.maybe(Self::name) }
            }
            40 => Operation::Ping(self.number()),
            41 | 42 => Operation::EditVoiceSettings {
                session: self.maybe(|dice| dice.session(world)),
                edit: self.voice_edit(world),
            },
            43 => Operation::EditUserVoice {
                session: self.maybe(|dice| dice.session(world)),
                user: self.user(world),
                edit: UserVoiceEdit {
                    pan: self.maybe(|dice| (dice.number(), 1.0)),
                    volume: self.maybe(|dice| dice.below(220) as u16),
                    mute: self.maybe(Self::flag),
                },
            },
            44 => {
                let device = |id: &str| AudioDevice { id: id.into(), name: id.into() };
                let some =
                    |dice: &mut Self| ["mic", "cam", "default"][dice.below(3)..].iter().map(|id| device(id)).collect();
                Operation::SetAudioDevices { inputs: some(self), outputs: some(self) }
            }
            45 => {
                let device = |id: &str| CertifiedDevice {
                    kind: DeviceKind::AudioInput,
                    id: id.into(),
                    vendor: Default::default(),
                    model: Default::default(),
                    related: Vec::new(),
                    echo_cancellation: None,
                    noise_suppression: None,
                    automatic_gain_control: None,
                    hardware_mute: None,
                };
                let devices = ["arctis", "mic", "studio"][self.below(3)..].iter().map(|id| device(id)).collect();
                Operation::SetCertifiedDevices { session: self.session(world), devices }
            }
            46 => Operation::Invite { from: self.user(world), application: self.application() },
            47 => Operation::CreateEntitlement(NewEntitlement {
                sku: None,
                application: self.application(),
                user: self.user(world),
                kind: self.below(10) as u8,
                guild: self.maybe(|dice| dice.guild(world)),
                starts_ms: None,
                ends_ms: None,
                consumed: false,
            }),
            48 if self.flag() => Operation::DeleteEntitlement(self.of(world.entitlements().map(|owned| owned.id))),
            48 => Operation::RequestJoin { from: self.user(world), application: self.maybe(Self::application) },
            _ if self.flag() => Operation::OpenSession { user: world.local_user().id, application: self.application() },
            _ => Operation::CloseSession(self.session(world)),
        }
    }
}

/// What a listener knows who heard every change and nothing else.
#[derive(Debug, Default, PartialEq)]
struct Listener {
    guilds: BTreeSet<GuildId>,
    members: BTreeSet<(GuildId, UserId)>,
    channels: BTreeSet<ChannelId>,
    messages: BTreeSet<(ChannelId, MessageId)>,
    voice: BTreeMap<UserId, ChannelId>,
    speaking: BTreeSet<UserId>,
    text_channel: Option<ChannelId>,
    voice_channel: Option<ChannelId>,
    connection: VoiceConnection,
    entitlements: BTreeSet<EntitlementId>,
}

impl Listener {
    /// What there is, as far as it is told piece by piece: a guild that comes brings its members, and one that goes takes
    /// all that is in it along.
    fn of(world: &World) -> Self {
        let members = |guild: &Guild| guild.members.keys().map(|user| (guild.id, *user)).collect::<Vec<_>>();
        let messages = |channel: &Channel| {
            world.messages(channel.id).map(|message| (message.channel, message.id)).collect::<Vec<_>>()
        };
        let states = || world.channels().flat_map(|channel| world.voice_states_in(channel.id));
        Listener {
            guilds: world.guilds().map(|guild| guild.id).collect(),
            members: world.guilds().flat_map(members).collect(),
            channels: world.channels().map(|channel| channel.id).collect(),
            messages: world.channels().flat_map(messages).collect(),
            voice: states().map(|state| (state.user, state.channel)).collect(),
            speaking: states().filter(|state| state.speaking).map(|state| state.user).collect(),
            text_channel: world.text_channel(),
            voice_channel: world.voice_channel(),
            connection: world.voice_connection().clone(),
            entitlements: world.entitlements().map(|owned| owned.id).collect(),
        }
    }

    fn hear(&mut self, world: &World, change: &Change) {
        match change {
            Change::GuildCreated(id) => {
                self.guilds.insert(*id);
                self.members.extend(world.guild(*id).unwrap().members.keys().map(|user| (*id, *user)));
            }
            // The local user may have left one that goes on without it.
            Change::GuildDeleted(id) if world.guild(*id).is_none() => {
                self.guilds.remove(id);
                self.members.retain(|(guild, _)| guild != id);
                self.channels.retain(|channel| world.channel(*channel).is_some());
                self.messages.retain(|(channel, _)| world.channel(*channel).is_some());
            }
            Change::MemberJoined { guild, user } => drop(self.members.insert((*guild, *user))),
            Change::MemberLeft { guild, user } => assert!(self.members.remove(&(*guild, *user))),
            Change::ChannelCreated(id) => assert!(self.channels.insert(*id)),
            Change::ChannelDeleted(gone) => {
                assert!(self.channels.remove(&gone.id));
                self.messages.retain(|(channel, _)| *channel != gone.id);
            }
            Change::MessagePosted { channel, message } => assert!(self.messages.insert((*channel, *message))),
            Change::MessageDeleted { channel, message } => assert!(self.messages.remove(&(*channel, *message))),
            Change::VoiceJoined { channel, user } => assert_eq!(self.voice.insert(*user, *channel), None),
            Change::VoiceLeft(state) => {
                assert_eq!(self.voice.remove(&state.user), Some(state.channel));
                assert!(!self.speaking.contains(&state.user), "who leaves has stopped speaking before");
            }
            Change::VoiceChanged { channel, user } => assert_eq!(self.voice.get(user), Some(channel)),
            Change::SpeakingChanged { channel, user, speaking } => {
                assert_eq!(self.voice.get(user), Some(channel));
                let changed = if *speaking { self.speaking.insert(*user) } else { self.speaking.remove(user) };
                assert!(changed, "speaking begins and ends by turns");
            }
            Change::TextChannelSelected(channel) => self.text_channel = *channel,
            Change::VoiceChannelSelected(channel) => {
                assert_ne!(self.voice_channel, *channel);
                self.voice_channel = *channel;
            }
            Change::VoiceConnectionChanged(connection) => self.connection = (**connection).clone(),
            Change::EntitlementCreated(id) => assert!(self.entitlements.insert(*id)),
            Change::EntitlementDeleted(gone) => assert!(self.entitlements.remove(&gone.id)),
            _ => {}
        }
    }
}

#[test]
fn a_world_holds_together_whatever_is_done_to_it() {
    let (mut carried_out, mut kinds) = (0, BTreeSet::new());
    for seed in 0..24 {
        let mut dice = Dice(Random::new(seed));
        let mut world = World::new(Config::default(), Seeded::new()).unwrap();
        done(
            &mut world,
            Operation::RegisterApplication(Application { approved: false, ..Application::unregistered(OTHER.into()) }),
        );
        let mut listener = Listener::of(&world);
        let mut now = Instant::ZERO;
        for step in 0..1000 {
            now = now + Duration::from_millis(dice.below(3) as u64);
            let operation = dice.operation(&world);
            let text = format!("seed {seed}, step {step}: {operation:?}");
            let before = (step % 16 == 0).then(|| world.state());
            let settings = world.voice_settings().clone();
            match world.apply(now, operation) {
                Ok(changes) => {
                    carried_out += 1;
                    let changes: Vec<Change> = changes.into_iter().collect();
                    changes.iter().for_each(|change| listener.hear(&world, change));
                    let told = told(&changes);
                    assert_eq!(
                        told.iter().any(|kind| kind == "VoiceSettingsChanged"),
                        settings != *world.voice_settings()
                    );
                    kinds.extend(told);
                }
                Err(_) => {
                    if let Some(before) = before {
                        assert_eq!(world.state(), before, "{text}: a refusal changes nothing");
                    }
                }
            }
            if step % 4 == 0 {
                assert_eq!(listener, Listener::of(&world), "{text}");
                hold_together(&world);
            }
            if step % 64 == 0 {
                let state = world.state();
                let back = World::restore(state.clone(), EPOCH_MS, Seeded::new()).expect(&text);
                assert_eq!(back.state(), state, "{text}");
                hold_together(&back);
            }
        }
    }
    // The rows are worth something: much was carried out, and almost everything that can be told was.
    assert!(carried_out > 10_000, "{carried_out}");
    assert!(kinds.len() > 40, "{kinds:?}");
}
