//! voice.

use super::*;
