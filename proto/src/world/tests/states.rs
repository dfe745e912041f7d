//! states.

use super::*;
