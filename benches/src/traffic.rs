//! Gateway traffic, made up: the mix of a large bot's connection, by count and by size.
//!
//! | event | share | bytes, about |
//! |---|---|---|
//! | MESSAGE_CREATE | 40 % | 1300 |
//! | PRESENCE_UPDATE | 25 % | 380 |
//! | TYPING_START | 15 % | 380 |
//! | VOICE_STATE_UPDATE | 10 % | 610 |
//! | GUILD_MEMBER_UPDATE | 8 % | 650 |
//! | GUILD_CREATE | 2 % | 66,600 (80 channels, 41 roles, 34 members) |
//!
//! The same seed makes the same traffic. Members stand in the order in which Discord writes them, and texts hold what
//! texts hold: escapes, letters beyond ASCII, emoji.

use std::fmt::Write as _;

/// Events, one after another.
pub struct Traffic {
    state: u64,
    seq: u64,
    guilds: bool,
    text: String,
}

const WORDS: &[&str] = &[
    "the",
    "raid",
    "starts",
    "at",
    "nine",
    "who",
    "brings",
    "potions",
    "\\\"ready\\\"",
    "gg",
    "naïve",
    "größer",
    "łąka",
    "привет",
    "日本語",
    "🎮",
    "lol",
    "https://example.com/clip/42",
    "ok\\nthen",
    "<@192741864418312192>",
    "mill",
    "river",
];
const GUILDS: u64 = 20;

impl Default for Traffic {
    fn default() -> Self {
        Traffic::new(0x6d69_6c6c_6572)
    }
}

impl Traffic {
    /// Traffic of this seed. The first event has sequence 2: READY is 1.
    pub fn new(seed: u64) -> Self {
        Traffic { state: seed, seq: 1, guilds: true, text: String::new() }
    }

    /// A steady day's traffic: the same without GUILD_CREATE, in whose place another member changes.
    pub fn steady() -> Self {
        Traffic { guilds: false, ..Traffic::default() }
    }

    /// The next event, as the Gateway sends it.
    pub fn next_event(&mut self) -> &str {
        self.seq += 1;
        self.text.clear();
        let (name, write): (&str, fn(&mut Traffic)) = match self.below(100) {
            0..40 => ("MESSAGE_CREATE", Traffic::message),
            40..65 => ("PRESENCE_UPDATE", Traffic::presence),
            65..80 => ("TYPING_START", Traffic::typing),
            80..90 => ("VOICE_STATE_UPDATE", Traffic::voice_state),
            90..98 => ("GUILD_MEMBER_UPDATE", Traffic::member_update),
            _ if !self.guilds => ("GUILD_MEMBER_UPDATE", Traffic::member_update),
            _ => ("GUILD_CREATE", Traffic::guild),
        };
        let seq = self.seq;
        self.put(format_args!("{{\"t\":\"{name}\",\"s\":{seq},\"op\":0,\"d\":"));
        write(self);
        self.text.push('}');
        &self.text
    }

