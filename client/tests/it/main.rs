//! The client from outside. `cfg(test)` on each module tells clippy that helpers may unwrap too.

#[cfg(test)]
mod damage;
#[cfg(test)]
mod life;
#[cfg(test)]
mod offline;
#[cfg(test)]
mod standin;
#[cfg(test)]
mod tamper;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod world;
