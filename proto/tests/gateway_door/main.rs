//! The Gateway door over a world, on a virtual clock: what a client gets, and what its mistakes earn. Each test is a rule of the
//! door.

mod dialects;
mod events;
mod faults;
mod goldens;
mod house;
mod identifying;
mod incoming;
mod members;
mod resuming;
mod time;
mod users;
