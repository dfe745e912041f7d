//! channels.

use super::*;
