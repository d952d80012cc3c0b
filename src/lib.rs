//! keywright: payment webhooks in, activation keys out.
//!
//! - [`clock`]: the only reader of the time
//! - [`store`]: SQLite or PostgreSQL: what is kept, and how

pub mod clock;
pub mod store;
