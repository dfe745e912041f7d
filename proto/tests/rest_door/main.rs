//! The REST door over a world, on a virtual clock: what a program gets that calls the API. Each test is a rule of the door.

mod bots;
mod errors;
mod guilds;
mod house;
mod messages;
mod permissions;
mod versions;
