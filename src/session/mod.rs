//! A session: one client machine driven over a transport, for as long as its connection lives.
//!
//! The machine decides (when to connect, what to send, when to give up); the driver moves bytes, keeps the time and
//! carries out. A protocol here is what to connect to ([`Upstream`]) and the thin join between its machine and the driver.

#[cfg(feature = "gateway")]
mod backlog;
#[cfg(feature = "gateway")]
mod budget_file;
#[cfg(feature = "gateway")]
mod discovery;
#[cfg(feature = "gateway")]
mod dmod;
mod driver;
mod encoding;
#[cfg(feature = "gateway")]
mod gateway;
pub mod params;
pub mod port;
mod rpc;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::protocol::rpc::Accept;
use gamebridge_proto::wire::catalog::Row;
use tokio::sync::Notify;

use self::port::Port;
use crate::transport::search::Target;

#[cfg(feature = "gateway")]
const KNOWN: &str = "\"rpc\", \"gateway\" or \"dmod\"";
#[cfg(not(feature = "gateway"))]
const KNOWN: &str = "\"rpc\" (a build with the feature gateway has that and dmod too)";

/// The protocols, each with its parameters.
pub const PROTOCOLS: &[Row] = &[
    rpc::PARAMS,
    #[cfg(feature = "gateway")]
    gateway::PARAMS,
    #[cfg(feature = "gateway")]
    dmod::PARAMS,
];

/// What a connection is to: its protocol, with its parameters.
#[derive(Debug)]
pub enum Upstream {
    /// A Discord on this machine.
    Rpc(Box<rpc::Upstream>),
    /// A Gateway.
    #[cfg(feature = "gateway")]
    Gateway(Box<gateway::Upstream>),
    /// A dmod gateway.
    #[cfg(feature = "gateway")]
    Dmod(Box<dmod::Upstream>),
}

impl Upstream {
    /// Reads the parameters of a protocol.
    pub fn parse(protocol: &str, params: &[u8]) -> Result<Upstream, Error> {
        match protocol {
            "rpc" => rpc::Upstream::parse(params).map(|upstream| Upstream::Rpc(Box::new(upstream))),
            #[cfg(feature = "gateway")]
            "gateway" => gateway::Upstream::parse(params).map(|upstream| Upstream::Gateway(Box::new(upstream))),
            #[cfg(feature = "gateway")]
            "dmod" => dmod::Upstream::parse(params).map(|upstream| Upstream::Dmod(Box::new(upstream))),
            other => Err(Error::new(
                Status::Unsupported,
                format!("protocol: \"{other}\" is not in this build; {KNOWN} expected"),
            )),
        }
    }

    /// A Discord for a server that passes its peers' commands on; see [`crate::host`].
    pub fn for_house(
        client_id: String,
        target: Target,
        retry: bool,
        except: Vec<String>,
        accept: Accept,
    ) -> Result<Upstream, Error> {
        rpc::Upstream::for_house(client_id, target, retry, except, accept)
            .map(|upstream| Upstream::Rpc(Box::new(upstream)))
    }

    /// Where the protocol's commands are found, and their names judged.
    pub fn commands(&self) -> fn(&str) -> Result<Option<&'static Row>, Error> {
        match self {
            Upstream::Rpc(_) => gamebridge_proto::wire::rpc::check_name,
            #[cfg(feature = "gateway")]
            Upstream::Gateway(upstream) => upstream.dialect().names(),
            #[cfg(feature = "gateway")]
            Upstream::Dmod(_) => gamebridge_proto::wire::dmod::check_name,
        }
    }
}

/// Runs a connection to its end. `resume` is notified when a reader that was behind has made room.
pub async fn run(mut upstream: Upstream, mut port: Port, resume: Arc<Notify>) {
    let driven = async {
        match &mut upstream {
            Upstream::Rpc(upstream) => driver::drive(&mut **upstream, &mut port, &resume).await,
            #[cfg(feature = "gateway")]
            Upstream::Gateway(upstream) => driver::drive(&mut **upstream, &mut port, &resume).await,
            #[cfg(feature = "gateway")]
            Upstream::Dmod(upstream) => driver::drive(&mut **upstream, &mut port, &resume).await,
        }
    };
    finish(AssertUnwindSafe(driven).catch_unwind().await.err(), port).await;
}

/// Says the last words of a connection whose task has ended, by itself or by a bug.
pub async fn finish(panic: Option<Box<dyn std::any::Any + Send>>, mut port: Port) {
    let error = match panic {
        None => Error::new(Status::Closed, "the connection is over"),
        Some(panic) => {
            let what = panic.downcast_ref::<&str>().map(ToString::to_string);
            let what = what.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Error::new(Status::Panic, format!("a bug inside gamebridge ended this connection: {what}"))
        }
    };
    port.close(&error).await;
}
