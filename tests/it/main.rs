//! Stories from outside. `cfg(test)` on each module tells clippy that helpers may unwrap too.

#[cfg(test)]
#[macro_use]
mod support;

#[cfg(test)]
mod alert;
#[cfg(test)]
mod app;
#[cfg(test)]
mod asking;
#[cfg(test)]
mod attention;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod console;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod due;
#[cfg(test)]
mod erase;
#[cfg(test)]
mod fetch;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod hooks;
#[cfg(test)]
mod mailer;
#[cfg(test)]
mod my;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod ops;
#[cfg(test)]
mod patience;
#[cfg(test)]
mod post;
#[cfg(test)]
mod questions;
#[cfg(test)]
mod races;
#[cfg(test)]
mod reconcile;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod service;
#[cfg(test)]
mod shell;
#[cfg(test)]
mod store;
#[cfg(test)]
mod stubborn;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod tree;
#[cfg(test)]
mod vectors;
