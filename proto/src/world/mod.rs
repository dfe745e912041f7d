//! (filled in the next steps)
