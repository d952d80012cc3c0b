//! keywright: payment webhooks in, activation keys out.
//!
//! - [`cli`]: the command line
//! - [`config`]: what the service is told, checked once
//! - [`keyring`]: the signing keys, and the seed of license keys
//! - [`rules`]: what a license is, purely from what was told
//! - [`post`]: mail that is owed goes out
//! - [`mailer`]: mail into files or to a mail server
//! - [`support`]: what support does, for the API and the command line alike
//! - [`web`]: HTTP
//! - [`clock`]: the only reader of the time; [`chance`]: the only source of randomness
//! - [`store`]: SQLite or PostgreSQL: what is kept, and how

pub mod apply;
pub mod books;
pub mod chance;
pub mod cli;
pub mod clock;
pub mod config;
pub mod intake;
pub mod keyring;
pub mod mailer;
pub mod post;
pub mod rules;
pub mod store;
pub mod support;
pub mod web;
