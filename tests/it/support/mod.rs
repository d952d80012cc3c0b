pub(crate) mod api;
pub(crate) mod browser;
pub(crate) mod collector;
#[macro_use]
pub(crate) mod databases;
pub(crate) mod description;
pub(crate) mod listener;
pub(crate) mod odd;
pub(crate) mod office;
pub(crate) mod process;
pub(crate) mod schema;
pub(crate) mod smtp;
pub(crate) mod tab;
pub(crate) mod told;
