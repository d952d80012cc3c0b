//! HTTP: what comes in over it, and what goes out.
//!
//! - [`problem`]: errors, and the one place that knows status codes
//! - [`read`]: bodies and queries into types, with what would be right
//! - [`client`]: whom a request comes from
//! - [`support`]: the API for support, under `/api/v1`

pub mod client;
pub mod problem;
pub mod read;
pub mod support;
