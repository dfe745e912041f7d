//! What is promised of each decoder.

mod envelope;
mod etf;
mod framing;
mod pointer;
mod tape;

pub use envelope::envelope;
pub use etf::etf;
pub use framing::framing;
pub use pointer::pointer;
pub use tape::tape;
