//! keywright: payment webhooks in, activation keys out.
//!
//! - [`config`]: what the service is told, checked once
//! - [`rules`]: what a license is, purely from what was told
//! - [`post`]: mail that is owed goes out
//! - [`mailer`]: mail into files or to a mail server
//! - [`clock`]: the only reader of the time
//! - [`store`]: SQLite or PostgreSQL: what is kept, and how

pub mod apply;
pub mod books;
pub mod clock;
pub mod config;
pub mod intake;
pub mod keyring;
pub mod mailer;
pub mod post;
pub mod rules;
pub mod store;
