//! The console, as the people of a vendor use it.

mod access;
mod audit;
mod drill;
mod events;
mod find;
mod hooks;
mod licenses;
mod mail;
mod measured;
mod providers;
mod proxy;
mod today;
