//! entitlements.

use super::*;
