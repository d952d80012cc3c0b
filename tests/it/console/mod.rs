//! The console, as the people of a vendor use it.

mod access;
mod today;
