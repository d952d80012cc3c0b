//! The rules, told as stories: what a customer bought and what befell it, and what he then holds.
//!
//! Every story is folded in its order, in the opposite one and with every event told twice.

mod coverage;
mod difference;
mod disputes;
mod joining;
pub(super) mod life;
mod lines;
mod orders;
mod places;
mod plans;
mod providers;
mod refunds;
mod settings;
mod stacking;
mod stretches;
mod support;
mod trials;
mod whole;
mod world;
