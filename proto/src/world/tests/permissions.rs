//! permissions.

use super::*;
