//! The C surface: thin functions over [`client`](crate::client), and the only room with raw pointers.
//!
//! Every body runs inside [`boundary`]: a panic becomes `GB_ERR_PANIC`, a failure leaves its sentence for `gb_last_error`,
//! outputs are written only on success, and NULL is answered, never followed. The doc comments here are the header: the
//! build turns them into `include/gamebridge.h`, so they speak to a C programmer.
#![allow(non_camel_case_types)]

mod activity;
mod alive;
mod args;
mod boundary;
mod calls;
mod decoded;
mod event;
mod launch;
mod types;
mod value;

pub use self::activity::*;
pub use self::args::*;
pub use self::boundary::gb_last_error;
#[cfg(feature = "panic-probe")]
pub use self::boundary::gb_panic_probe;
pub use self::calls::*;
pub use self::event::*;
pub use self::launch::*;
pub use self::types::*;
pub use self::value::*;
