//! The rules: no I/O, no clock, no async, no database.
//!
//! - [`span`]: ISO 8601 intervals and calendar arithmetic
//! - [`product`]: what a product is, and what stands on an order line
//! - [`license`]: states, and what a license is at one instant
//! - [`customer`]: details that merge in any order

pub mod customer;
pub mod license;
pub mod product;
pub mod span;
