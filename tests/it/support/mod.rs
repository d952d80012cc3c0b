#[macro_use]
pub(crate) mod databases;
pub(crate) mod smtp;
