//! bounds.

use super::*;
