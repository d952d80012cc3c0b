//! The vendor's application, on its customers' machines.

mod client;
mod guesses;
pub(crate) mod machine;
mod merges;
mod netlicensing;
mod offline;
mod process;
mod requests;
mod seats;
mod story;
mod terms;
mod trials;
