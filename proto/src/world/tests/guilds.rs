//! guilds.

use super::*;
