//! The console in a real browser, served by the real program.

mod desk;
mod signing;