    /// splitmix64
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random() % bound
    }

    fn id(&mut self) -> u64 {
        900_000_000_000_000_000 + self.below(400_000_000_000_000_000)
    }

    fn guild_id(&mut self) -> u64 {
        810_000_000_000_000_000 + self.below(GUILDS) * 7_919
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        self.text.write_fmt(text).expect("a string takes everything");
    }

    fn words(&mut self, count: u64) {
        for at in 0..count {
            if at > 0 {
                self.text.push(' ');
            }
            let word = WORDS[self.below(WORDS.len() as u64) as usize];
            self.text.push_str(word);
        }
    }

    fn list(&mut self, count: u64, mut write: impl FnMut(&mut Traffic)) {
        self.text.push('[');
        for at in 0..count {
            if at > 0 {
                self.text.push(',');
            }
            write(self);
        }
        self.text.push(']');
    }

    fn ids(&mut self, count: u64) {
        self.list(count, |traffic| {
            let id = traffic.id();
            traffic.put(format_args!("\"{id}\""));
        });
    }

    fn user(&mut self) {
        let (id, hash, number) = (self.id(), self.random(), self.below(100_000));
        self.put(format_args!(
            "{{\"username\":\"miller{number}\",\"public_flags\":{},\"id\":\"{id}\",\"global_name\":\"Müller {number}\",\
             \"display_name_styles\":null,\"discriminator\":\"0\",\"collectibles\":null,\"clan\":null,\
             \"avatar_decoration_data\":null,\"avatar\":\"{hash:016x}{hash:016x}\"}}",
            number % 256
        ));
    }

    fn member(&mut self, with_user: bool) {
        let (roles, day, nick) = (self.below(5), self.below(28) + 1, self.below(3));
        self.text.push('{');
        if with_user {
            self.text.push_str("\"user\":");
            self.user();
            self.text.push(',');
        }
        self.text.push_str("\"roles\":");
        self.ids(roles);
        self.put(format_args!(
            ",\"premium_since\":null,\"pending\":false,\"nick\":{},\"mute\":false,\
             \"joined_at\":\"2026-03-{day:02}T11:22:33.456000+00:00\",\"flags\":0,\"deaf\":false,\
             \"communication_disabled_until\":null,\"banner\":null,\"avatar\":null}}",
            if nick == 0 { "\"Mühle\"" } else { "null" }
        ));
    }

    fn message(&mut self) {
        let (id, channel, guild, nonce) = (self.id(), self.id(), self.guild_id(), self.id());
        let (count, second, embeds) = (self.below(40) + 3, self.below(60), self.below(4));
        self.put(format_args!(
            "{{\"type\":0,\"tts\":false,\"timestamp\":\"2026-11-20T18:30:{second:02}.123000+00:00\",\"pinned\":false,\
             \"nonce\":\"{nonce}\",\"mentions\":[],\"mention_roles\":[],\"mention_everyone\":false,\"member\":"
        ));
        self.member(false);
        self.put(format_args!(",\"id\":\"{id}\",\"flags\":0,\"embeds\":"));
        self.list(u64::from(embeds == 0), |traffic| {
            traffic.text.push_str("{\"type\":\"rich\",\"title\":\"");
            traffic.words(6);
            traffic.text.push_str("\",\"description\":\"");
            traffic.words(40);
            traffic.text.push_str("\",\"color\":5814783,\"fields\":");
            traffic.list(3, |traffic| {
                traffic.text.push_str("{\"name\":\"");
                traffic.words(2);
                traffic.text.push_str("\",\"value\":\"");
                traffic.words(8);
                traffic.text.push_str("\",\"inline\":true}");
            });
            traffic.text.push('}');
        });
        self.text.push_str(",\"edited_timestamp\":null,\"content\":\"");
        self.words(count);
        self.put(format_args!("\",\"components\":[],\"channel_type\":0,\"channel_id\":\"{channel}\",\"author\":"));
        self.user();
        self.put(format_args!(",\"attachments\":[],\"guild_id\":\"{guild}\"}}"));
    }

    fn presence(&mut self) {
        let (user, guild, start) = (self.id(), self.guild_id(), self.below(1_000_000));
        self.put(format_args!(
            "{{\"user\":{{\"id\":\"{user}\"}},\"status\":\"online\",\"guild_id\":\"{guild}\",\
             \"client_status\":{{\"desktop\":\"online\"}},\"broadcast\":null,\"activities\":\
             [{{\"type\":0,\"timestamps\":{{\"start\":17636{start:08}}},\"state\":\"In the mill\",\"name\":\"Old Mill\",\
             \"id\":\"ec0b28a579ecb4bd\",\"details\":\"level {}\",\"created_at\":17636{start:08}}}]}}",
            start % 60
        ));
    }

    fn typing(&mut self) {
        let (user, at, channel, guild) = (self.id(), self.below(100_000), self.id(), self.guild_id());
        self.put(format_args!("{{\"user_id\":\"{user}\",\"timestamp\":17636{at:05},\"member\":"));
        self.member(false);
        self.put(format_args!(",\"channel_id\":\"{channel}\",\"guild_id\":\"{guild}\"}}"));
    }

    fn voice_state(&mut self) {
        let (user, channel, guild, session) = (self.id(), self.id(), self.guild_id(), self.random());
        self.text.push_str("{\"member\":");
        self.member(true);
        self.put(format_args!(
            ",\"user_id\":\"{user}\",\"suppress\":false,\"session_id\":\"{session:016x}\",\"self_video\":false,\
             \"self_mute\":true,\"self_deaf\":false,\"request_to_speak_timestamp\":null,\"mute\":false,\
             \"guild_id\":\"{guild}\",\"deaf\":false,\"channel_id\":\"{channel}\"}}"
        ));
    }

    fn member_update(&mut self) {
        let (guild, roles) = (self.guild_id(), self.below(9) + 4);
        self.text.push_str("{\"user\":");
        self.user();
        self.text.push_str(",\"roles\":");
        self.ids(roles);
        self.put(format_args!(
            ",\"premium_since\":null,\"pending\":false,\"nick\":null,\"joined_at\":\"2026-02-03T04:05:06.789000+00:00\",\
             \"guild_id\":\"{guild}\",\"flags\":0,\"communication_disabled_until\":null,\"banner\":null,\"avatar\":null}}"
        ));
    }

    fn guild(&mut self) {
        let (guild, owner) = (self.guild_id(), self.id());
        self.put(format_args!(
            "{{\"id\":\"{guild}\",\"name\":\"Millers\",\"owner_id\":\"{owner}\",\"member_count\":5000,\"large\":true,\
             \"unavailable\":false,\"joined_at\":\"2026-01-02T03:04:05.678000+00:00\",\"channels\":"
        ));
        self.list(80, Traffic::channel);
        self.text.push_str(",\"roles\":");
        self.list(41, Traffic::role);
        self.text.push_str(",\"members\":");
        self.list(34, |traffic| traffic.member(true));
        self.text.push_str(
            ",\"features\":[\"COMMUNITY\",\"NEWS\"],\"emojis\":[],\"stickers\":[],\"threads\":[],\"voice_states\":[]}",
        );
    }

    fn channel(&mut self) {
        let (id, parent, last, position) = (self.id(), self.id(), self.id(), self.below(80));
        self.put(format_args!("{{\"version\":1763{position:06},\"type\":0,\"topic\":\""));
        self.words(9);
        self.put(format_args!("\",\"rate_limit_per_user\":0,\"position\":{position},\"permission_overwrites\":"));
        self.list(2, |traffic| {
            let (id, allow) = (traffic.id(), traffic.below(1 << 40));
            traffic.put(format_args!("{{\"type\":0,\"id\":\"{id}\",\"deny\":\"1024\",\"allow\":\"{allow}\"}}"));
        });
        self.put(format_args!(
            ",\"parent_id\":\"{parent}\",\"nsfw\":false,\"name\":\"mill-{position}\",\"last_message_id\":\"{last}\",\
             \"id\":\"{id}\",\"icon_emoji\":null,\"flags\":0}}"
        ));
    }

    fn role(&mut self) {
        let (id, permissions, colour) = (self.id(), self.below(1 << 45), self.below(1 << 24));
        self.put(format_args!(
            "{{\"version\":1763000000,\"unicode_emoji\":null,\"tags\":{{}},\"position\":{},\
             \"permissions\":\"{permissions}\",\"name\":\"Müller {colour}\",\"mentionable\":false,\"managed\":false,\
             \"id\":\"{id}\",\"icon\":null,\"hoist\":false,\"flags\":0,\"color\":{colour},\
             \"colors\":{{\"primary_color\":{colour},\"secondary_color\":null,\"tertiary_color\":null}}}}",
            colour % 41
        ));
    }
}
