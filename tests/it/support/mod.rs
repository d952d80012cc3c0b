#[macro_use]
pub(crate) mod databases;
