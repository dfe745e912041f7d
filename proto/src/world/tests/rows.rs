//! rows.

use super::*;
