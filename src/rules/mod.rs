//! The rules: no I/O, no clock, no async, no database.
//!
//! - [`span`]: ISO 8601 intervals and calendar arithmetic
//! - [`product`]: what a product is, and what stands on an order line
//! - [`license`]: states, and what a license is at one instant
//! - [`customer`]: details that merge in any order
//! - [`gather`]: which notices belong to one sale
//! - [`fold`]: a sale's licenses from the set of its notices, by way of
//!   - `classes`: names that mean one thing
//!   - `places`: lines without an id, known by what stands on them
//!   - `payments`: the tellings of one payment joined
//!   - `returns`: what went back of each payment
//!   - `purchase`: the parts of a sale that only a stacked product holds together
//!   - `track`: what is told of each order line
//!   - `walk`: the life of one license along its track
//!   - `coverage`: its paid time
//! - [`difference`]: what the fold says against what is stored
//! - [`acts`]: what support does, told as events like any other
//! - [`simulation`]: a life on simulated time
//! - [`key`]: activation keys and license ids
//! - [`proof`]: claims signed with a purpose, and verified
//! - [`validity`]: is a license valid at one instant; [`machine`]: what is signed for one machine;
//!   [`verified`]: the same read back, with no server
//! - [`letter`]: what a customer is written
//! - [`letters`]: the templates of it, built in or the vendor's; `tongue`: dates in them
//! - [`head`]: everything that the history said at one moment, in one signed line
//! - [`alert`]: when somebody is written that something needs a person; [`digest`]: what he reads
//! - [`remind`]: which end is near, and who is told
//! - [`hook`]: what the vendor's own hooks are told
//! - [`plain`]: others' words as one short harmless line
//! - [`retry`]: when a mail is tried again
//! - [`silence`]: how long an account may be silent

pub mod acts;
pub mod alert;
mod classes;
mod coverage;
pub mod customer;
pub mod difference;
pub mod digest;
pub mod fold;
pub mod gather;
pub mod head;
pub mod hook;
pub mod key;
pub mod letter;
pub mod letters;
pub mod license;
pub mod machine;
mod payments;
mod places;
pub mod plain;
pub mod product;
pub mod proof;
mod purchase;
pub mod remind;
pub mod retry;
mod returns;
pub mod silence;
pub mod simulation;
pub mod span;
mod tongue;
mod track;
pub mod validity;
pub mod verified;
mod walk;

#[cfg(test)]
mod tests;
