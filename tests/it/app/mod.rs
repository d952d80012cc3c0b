//! The vendor's application, on its customers' machines.

mod guesses;
mod machine;
mod netlicensing;
mod offline;
mod process;
mod requests;
mod seats;
mod story;
mod terms;
mod trials;
