//! settings.

use super::*;
