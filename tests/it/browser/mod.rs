//! The console in a real browser, served by the real program.

mod desk;
mod hostile;
mod licenses;
mod mending;
mod my;
mod pages;
mod signing;
