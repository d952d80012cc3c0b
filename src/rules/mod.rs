//! The rules: no I/O, no clock, no async, no database.
//!
//! - [`span`]: ISO 8601 intervals and calendar arithmetic
//! - [`product`]: what a product is, and what stands on an order line
//! - [`license`]: states, and what a license is at one instant
//! - [`customer`]: details that merge in any order
//! - [`letter`]: what a customer is written
//! - [`letters`]: the templates of it, built in or the vendor's
//! - [`plain`]: others' words as one short harmless line
//! - [`retry`]: when a mail is tried again

pub mod customer;
pub mod letter;
pub mod letters;
pub mod license;
pub mod plain;
pub mod product;
pub mod retry;
pub mod span;
