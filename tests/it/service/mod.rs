//! The running program, told what providers tell it.

mod answers;
mod crash;
mod mend;
mod order;
