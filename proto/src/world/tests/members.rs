//! members.

use super::*;
