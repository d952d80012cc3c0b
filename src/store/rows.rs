//! The rows: what queries take and give. One struct a table, written as it is read.

mod audit;
mod erased;
mod event;
mod figures;
mod hook;
mod license;
mod outbox;
mod people;
mod sale;
mod trouble;

pub use audit::{During, HistoryFilter};
pub use erased::{CustomerKey, RefKey};
pub use event::{
    Cursor, EventCounts, EventFilter, EventRow, Kept, Known, NewEvent, Outcome, PULLED,
    RECEIVED_BEHIND_MAX, Settled, TOLD_AGAIN, UNREAD,
};
pub use figures::{AccountCount, AccountWord, DayCount, HourCount};
pub use hook::{HookFilter, HookRow, NewHook};
pub use license::{
    ActivationRow, Ending, HistoryRow, LicenseCount, LicenseFilter, LicenseRow, NewHistory,
};
pub use outbox::{MailCounts, MailFilter, MailRow, NewMail};
pub use people::{CustomerRow, IdempotencyRow, LinkRow, SessionRow, TokenRow, UserRow};
pub use sale::{NewNotice, NoticeRow, RefRow, SaleRow};
pub use trouble::{COUNT_MAX, EventTrouble, HookTrouble, PaidInVain, Tally};
