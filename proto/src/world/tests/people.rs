//! people.

use super::*;
