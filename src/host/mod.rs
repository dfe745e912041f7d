//! Hosting: doors over a world, for many peers; what `gb_serve` starts.
//!
//! A server is a connection like any other to its program: events out, commands in, requests to answer. Here the door
//! (`proto::server`) decides and this room carries out: [`listen`] lets peers in, a task per peer moves its bytes
//! ([`peer`]), and all of them share one [`House`] on the I/O thread.

mod account_file;
mod backend;
mod beginning;
mod effects;
mod files;
#[cfg(feature = "gateway")]
mod gateway_peer;
mod half_open;
mod house;
mod http;
mod listen;
mod mailbox;
mod peer;
#[cfg(feature = "gateway")]
mod sandbox;
#[cfg(not(feature = "gateway"))]
#[path = "no_sandbox.rs"]
mod sandbox;
mod service;
mod upstreams;

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures_util::FutureExt;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::event::{Event, EventType};

pub use self::service::Service;

/// The services, each with its parameters.
pub const SERVICES: &[gamebridge_proto::wire::catalog::Row] = &[service::PARAMS, service::SANDBOX_PARAMS];

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use self::house::House;
use self::listen::Doorway;
use crate::runtime::clock;
use crate::session;
use crate::session::port::{Message, Passed, Port};

/// Events of connections to a Discord that are handled before others have their turn.
const BURST: usize = 256;

/// Runs a server to its end.
pub async fn run(service: Service, mut port: Port) {
    // Every peer's task, so that none outlives the server, however it ends.
    let mut peers = JoinSet::new();
    let panic = AssertUnwindSafe(serve(service, &mut port, &mut peers)).catch_unwind().await.err();
    peers.shutdown().await;
    session::finish(panic, port).await;
}

async fn serve(service: Service, port: &mut Port, peers: &mut JoinSet<()>) {
    let (doorway, house, upstream) = match open(&service, port).await {
        Ok(opened) => opened,
        Err(error) => {
            // Commands may have come already: they are answered first.
            port.close(&error).await;
            return;
        }
    };
    let code = run_house(&house, doorway, upstream, port, peers).await;
    house.close_all(1001, "the server is closing").await;
    // Who did not listen, or had not said what it wants.
    peers.shutdown().await;
    house.end(&mut port.outlet).await;
    house.deliver(&mut port.outlet);
    let mut last = Event::new(EventType::Disconnected, "DISCONNECTED");
    last.message = code;
    port.say_farewell(&session::port::Farewell::of(&last)).await;
}

/// What the connections to a Discord say.
type Upstream = mpsc::UnboundedReceiver<Passed>;

/// Listens.
async fn open(service: &Service, port: &mut Port) -> Result<(Doorway, Rc<House>, Upstream), Error> {
    let doorway = Doorway::open(service).await?;
    let (house, upstream) = House::new(service, doorway.own(), doorway.gateway(), &mut port.outlet)?;
    Ok((doorway, Rc::new(house), upstream))
}

/// Says CONNECTED, with the addresses.
fn announce(doorway: &Doorway, house: &House, port: &mut Port) {
    let mut payload = Vec::new();
    doorway.describe(&mut payload, house);
    let message = doorway.sentence();
    let mut connected = Event::new(EventType::Connected, "CONNECTED");
    (connected.payload, connected.message) = (&payload, &message);
    port.outlet.event(&connected);
    port.outlet.publish();
}

enum Woken {
    Message(Option<Message>),
    Arrived(listen::Arrival),
    Upstream(Option<Passed>),
    Events,
    Time,
}

/// Until the program ends the server; returns why.
async fn run_house(
    house: &Rc<House>,
    mut doorway: Doorway,
    mut upstream: Upstream,
    port: &mut Port,
    peers: &mut JoinSet<()>,
) -> &'static str {
    let mut announced = false;
    // What the program said before CONNECTED: it is carried out when that was told.
    let mut early = VecDeque::new();
    loop {
        // Who comes before it is known which account it is waits to be accepted.
        if !announced && house.is_settled() {
            announce(&doorway, house, port);
            announced = true;
        }
        while announced && let Some(message) = early.pop_front() {
            obey(house, message, port);
        }
        house.deliver(&mut port.outlet);
        // A burst of the host's is no reason to lose a peer that reads: it is let to read first.
        let held = house.held_until();
        let deadline = held.or_else(|| house.next_timeout());
        let sleep = async {
            match deadline {
                Some(deadline) => tokio::time::sleep(deadline.since(clock::now())).await,
                None => std::future::pending().await,
            }
        };
        let woken = tokio::select! {
            message = port.inbox_next(), if held.is_none() => Woken::Message(message),
            arrival = doorway.arrival(), if announced => Woken::Arrived(arrival),
            passed = upstream.recv() => Woken::Upstream(passed),
            () = house.stirred() => Woken::Events,
            () = sleep => Woken::Time,
        };
        match woken {
            Woken::Message(None) => return "the client is gone",
            Woken::Message(Some(Message::Disconnect)) => {
                // Each command has its reply, also when it never came to CONNECTED.
                early.into_iter().for_each(|message| obey(house, message, port));
                return "closed by the program";
            }
            Woken::Message(Some(message)) if announced => obey(house, message, port),
            Woken::Message(Some(message)) => early.push_back(message),
            Woken::Arrived(arrival) => {
                doorway.admit(arrival, house, peers);
                // Its task has a turn before the next one comes: who is quick with its first words is not pushed out by a
                // crowd that was waiting behind it.
                tokio::task::yield_now().await;
            }
            Woken::Upstream(passed) => {
                let more = std::iter::from_fn(|| upstream.try_recv().ok()).take(BURST);
                passed.into_iter().chain(more).for_each(|passed| house.upstream(&passed));
            }
            Woken::Events => {}
            Woken::Time if held.is_some() => {}
            Woken::Time => {
                house.timeout(&mut port.outlet);
                // Where a scenario has many steps at one time, peers have their turn in between.
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Does what the program said.
fn obey(house: &House, message: Message, port: &mut Port) {
    match message {
        Message::Command(command) => house.command(command, &mut port.outlet),
        // A server's commands are carried out at once: there is nothing to cancel. Its end is the loop's matter.
        Message::Cancel(_) | Message::Disconnect => {}
        Message::Answer { request, status, json } => {
            if let Err(error) = house.answer(request, status, &json) {
                let level = gamebridge_proto::event::LogLevel::Warn;
                port.outlet.log(level, "host", &format!("gb_answer: {}", error.message));
            }
        }
    }
}

/// A program that asks for what is not there.
fn unknown_service(name: &str) -> Error {
    let sentence = match name {
        "sandbox" => "service: \"sandbox\" is not part of the lean build".to_owned(),
        _ => format!("service: \"{name}\" is not known; \"rpc\" or \"sandbox\" expected"),
    };
    Error::new(Status::Unsupported, sentence)
}
