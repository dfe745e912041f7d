//! The RPC door over a world, on a virtual clock: what a peer and the host see. Each test is a rule of the door.

mod authorization;
mod commands;
mod delivery;
mod every_command;
mod every_event;
mod host;
mod hostile;
mod house;
mod http;
mod joining;
mod letting_in;
mod once;
mod reading;
mod settings;
mod shapes;
mod town;
mod waiting;
