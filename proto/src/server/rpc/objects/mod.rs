//! The world's things as RPC writes them.
//!
//! A file for each noun. What a peer is shown has exactly the members that the catalog's shape of it names; a test compares
//! the two.

pub(in crate::server) mod activity;
mod application;
mod channel;
mod content;
mod entitlement;
mod guild;
mod message;
mod people;
mod user;
mod voice;

pub(super) use application::{application, host_application, token};
pub(super) use channel::{channel, partial_channel};
pub(super) use entitlement::entitlement;
pub(super) use guild::{guild, partial_guild};
pub(super) use message::{message, notification};
pub(super) use people::{invitation, relationship};
pub use user::user;
pub(super) use user::{current_user, rights, user_or_null};
pub(super) use voice::{connection, user_voice, voice_settings, voice_state};

use crate::wire::json::{array, push_str};
use crate::world::World;

/// What the writers look things up in.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) world: &'a World,
    /// Host of pictures, as READY tells it.
    pub(super) cdn_host: &'a str,
}

pub(super) fn texts(out: &mut Vec<u8>, texts: &[Box<str>]) {
    array(out, texts, |out, text| push_str(out, text));
}
