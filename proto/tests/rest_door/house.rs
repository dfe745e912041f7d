//! A world, and who calls its API.

use gamebridge_proto::random::Random;
use gamebridge_proto::server::rest::{self, Caller, Request, Site};
use gamebridge_proto::time::Instant;
use gamebridge_proto::world::{
    self, Application, ApplicationId, Change, Changes, Entropy, NewUser, Operation, UserId, World,
};
use serde_json::{Value, json};

pub const GAME: u64 = 192_741_864_418_312_192;

struct Seeded(Random);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.next_u64() as u8);
    }
}

pub struct House {
    pub world: World,
    pub now: Instant,
    pub caller: Caller,
    pub changes: Vec<Changes>,
}

impl Default for House {
    fn default() -> Self {
        let world = World::new(world::Config::default(), Seeded(Random::new(1))).unwrap();
        let user = world.local_user().id;
        let caller = Caller { user, application: Some(GAME.into()), scopes: ["rpc.api".into()].into(), full: false };
        House { world, now: Instant::ZERO, caller, changes: Vec::new() }
    }
}

impl House {
    /// Asks; the status and what came back.
    pub fn ask(&mut self, method: &str, target: &str, body: Value) -> (u16, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let content_type = Some("application/json");
        let request = Request { method, path, query, content_type, body: body.as_bytes() };
        let response =
            rest::handle(self.now, request, &self.caller, &Site::default(), &mut self.world, &mut self.changes);
        assert_eq!(response.body.is_empty(), response.status == 204, "{method} {target}: {response:?}");
        let body = match &response.body[..] {
            [] => Value::Null,
            body => serde_json::from_slice(body).unwrap_or_else(|error| panic!("{method} {target}: {error}")),
        };
        (response.status, body)
    }

    /// Asks, and must get this status.
    pub fn gets(&mut self, status: u16, method: &str, path: &str, body: Value) -> Value {
        let (given, reply) = self.ask(method, &format!("/api/v10{path}"), body);
        assert_eq!(given, status, "{method} {path}: {reply}");
        reply
    }

    pub fn get(&mut self, path: &str) -> Value {
        self.gets(200, "GET", path, Value::Null)
    }

    /// Asks and must be refused; the status and the code.
    pub fn refused(&mut self, method: &str, path: &str, body: Value) -> (u16, i64) {
        let (status, reply) = self.ask(method, &format!("/api/v10{path}"), body);
        assert!(status >= 400, "{method} {path}: {reply}");
        assert!(reply["message"].is_string(), "{reply}");
        (status, reply["code"].as_i64().expect("a code"))
    }

    pub fn apply(&mut self, operation: Operation) -> Vec<Change> {
        self.world.apply(self.now, operation).expect("the world agrees").into_iter().collect()
    }

    /// Another user.
    pub fn user(&mut self, name: &str) -> UserId {
        match self.apply(Operation::CreateUser(NewUser::named(name)))[..] {
            [Change::UserCreated(id)] => id,
            ref other => panic!("{other:?}"),
        }
    }

    /// A guild that the local user owns, made through the API; its id.
    pub fn guild(&mut self) -> String {
        text(&self.gets(201, "POST", "/guilds", json!({"name": "Millers"}))["id"])
    }

    /// A guild and its first text channel.
    pub fn text_channel(&mut self) -> (String, String) {
        let guild = self.guild();
        let channels = self.get(&format!("/guilds/{guild}/channels"));
        let text_channel = channels.as_array().unwrap().iter().find(|channel| channel["type"] == 0);
        (guild, text(&text_channel.expect("a text channel")["id"]))
    }

    pub fn joins(&mut self, guild: &str, user: UserId) {
        self.apply(Operation::JoinGuild { guild: guild.parse::<u64>().unwrap().into(), user });
    }

    /// Asks as somebody else from now on.
    pub fn acts_as(&mut self, user: UserId) {
        self.caller.user = user;
    }

    /// Asks as the local user again.
    pub fn acts_as_owner(&mut self) {
        self.caller.user = self.world.local_user().id;
    }

    pub fn scopes(&mut self, scopes: &[&str]) {
        self.caller.scopes = scopes.iter().map(|scope| Box::from(*scope)).collect();
    }

    /// An application that is not approved, with the local user among its testers, and calls as it.
    pub fn calls_as_unapproved(&mut self, id: u64) {
        let testers = vec![self.world.local_user().id];
        let application = Application { approved: false, testers, ..Application::unregistered(id.into()) };
        self.apply(Operation::RegisterApplication(application));
        self.caller.application = Some(ApplicationId::from(id));
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}
