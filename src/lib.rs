//! keywright: payment webhooks in, activation keys out.
//!
//! - [`config`]: what the service is told, checked once
//! - [`rules`]: what a license is, purely from what was told
//! - [`clock`]: the only reader of the time

pub mod clock;
pub mod config;
pub mod rules;
