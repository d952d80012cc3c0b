//! Support's API, as the people of a vendor use it.

mod access;
mod events;
mod figures;
mod licenses;
mod mail;
mod requests;
