//! Where peers come in: the local socket, and the TCP port with its WebSocket upgrades and token routes.

use std::rc::Rc;
use std::time::Duration;

use gamebridge_proto::error::Error;
use gamebridge_proto::server::rpc::Via;
use gamebridge_proto::wire::json::Object;

use tokio::task::JoinSet;

use super::half_open::{HalfOpen, Place};
use super::house::House;
use super::service::Service;
use super::{peer, sandbox};
use crate::transport::http::{self, ROUTES};
use crate::transport::{Limits, Transport, ipc};

/// Connections of all kinds at a time, those that are being closed included; further ones are dropped.
const MAX_CONNECTIONS: usize = 256;
/// The wait after an accept that failed: out of descriptors, most likely.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// The listening sockets of one server.
#[derive(Debug)]
pub(super) struct Doorway {
    ipc: Option<ipc::Listener>,
    tcp: Option<http::Listener>,
    /// A sandbox's Gateway and API.
    gateway: Option<http::Listener>,
    /// A sandbox's dmod gateway.
    dmod: Option<http::Listener>,
}

/// Somebody at the door.
pub(super) enum Arrival {
    Ipc(Transport),
    Tcp(http::Connection),
    Gateway(http::Connection),
    Dmod(http::Connection),
}

impl Doorway {
    pub(super) async fn open(service: &Service) -> Result<Doorway, Error> {
        let tcp = match service.websocket {
            Some(port) => Some(http::Listener::bind(port, Limits::PEER).await?),
            None => None,
        };
        if let (Some(backend), Some(tcp)) = (service.api, &tcp)
            && backend.address() == tcp.address()
        {
            return Err(Error::argument("rpc: api: another server's port expected, this server's own given"));
        }
        let (gateway, dmod) = match &service.sandbox {
            Some(doors) => (
                Some(http::Listener::bind(Some(doors.gateway), Limits::PEER).await?),
                Some(http::Listener::bind(Some(doors.dmod), Limits::PEER).await?),
            ),
            None => (None, None),
        };
        let ipc = match &service.ipc {
            Some(place) => Some(ipc::Listener::bind(place, &ipc::process_environment, Limits::PEER).await?),
            None => None,
        };
        Ok(Doorway { ipc, tcp, gateway, dmod })
    }

    /// CONNECTED's data: the addresses, the launch token, the guest, and whose Discord peers meet.
    pub(super) fn describe(&self, json: &mut Vec<u8>, house: &House) {
        let mut object = Object::begin(json);
        if let Some(tcp) = &self.tcp {
            object = object.int("port", tcp.address().port().into()).str("address", &tcp.address().to_string());
        }
        if let Some(ipc) = &self.ipc {
            object = object.str("ipc", &ipc.path().display().to_string());
        }
        if let Some((gateway, url)) = self.gateway.as_ref().zip(self.gateway()) {
            object = object.str("gateway", &url).str("api", &format!("http://{}/api", gateway.address()));
        }
        if let Some(dmod) = &self.dmod {
            object = object.str("dmod", &format!("ws://{}", dmod.address()));
        }
        object
            .str("launch_token", &house.launch_token)
            .with("user", |json| house.local_user(json))
            .with("account", |json| house.account(json))
            .end();
    }

    /// Its addresses, as whoever looks for a Discord would find them.
    pub(super) fn own(&self) -> Vec<String> {
        let mut own = Vec::new();
        if let Some(tcp) = &self.tcp {
            own.push(format!("127.0.0.1:{}", tcp.address().port()));
        }
        if let Some(ipc) = &self.ipc {
            own.push(ipc.path().display().to_string());
            // Folders are looked into by their real names.
            let folder = ipc.path().parent().and_then(|folder| folder.canonicalize().ok());
            own.extend(
                folder.zip(ipc.path().file_name()).map(|(folder, name)| folder.join(name).display().to_string()),
            );
        }
        own
    }

    /// Where a sandbox's Gateway is.
    pub(super) fn gateway(&self) -> Option<String> {
        self.gateway.as_ref().map(|gateway| format!("ws://{}", gateway.address()))
    }

    /// The same for people.
    pub(super) fn sentence(&self) -> String {
        let tcp = self.tcp.as_ref().map(|tcp| format!("websocket {}", tcp.address()));
        let ipc = self.ipc.as_ref().map(|ipc| format!("ipc {}", ipc.path().display()));
        let gateway = self.gateway.as_ref().map(|gateway| format!("gateway and api {}", gateway.address()));
        let dmod = self.dmod.as_ref().map(|dmod| format!("dmod {}", dmod.address()));
        [tcp, ipc, gateway, dmod].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The next one who comes. Cancel-safe.
    pub(super) async fn arrival(&mut self) -> Arrival {
        loop {
            let Doorway { ipc, tcp, gateway, dmod } = self;
            let arrived = tokio::select! {
                arrived = async {
                    match ipc {
                        Some(ipc) => ipc.accept().await.map(Arrival::Ipc),
                        None => std::future::pending().await,
                    }
                } => arrived,
                arrived = async {
                    match tcp {
                        Some(tcp) => tcp.accept().await.map(Arrival::Tcp),
                        None => std::future::pending().await,
                    }
                } => arrived,
                arrived = async {
                    match gateway {
                        Some(gateway) => gateway.accept().await.map(Arrival::Gateway),
                        None => std::future::pending().await,
                    }
                } => arrived,
                arrived = async {
                    match dmod {
                        Some(dmod) => dmod.accept().await.map(Arrival::Dmod),
                        None => std::future::pending().await,
                    }
                } => arrived,
            };
            match arrived {
                Ok(arrival) => return arrival,
                Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
            }
        }
    }

    /// Gives an arrival a task of its own.
    pub(super) fn admit(&self, arrival: Arrival, house: &Rc<House>, peers: &mut JoinSet<()>) {
        // Those that have ended meanwhile.
        while peers.try_join_next().is_some() {}
        if peers.len() >= MAX_CONNECTIONS {
            return;
        }
        let house = house.clone();
        match arrival {
            Arrival::Ipc(transport) => {
                peers.spawn_local(async move { peer::serve(house, Via::Ipc, transport, None).await });
            }
            Arrival::Tcp(connection) => HalfOpen::enter(&house.clone(), |place| {
                peers.spawn_local(async move { receive(connection, house, place).await })
            }),
            Arrival::Gateway(connection) => HalfOpen::enter(&house.clone(), |place| {
                peers.spawn_local(async move { sandbox::receive(connection, house, place).await })
            }),
            Arrival::Dmod(connection) => HalfOpen::enter(&house.clone(), |place| {
                peers.spawn_local(async move { sandbox::receive_dmod(connection, house, place).await })
            }),
        }
    }
}

/// One TCP connection: a request, or an upgrade to a peer.
async fn receive(connection: http::Connection, house: Rc<House>, place: Place) {
    let accepted = connection.serve(ROUTES, async |request| {
        place.hold(true);
        let response = super::http::answer(&house, request).await;
        place.hold(false);
        response
    });
    if let Some(http::Accepted { transport, query, origin }) = accepted.await {
        let via = Via::WebSocket { query: &query, origin: origin.as_deref() };
        peer::serve(house.clone(), via, transport, Some(place)).await;
    }
}
