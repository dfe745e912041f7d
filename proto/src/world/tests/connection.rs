//! connection.

use super::*;
