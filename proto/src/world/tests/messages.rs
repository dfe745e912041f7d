//! messages.

use super::*;
