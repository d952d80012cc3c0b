//! The rows: what queries take and give. One struct a table, written as it is read.

mod erased;
mod event;
mod hook;
mod license;
mod outbox;
mod people;
mod sale;
mod trouble;

pub use erased::{CustomerKey, RefKey};
pub use event::{Cursor, EventCounts, EventFilter, EventRow, Kept, NewEvent, Outcome, Settled};
pub use hook::{HookFilter, HookRow, NewHook};
pub use license::{
    ActivationRow, Ending, HistoryRow, LicenseCount, LicenseFilter, LicenseRow, NewHistory,
};
pub use outbox::{MailCounts, MailFilter, MailRow, NewMail};
pub use people::{CustomerRow, IdempotencyRow, TokenRow};
pub use sale::{NewNotice, NoticeRow, RefRow, SaleRow};
pub use trouble::{COUNT_MAX, EventTrouble, HookTrouble, Tally};
