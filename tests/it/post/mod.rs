//! Mail that is owed, on its way through a mail server's moods.

mod doubt;
mod faults;
mod files;
mod hold;
mod late;
mod office;
mod refusals;
mod sending;
