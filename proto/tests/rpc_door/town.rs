//! A door over a world with people, a guild and channels of every kind, driven by operations.

use gamebridge_proto::server::rpc::{Config, Via};
use gamebridge_proto::wire::ipc::Opcode;
use gamebridge_proto::world::{
    self, Change, ChannelId, ChannelKind, GuildId, MessageId, NewChannel, NewGuild, NewMessage, NewRole, NewUser,
    Operation, Overwrite, OverwriteOf, Permissions, RelationshipKind, RoleId, UserId,
};
use serde_json::{Value, json};

use super::house::{GAME, House};

/// The local user is Mason, a member of Ada's guild.
pub struct Town {
    pub house: House,
    pub local: UserId,
    pub ada: UserId,
    pub bob: UserId,
    pub guild: GuildId,
    pub general: ChannelId,
    pub lounge: ChannelId,
    pub attic: ChannelId,
    /// A voice channel that the local user sees and may not connect to.
    pub vault: ChannelId,
    /// A text channel that the local user can't see.
    pub hidden: ChannelId,
    /// Direct messages with Bob.
    pub dm: ChannelId,
    /// A channel that the game created.
    pub own: ChannelId,
}

impl Default for Town {
    fn default() -> Self {
        Town::of(Config::default())
    }
}

impl Town {
    pub fn of(config: Config) -> Town {
        let mason = NewUser { discriminator: "1337".into(), ..NewUser::named("Mason") };
        let mut house = House::of(config, world::Config { local_user: mason, ..world::Config::default() });
        let local = house.world.local_user().id;
        let [ada, bob] = ["Ada", "Bob"].map(|name| made_user(&mut house, name));
        let found = NewGuild {
            name: "Test Guild".into(),
            icon: Some("abc".into()),
            owner: Some(ada),
            members: vec![local, bob],
            created_by: None,
        };
        let guild = house.make(Operation::CreateGuild(found)).into_iter().find_map(|change| match change {
            Change::GuildCreated(id) => Some(id),
            _ => None,
        });
        let guild = guild.unwrap();
        let mut channel = |new: NewChannel| made_channel(&mut house, new);
        let in_guild = |kind, name| NewChannel::in_guild(kind, guild, name);
        let general = channel(NewChannel { topic: Some("Talk".into()), ..in_guild(ChannelKind::GuildText, "general") });
        let [lounge, attic, vault] =
            ["Lounge", "Attic", "Vault"].map(|name| channel(in_guild(ChannelKind::GuildVoice, name)));
        let hidden = channel(in_guild(ChannelKind::GuildText, "hidden"));
        let dm = channel(NewChannel::private(ChannelKind::Dm, vec![bob]));
        let game = GAME.parse::<u64>().unwrap().into();
        let own = channel(NewChannel { created_by: Some(game), ..in_guild(ChannelKind::GuildText, "of-the-game") });
        let mut town = Town { house, local, ada, bob, guild, general, lounge, attic, vault, hidden, dm, own };
        town.deny(vault, Permissions::CONNECT);
        town.deny(hidden, Permissions::VIEW_CHANNEL);
        town
    }

    /// Does something to the world through another door.
    pub fn make(&mut self, operation: Operation) -> Vec<Change> {
        self.house.make(operation)
    }

    /// Takes a permission from everyone in a channel.
    pub fn deny(&mut self, channel: ChannelId, deny: Permissions) {
        let of = OverwriteOf::Role(RoleId::from(self.guild.get()));
        self.make(Operation::SetOverwrite { channel, overwrite: Overwrite { of, allow: Permissions::NONE, deny } });
    }

    /// Gives a channel back what [`Town::deny`] took.
    pub fn undeny(&mut self, channel: ChannelId) {
        let of = OverwriteOf::Role(RoleId::from(self.guild.get()));
        self.make(Operation::RemoveOverwrite { channel, of });
    }

    pub fn post(&mut self, channel: ChannelId, author: UserId, content: &str) -> MessageId {
        let made = self.make(Operation::PostMessage(NewMessage::text(channel, author, content)));
        let posted = made.into_iter().find_map(|change| match change {
            Change::MessagePosted { message, .. } => Some(message),
            _ => None,
        });
        posted.unwrap()
    }

    pub fn role(&mut self, name: &str, color: u32) -> RoleId {
        let role =
            NewRole { name: name.into(), color, permissions: Permissions::NONE, hoist: false, mentionable: true };
        let made = self.make(Operation::CreateRole { guild: self.guild, role });
        let role = made.into_iter().find_map(|change| match change {
            Change::RoleCreated { role, .. } => Some(role),
            _ => None,
        });
        role.unwrap()
    }

