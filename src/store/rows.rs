//! The rows: what queries take and give. One struct a table, written as it is read.

mod event;
mod figures;
mod hook;
mod license;
mod outbox;
mod people;
mod sale;

pub use event::{
    Cursor, EventCounts, EventFilter, EventRow, Kept, NewEvent, Outcome, RECEIVED_BEHIND_MAX,
    Settled,
};
pub use figures::{AccountCount, AccountWord, DayCount, HourCount};
pub use hook::{HookFilter, HookRow, NewHook};
pub use license::{
    ActivationRow, Ending, HistoryRow, LicenseCount, LicenseFilter, LicenseRow, NewHistory,
};
pub use outbox::{MailCounts, MailFilter, MailRow, NewMail};
pub use people::{CustomerRow, IdempotencyRow, TokenRow};
pub use sale::{NewNotice, NoticeRow, RefRow, SaleRow};
