//! The table: what brings each event, and what its subscriber sees.

use gamebridge_proto::secret::Secret;
use gamebridge_proto::wire::catalog::Row;
use gamebridge_proto::wire::rpc::EVENTS;
use gamebridge_proto::world::{
    Activity, AudioDevice, Change, ChannelKind, GuildEdit, MessageEdit, NewChannel, NewEntitlement, NewGuild,
    Operation, Presence, RelationshipKind, Status, UserEdit,
};
use serde_json::{Value, json};

use crate::house::GAME;
use crate::town::{Town, id};

/// An event as a test needs it.
pub(super) struct Case {
    /// The arguments that fit what happens, and those of something else.
    pub(super) args: Value,
    pub(super) others: Option<Value>,
    /// A scope that opens it.
    pub(super) scopes: &'static [&'static str],
    /// Makes it happen once.
    pub(super) happen: fn(&mut Town),
    /// What the subscriber sees.
    pub(super) shows: fn(&Town, &Value),
}

fn case(town: &mut Town, event: &str) -> Case {
    let (general, lounge) = (json!({"channel_id": id(town.general)}), json!({"channel_id": id(town.lounge)}));
    let elsewhere = Some(json!({"channel_id": id(town.attic)}));
    let nothing = json!({});
    let rpc: &[&str] = &["rpc"];
    let messages: &[&str] = &["rpc", "messages.read"];
    match event {
        "GUILD_STATUS" => {
            let other = town.make(Operation::CreateGuild(NewGuild { name: "Other".into(), ..NewGuild::default() }));
            let other = other.iter().find_map(|change| match change {
                Change::GuildCreated(id) => Some(*id),
                _ => None,
            });
            Case {
                args: json!({"guild_id": id(town.guild)}),
                others: Some(json!({"guild_id": id(other.unwrap())})),
                scopes: rpc,
                happen: |town| {
                    let edit = GuildEdit { name: Some("New Name".into()), ..GuildEdit::default() };
                    town.make(Operation::EditGuild { guild: town.guild, edit });
                },
                shows: |town, data| {
                    let icon_url = format!("https://cdn.discordapp.com/icons/{}/abc.png", town.guild);
                    let guild = json!({"id": id(town.guild), "name": "New Name", "icon_url": icon_url});
                    assert_eq!(*data, json!({"guild": guild, "online": 0}));
                },
            }
        }
        "GUILD_CREATE" => Case {
            args: nothing,
            others: None,
            scopes: rpc,
            happen: |town| {
                town.make(Operation::CreateGuild(NewGuild { name: "Second Guild".into(), ..NewGuild::default() }));
            },
            shows: |town, data| {
                let second = town.house.world.guilds().last().unwrap();
                assert_eq!(*data, json!({"id": id(second.id), "name": "Second Guild"}));
            },
        },
        "CHANNEL_CREATE" => Case {
            args: nothing,
            others: None,
            scopes: rpc,
            happen: |town| {
                let new = NewChannel::in_guild(ChannelKind::GuildVoice, town.guild, "Cellar");
                town.make(Operation::CreateChannel(new));
            },
            shows: |town, data| {
                let channel = town.house.world.channels_of(town.guild).pop().unwrap();
                assert_eq!(*data, json!({"id": id(channel.id), "name": "Cellar", "type": 2}));
            },
        },
        "VOICE_CHANNEL_SELECT" => Case {
            args: nothing,
            others: None,
            scopes: rpc,
            happen: |town| {
                town.make(Operation::JoinVoice { user: town.local, channel: town.lounge });
            },
            shows: |town, data| {
                assert_eq!(*data, json!({"channel_id": id(town.lounge), "guild_id": id(town.guild)}));
            },
        },
        "VOICE_STATE_CREATE" => Case {
            args: lounge,
            others: elsewhere,
            scopes: rpc,
            happen: |town| {
                town.make(Operation::JoinVoice { user: town.bob, channel: town.lounge });
            },
            shows: |town, data| {
                assert_eq!(
                    *data,
                    json!({
                        "voice_state":
                            {"mute": false, "deaf": false, "self_mute": false, "self_deaf": false, "suppress": false},
                        "user": {"id": id(town.bob), "username": "Bob", "discriminator": "0", "global_name": null,
                                 "avatar": null, "bot": false},
                        "nick": "Bob", "volume": 100, "mute": false, "pan": {"left": 1, "right": 1},
                    })
                );
            },
        },
        "VOICE_STATE_UPDATE" => {
            town.make(Operation::JoinVoice { user: town.bob, channel: town.lounge });
            Case {
                args: lounge,
                others: elsewhere,
                scopes: rpc,
                happen: |town| {
                    let (user, self_mute) = (town.bob, Some(true));
                    town.make(Operation::EditVoice { user, self_mute, self_deaf: None });
                },
                shows: |_, data| assert_eq!(data["voice_state"]["self_mute"], true),
            }
        }
        "VOICE_STATE_DELETE" => {
            town.make(Operation::JoinVoice { user: town.bob, channel: town.lounge });
            Case {
                args: lounge,
                others: elsewhere,
                scopes: rpc,
                happen: |town| {
                    town.make(Operation::JoinVoice { user: town.bob, channel: town.attic });
                },
                shows: |town, data| assert_eq!(data["user"]["id"], id(town.bob)),
            }
        }
        "VOICE_SETTINGS_UPDATE" => Case {
            args: nothing,
            others: None,
            scopes: &["rpc.voice.read"],
            happen: |town| {
                let device = |id: &str| AudioDevice { id: id.into(), name: id.into() };
                let (inputs, outputs) = (vec![device("Built-in Microphone")], vec![device("Built-in Output")]);
                town.make(Operation::SetAudioDevices { inputs, outputs });
            },
            shows: |_, data| {
                let devices = data["input"]["available_devices"].to_string();
                assert!(devices.contains("Built-in Microphone"), "{devices}");
            },
        },
        "VOICE_CONNECTION_STATUS" => {
            town.make(Operation::JoinVoice { user: town.local, channel: town.lounge });
            town.make(Operation::Ping(20.0));
            Case {
                args: nothing,
                others: None,
                scopes: &["rpc.voice.read"],
                happen: |town| {
                    town.make(Operation::Ping(13.5));
                },
                shows: |town, data| {
                    let hostname = &*town.house.world.voice_connection().hostname;
                    assert_eq!(
                        *data,
                        json!({"state": "VOICE_CONNECTED", "hostname": hostname, "pings": [20, 13.5],
                               "average_ping": 16.75, "last_ping": 13.5})
                    );
                },
            }
        }
        "SPEAKING_START" | "SPEAKING_STOP" => {
            town.make(Operation::JoinVoice { user: town.bob, channel: town.lounge });
            if event == "SPEAKING_STOP" {
                town.make(Operation::SetSpeaking { user: town.bob, speaking: true });
            }
            Case {
                args: lounge,
                others: elsewhere,
                scopes: rpc,
                happen: |town| {
                    let speaking = !town.house.world.voice_state(town.bob).unwrap().speaking;
                    town.make(Operation::SetSpeaking { user: town.bob, speaking });
                },
                shows: |town, data| assert_eq!(*data, json!({"user_id": id(town.bob)})),
            }
        }
        "MESSAGE_CREATE" => Case {
            args: general,
            others: Some(json!({"channel_id": id(town.own)})),
            scopes: messages,
            happen: |town| {
                town.post(town.general, town.bob, "test");
            },
            shows: |town, data| {
                let message = town.house.world.messages(town.general).next().unwrap();
                let (id_of_message, sent) = (id(message.id), data["message"]["timestamp"].clone());
                assert_eq!(
                    *data,
                    json!({"channel_id": id(town.general), "message": {
                        "id": id_of_message, "blocked": false, "content": "test",
                        "content_parsed": [{"type": "text", "content": "test"}],
                        "nick": "Bob", "author_color": "#ffffff", "edited_timestamp": null, "timestamp": sent,
                        "tts": false, "mentions": [], "mention_roles": [], "mention_everyone": false,
                        "embeds": [], "attachments": [], "type": 0, "pinned": false,
                        "author": {"id": id(town.bob), "username": "Bob", "discriminator": "0", "global_name": null,
                                   "avatar": null, "bot": false},
                    }})
                );
            },
        },
        "MESSAGE_UPDATE" => {
            town.post(town.general, town.bob, "before");
            Case {
                args: general,
                others: Some(json!({"channel_id": id(town.own)})),
                scopes: messages,
                happen: |town| {
                    let message = town.house.world.messages(town.general).next().unwrap().id;
                    let edit = MessageEdit { content: Some("after".into()), ..MessageEdit::default() };
                    town.make(Operation::EditMessage { channel: town.general, message, edit });
                },
                shows: |_, data| {
                    assert_eq!(data["message"]["content"], "after");
                    assert!(data["message"]["edited_timestamp"].is_string());
                },
            }
        }
        "MESSAGE_DELETE" => {
            town.post(town.general, town.bob, "before");
            Case {
                args: general,
                others: Some(json!({"channel_id": id(town.own)})),
                scopes: messages,
                happen: |town| {
                    let message = town.house.world.messages(town.general).next().unwrap().id;
                    town.make(Operation::DeleteMessage { channel: town.general, message });
                },
                shows: |town, data| {
                    assert_eq!(data["channel_id"], id(town.general));
                    assert_eq!(data["message"].as_object().unwrap().len(), 1, "only the id");
                },
            }
        }
        "NOTIFICATION_CREATE" => Case {
            args: nothing,
            others: None,
            scopes: &["rpc.notifications.read"],
            happen: |town| {
                let content = format!("<@{}> test message", town.local);
                town.post(town.general, town.bob, &content);
            },
            shows: |town, data| {
                assert_eq!(data["channel_id"], id(town.general));
                assert_eq!((&data["title"], &data["body"]), (&json!("Bob (#general)"), &json!("@Mason test message")));
                let icon = data["icon_url"].as_str().unwrap();
                assert!(icon.starts_with("https://cdn.discordapp.com/embed/avatars/"), "{icon}");
            },
        },
        "ACTIVITY_JOIN" => Case {
            args: nothing,
            others: None,
            scopes: &[],
            happen: |town| {
                let application = Some(GAME.parse::<u64>().unwrap().into());
                town.make(Operation::AcceptJoin { application, secret: Secret::new("025ed05c") });
            },
            shows: |_, data| assert_eq!(*data, json!({"secret": "025ed05c"})),
        },
        "ACTIVITY_SPECTATE" => Case {
            args: nothing,
            others: None,
            scopes: &[],
            happen: |town| {
                let application = Some(GAME.parse::<u64>().unwrap().into());
                town.make(Operation::AcceptSpectate { application, secret: Secret::new("e7eb30d2") });
            },
            shows: |_, data| assert_eq!(*data, json!({"secret": "e7eb30d2"})),
        },
        "ACTIVITY_JOIN_REQUEST" => Case {
            args: nothing,
            others: None,
            scopes: &[],
            happen: |town| {
                let application = Some(GAME.parse::<u64>().unwrap().into());
                town.make(Operation::RequestJoin { from: town.bob, application });
            },
            shows: |town, data| assert_eq!(data["user"]["id"], id(town.bob)),
        },
        "ACTIVITY_INVITE" => {
            let game = GAME.parse::<u64>().unwrap().into();
            let mut shown = Activity { state: Some("In a group".into()), ..Activity::default() };
            shown.secrets.join = Some(Secret::new("a secret of Bob's"));
            let presence = Presence { status: Status::Online, activity: Some((game, Box::new(shown))) };
            town.make(Operation::SetPresence { user: town.bob, presence });
            Case {
                args: nothing,
                others: None,
                scopes: &[],
                happen: |town| {
                    let application = GAME.parse::<u64>().unwrap().into();
                    town.make(Operation::Invite { from: town.bob, application });
                },
                shows: |town, data| {
                    let message = town.house.world.messages(town.dm).last().unwrap().id;
                    assert_eq!(
                        (&data["type"], &data["channel_id"], &data["message_id"]),
                        (&json!(1), &id(town.dm), &id(message))
                    );
                    assert_eq!(data["activity"]["state"], "In a group");
                    assert!(!data.to_string().contains("a secret"), "it comes with ACTIVITY_JOIN: {data}");
                },
            }
        }
        "CURRENT_USER_UPDATE" => Case {
            args: nothing,
            others: None,
            scopes: &["identify"],
            happen: |town| {
                let edit = UserEdit { username: Some("Mason II".into()), premium_type: Some(2), ..UserEdit::default() };
                town.make(Operation::EditUser { user: town.local, edit });
            },
            shows: |town, data| {
                assert_eq!(
                    *data,
                    json!({"id": id(town.local), "username": "Mason II", "discriminator": "1337", "global_name": null,
                           "avatar": null, "avatar_decoration_data": null, "bot": false, "flags": 0})
                );
            },
        },
        "RELATIONSHIP_UPDATE" => Case {
            args: nothing,
            others: None,
            scopes: &["relationships_read"],
            happen: |town| {
                town.make(Operation::SetRelationship { user: town.bob, kind: RelationshipKind::Friend });
            },
            shows: |town, data| {
                assert_eq!((&data["type"], &data["user"]["id"]), (&json!(1), &id(town.bob)));
                assert_eq!(data["presence"], json!({"status": "offline", "activity": null}));
            },
        },
        "ENTITLEMENT_CREATE" => Case {
            args: nothing,
            others: None,
            scopes: &[],
            happen: |town| {
                town.make(Operation::CreateEntitlement(entitlement(town)));
            },
            shows: |town, data| {
                let entitlement = &data["entitlement"];
                assert_eq!(
                    (&entitlement["user_id"], &entitlement["type"], &entitlement["consumed"], &entitlement["deleted"]),
                    (&id(town.local), &json!(8), &json!(true), &json!(false))
                );
            },
        },
        "ENTITLEMENT_DELETE" => {
            town.make(Operation::CreateEntitlement(entitlement(town)));
            Case {
                args: nothing,
                others: None,
                scopes: &[],
                happen: |town| {
                    let id = town.house.world.entitlements().next().unwrap().id;
                    town.make(Operation::DeleteEntitlement(id));
                },
                shows: |_, data| assert_eq!(data["entitlement"]["deleted"], true),
            }
        }
        other => panic!("{other}: an event without a row in this table"),
    }
}

pub(super) fn entitlement(town: &Town) -> NewEntitlement {
    NewEntitlement {
        sku: None,
        application: GAME.parse::<u64>().unwrap().into(),
        user: town.local,
        kind: 8,
        guild: Some(town.guild),
        starts_ms: Some(1_498_763_392_361),
        ends_ms: None,
        consumed: true,
    }
}

pub(super) fn each(mut body: impl FnMut(&'static Row, Town, Case)) {
    for row in EVENTS.iter().filter(|row| row.callable) {
        let mut town = Town::default();
        let case = case(&mut town, row.name);
        body(row, town, case);
    }
}
