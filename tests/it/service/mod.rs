//! The running program, told what providers tell it.

mod answers;
mod crash;
mod described;
mod ending;
mod limits;
mod mend;
mod order;
mod trickle;
mod unread;
