//! The dmod gateway on a virtual clock: its client alone, its door alone, and the two together. `docs/dmod.md` says what the
//! document leaves open; each test is a rule of one of the two.

mod client;
mod commands;
mod door;
mod goldens;
mod host;
mod losses;
mod pair;
mod recording;
mod town;
