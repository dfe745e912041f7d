//! devices.

use super::*;
