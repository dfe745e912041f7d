//! The RPC door over a world, on a virtual clock: what a peer and the host see. Each test is a rule of the door.

mod account;
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
mod losses;
mod once;
mod posts;
mod random_days;
mod reading;
mod relayed;
mod settings;
mod shapes;
mod tokens;
mod town;
mod upstream;
mod waiting;