    pub fn outage(&mut self, available: bool) {
        let edit = world::GuildEdit { available: Some(available), ..world::GuildEdit::default() };
        self.make(Operation::EditGuild { guild: self.guild, edit });
    }

    pub fn voice_servers(&mut self, available: bool) {
        self.make(Operation::SetVoiceServers { available });
    }

    pub fn befriend(&mut self, user: UserId) {
        self.make(Operation::SetRelationship { user, kind: RelationshipKind::Friend });
    }

    /// A peer of the game over IPC with these scopes.
    pub fn peer(&mut self, peer: u32, scopes: &[&str]) {
        self.house.ipc(peer);
        if !scopes.is_empty() {
            self.house.authenticate(peer, scopes);
        }
        self.house.out();
    }

    /// A peer of another application over IPC, with these scopes.
    pub fn stranger(&mut self, peer: u32, client: &str, scopes: &[&str]) {
        self.house.connect(peer, Via::Ipc);
        let hello = json!({"v": 1, "client_id": client}).to_string();
        self.house.frame(peer, Opcode::Handshake, hello.as_bytes()).unwrap();
        if !scopes.is_empty() {
            let ask = json!({"cmd": "AUTHORIZE", "args": {"client_id": client, "scopes": scopes}});
            let code = self.house.done(peer, ask)["code"].clone();
            let token = self.house.host("TOKEN_EXCHANGE", json!({"code": code, "client_id": client}));
            self.house.done(peer, super::house::authenticate(token["access_token"].as_str().unwrap()));
        }
        self.house.out();
    }

    pub fn done(&mut self, peer: u32, cmd: &str, args: Value) -> Value {
        self.house.done(peer, json!({"cmd": cmd, "args": args}))
    }

    pub fn refused(&mut self, peer: u32, cmd: &str, args: Value) -> (i64, String) {
        self.house.refused(peer, json!({"cmd": cmd, "args": args}))
    }

    /// Sends a command that is not answered at once.
    pub fn begin(&mut self, peer: u32, cmd: &str, args: Value, nonce: &str) {
        self.house.out();
        self.house.say(peer, &json!({"cmd": cmd, "args": args, "nonce": nonce}));
        let sent = self.house.peek(peer);
        assert!(sent.iter().all(|sent| sent["nonce"] != nonce), "{cmd} waits: {sent:?}");
    }

    pub fn subscribe(&mut self, peer: u32, event: &str, args: Value) {
        let reply = self.house.done(peer, json!({"cmd": "SUBSCRIBE", "evt": event, "args": args}));
        assert_eq!(reply, json!({"evt": event}));
        self.house.out();
    }

    pub fn unsubscribe(&mut self, peer: u32, event: &str, args: Value) {
        let reply = self.house.done(peer, json!({"cmd": "UNSUBSCRIBE", "evt": event, "args": args}));
        assert_eq!(reply, json!({"evt": event}));
        self.house.out();
    }

    /// The names of the events that came for a peer, and the rest is forgotten.
    pub fn heard(&mut self, peer: u32) -> Vec<String> {
        self.house.sent(peer).iter().map(|sent| sent["evt"].as_str().unwrap_or("a reply").to_owned()).collect()
    }
}

pub fn id(id: impl std::fmt::Display) -> Value {
    json!(id.to_string())
}

impl House {
    /// Does something to the world through another door, and lets this one show it.
    pub fn make(&mut self, operation: Operation) -> Vec<Change> {
        let described = format!("{operation:?}");
        let changes = self.world.apply(self.now, operation).unwrap_or_else(|error| panic!("{described}: {error}"));
        self.door.handle_changes(self.now, &changes, &mut self.world, &mut self.record);
        changes.into_iter().collect()
    }

    /// What is there for a peer, without taking it.
    pub fn peek(&self, to: u32) -> Vec<Value> {
        let sent = self.record.0.iter().filter_map(|out| match out {
            super::house::Out::Sent { peer, payload, .. } if *peer == to => Some(payload.clone()),
            _ => None,
        });
        sent.collect()
    }
}

pub fn made_user(house: &mut House, name: &str) -> UserId {
    let made = house.make(Operation::CreateUser(NewUser::named(name))).into_iter().find_map(|change| match change {
        Change::UserCreated(id) => Some(id),
        _ => None,
    });
    made.unwrap()
}

pub fn made_channel(house: &mut House, new: NewChannel) -> ChannelId {
    let made = house.make(Operation::CreateChannel(new)).into_iter().find_map(|change| match change {
        Change::ChannelCreated(id) => Some(id),
        _ => None,
    });
    made.unwrap()
}
