//! What operators do: audit, export, back up, restore.

mod audit;
mod backup;
mod export;
mod hold;
