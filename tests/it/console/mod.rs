//! The console, as the people of a vendor use it.

mod access;
mod audit;
mod drill;
mod hooks;
mod mail;
mod providers;
mod today;
