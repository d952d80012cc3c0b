//! Stories from outside. `cfg(test)` on each module tells clippy that helpers may unwrap too.

#[cfg(test)]
mod cli;
#[cfg(test)]
mod mailer;
#[cfg(test)]
mod support;
