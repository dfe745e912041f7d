//! mentions.

use super::*;
