//! What an event says, made ready to be stored: all that can be done before its transaction, which
//! others wait for.

use keywright_providers::Notice;

use super::rows;
use crate::rules::fold::Told;
use crate::store::rows::NewNotice;

/// The notices of one event.
#[derive(Debug, Clone)]
pub struct Saying {
    pub(super) notices: Vec<Notice>,
    pub(super) told: Vec<Told>,
    pub(super) rows: Vec<NewNotice>,
}

impl Saying {
    /// Of the event of this id.
    #[must_use]
    pub fn new(notices: Vec<Notice>, event_id: i64) -> Self {
        let told: Vec<Told> =
            notices.iter().map(|notice| Told::new(notice.clone(), event_id)).collect();
        let rows = rows::new_notices(&told);
        Self { notices, told, rows }
    }
}
