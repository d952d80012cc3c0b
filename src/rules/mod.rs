//! The rules: no I/O, no clock, no async, no database.
//!
//! - [`span`]: ISO 8601 intervals and calendar arithmetic
//! - [`product`]: what a product is, and what stands on an order line
//! - [`license`]: states, and what a license is at one instant
//! - [`customer`]: details that merge in any order
//! - [`payments`]: a sale's payments, joined, with what went back of each
//! - `coverage`: the paid time of one license
//! - `timeline`: the life of one order line
//! - [`gather`]: which notices belong to one sale
//! - [`fold`]: a sale's licenses from the set of its notices
//! - [`difference`]: what the fold says against what is stored
//! - [`acts`]: what support does, told as events like any other
//! - [`key`]: activation keys and license ids
//! - [`letter`]: what a customer is written
//! - [`letters`]: the templates of it, built in or the vendor's
//! - [`plain`]: others' words as one short harmless line
//! - [`retry`]: when a mail is tried again

pub mod acts;
mod coverage;
pub mod customer;
pub mod difference;
pub mod fold;
pub mod gather;
pub mod key;
pub mod letter;
pub mod letters;
pub mod license;
pub mod payments;
pub mod plain;
pub mod product;
pub mod proof;
pub mod retry;
pub mod span;
mod timeline;
