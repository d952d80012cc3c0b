//! keywright: payment webhooks in, activation keys out.
//!
//! - [`rules`]: what a license is, purely from what was told
//! - [`mailer`]: mail into files or to a mail server
//! - [`clock`]: the only reader of the time

pub mod clock;
pub mod mailer;
pub mod rules;
