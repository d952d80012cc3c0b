//! keywright: payment webhooks in, activation keys out.
//!
//! - [`clock`]: the only reader of the time

pub mod clock;
