//! The RPC client machine against a scripted peer, on a clock that the tests turn.

mod authentication;
mod catalog;
mod chain;
mod connection;
mod hostile;
mod outages;
mod pair;
mod peer;
mod presence;
mod replies;
mod subscriptions;
