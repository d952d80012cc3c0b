//! keywright: payment webhooks in, activation keys out.
//!
//! The way through the house, each line naming only those below it:
//!
//! - [`cli`]: the command line
//! - [`serve`]: the running service, put together
//! - [`web`]: HTTP: addresses, limits, status codes
//! - [`hooks`]: the vendor's own systems are told
//! - [`upkeep`]: what is done now and then: the alert digest, old contents cleared
//! - [`support`]: what support does, for the API and the command line alike
//! - [`machines`]: what the vendor's application asks for: activate, validate, trials
//! - [`trigger`], [`sender`]: realistic events, made and posted; [`standin`]: a provider's API for
//!   them
//! - [`intake`]: authentic means stored, stored means 200
//! - [`pull`]: what was never told, from the provider's own list
//! - [`apply`]: events into licenses, history and mail that is owed
//! - [`due`]: what follows from the calendar: reminders, ends
//! - [`post`]: mail that is owed goes out; [`mailer`]: how
//! - [`fetch`]: providers' APIs asked, hooks told: the one way out beside mail
//! - [`books`]: configuration and keys of this moment
//! - [`config`]: what the service is told, checked once
//! - [`keyring`]: the signing keys, and the seed of license keys
//! - [`store`]: SQLite or PostgreSQL: what is kept, and how
//! - [`rules`]: what a license is, purely from what was told
//! - [`clock`], [`chance`]: the only readers of time and randomness
//! - [`telemetry`]: logs, figures, and traces on their way out; [`spans`]: what these show

pub mod apply;
pub mod books;
pub mod chance;
pub mod cli;
pub mod clock;
pub mod config;
pub mod due;
pub mod fetch;
pub mod hooks;
pub mod intake;
pub mod keyring;
pub mod machines;
pub mod mailer;
pub mod post;
pub mod pull;
pub mod rules;
pub mod sender;
pub mod serve;
pub mod spans;
pub mod standin;
pub mod store;
pub mod support;
pub mod telemetry;
pub mod trigger;
pub mod upkeep;
pub mod web;
