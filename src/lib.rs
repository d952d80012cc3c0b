//! keywright: payment webhooks in, activation keys out.
//!
//! - [`rules`]: what a license is, purely from what was told
//! - [`clock`]: the only reader of the time

pub mod clock;
pub mod rules;
