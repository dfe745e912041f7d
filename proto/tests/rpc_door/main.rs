//! The RPC door over a world, on a virtual clock: what a peer and the host see. Each test is a rule of the door.

mod authorization;
mod commands;
mod every_command;
mod every_event;
mod host;
mod hostile;
mod house;
mod http;
mod letting_in;
mod shapes;
mod town;
