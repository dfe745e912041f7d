//! Room: what is put in, taken out, and let go of so that something else fits.
//!
//! When the bytes are full, a thing makes room for itself by what stands before its kind in [`Kind`]: presences first, then
//! members, voice states, roles, channels. They go a guild's whole shelf at a time, the largest first, and the shelf is marked as
//! incomplete. What cannot make room so is not taken in, and its shelf is marked too. So a connection with too little room knows
//! its guilds and channels, and fewer people.

use super::shelf::{ENTRY_BYTES, GUILD_BYTES, Guild, Kind};
use super::{Cache, NOWHERE, text};
use crate::value::Value;

impl Cache {
    /// Whether there is room for so many more bytes of this kind, once lesser things were let go of.
    pub(super) fn make_room(&mut self, bytes: usize, kind: Kind) -> bool {
        if bytes > self.limit {
            // Nothing that could go would make it fit.
            self.refused += 1;
            return false;
        }
        while self.bytes.saturating_add(bytes) > self.limit {
            let lesser = Kind::ALL.into_iter().find(|lesser| *lesser < kind && self.of_kind[*lesser as usize] > 0);
            let Some(lesser) = lesser else {
                self.refused += 1;
                return false;
            };
            let largest = self.guilds.iter_mut().filter_map(|(_, guild)| guild.shelf_mut(lesser));
            let Some(shelf) = largest.max_by_key(|shelf| shelf.bytes) else { return false };
            self.evicted += shelf.things.len() as u64;
            self.bytes -= shelf.bytes;
            self.of_kind[lesser as usize] -= shelf.bytes;
            (shelf.bytes, shelf.is_incomplete) = (0, true);
            shelf.things.clear();
        }
        true
    }

    /// A guild's own object, with empty shelves.
    pub(super) fn put_guild(&mut self, id: u64, own: Box<[u8]>) -> bool {
        let bytes = own.len() + GUILD_BYTES;
        if !self.make_room(bytes, Kind::Guild) {
            return false;
        }
        self.bytes += bytes;
        self.guilds.insert(id, Guild { own, ..Guild::default() });
        true
    }

    /// Another object in the place of a guild's own. One that does not fit leaves the old one.
    pub(super) fn replace_own(&mut self, id: u64, own: Box<[u8]>) {
        let Some(before) = self.guilds.get(&id).map(|guild| guild.own.len()) else { return };
        if !self.make_room(own.len().saturating_sub(before), Kind::Guild) {
            return;
        }
        if let Some(guild) = self.guilds.get_mut(&id) {
            self.bytes = self.bytes - before + own.len();
            guild.own = own;
        }
    }

    pub(super) fn drop_guild(&mut self, id: u64) {
        let Some(guild) = self.guilds.remove(&id) else { return };
        self.bytes -= guild.own.len() + GUILD_BYTES;
        for (shelf, of_kind) in guild.shelves.iter().zip(&mut self.of_kind) {
            self.bytes -= shelf.bytes;
            *of_kind -= shelf.bytes;
        }
    }

    /// Puts a thing on its guild's shelf: `whole` in the place of what was there, or together with it.
    pub(super) fn put(&mut self, kind: Kind, guild: u64, one: Value<'_>, source: &[u8], whole: bool) {
        let Some(id) = kind.id(one) else { return };
        if !self.guilds.contains_key(&guild) && (guild != NOWHERE || !self.put_guild(NOWHERE, Box::default())) {
            return;
        }
        let shelf = self.guilds.get_mut(&guild).and_then(|guild| guild.shelf_mut(kind));
        let Some(before) = shelf.map(|shelf| shelf.things.remove(&id)) else { return };
        if let Some(before) = &before {
            self.shrink(kind, guild, before.len() + ENTRY_BYTES);
        }
        let of = (guild != NOWHERE).then_some(guild);
        let text = match before.filter(|_| !whole) {
            Some(before) => text::merge(&mut self.before, &before, one, source, kind.left_out()),
            None => text::copy(one, source, kind.left_out(), of),
        };
        let bytes = text.len() + ENTRY_BYTES;
        let fits = self.make_room(bytes, kind);
        let Some(shelf) = self.guilds.get_mut(&guild).and_then(|guild| guild.shelf_mut(kind)) else { return };
        if !fits {
            shelf.is_incomplete = true;
            return;
        }
        shelf.things.insert(id, text);
        shelf.bytes += bytes;
        self.bytes += bytes;
        self.of_kind[kind as usize] += bytes;
    }

    pub(super) fn take_out(&mut self, kind: Kind, guild: u64, id: u64) {
        let shelf = self.guilds.get_mut(&guild).and_then(|guild| guild.shelf_mut(kind));
        if let Some(gone) = shelf.and_then(|shelf| shelf.things.remove(&id)) {
            self.shrink(kind, guild, gone.len() + ENTRY_BYTES);
        }
    }

    fn shrink(&mut self, kind: Kind, guild: u64, bytes: usize) {
        if let Some(shelf) = self.guilds.get_mut(&guild).and_then(|guild| guild.shelf_mut(kind)) {
            shelf.bytes -= bytes;
        }
        self.bytes -= bytes;
        self.of_kind[kind as usize] -= bytes;
    }
}
