//! Could a delivery be stored now? Anybody may ask, and to know it for certain something has to be
//! written; so all who ask within a second share one answer.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::store::{Store, StoreError};

/// How old an answer may be.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// The last answer, and when it was asked for. It is held while another is waited for.
#[derive(Debug, Default)]
pub(super) struct Ready(Mutex<Option<(Instant, Result<(), StoreError>)>>);

impl Ready {
    /// What a real write meets now, or met within the last second.
    pub(super) async fn ask(&self, store: &Store) -> Result<(), StoreError> {
        let mut last = self.0.lock().await;
        if let Some((_, answer)) = last.as_ref().filter(|(at, _)| at.elapsed() < GOOD_FOR) {
            return answer.clone();
        }
        let answer = store.healthy().await;
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}
