//! Upkeep: what is done now and then beside the work. What needs a person is looked at every few
//! minutes and told; what is old is cleared every hour.
//!
//! Every node does it: a digest has a number and is owed once, and what is cleared is clear.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use crate::support::{Failure, Support};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(300);

/// How often what is old is cleared.
const CLEARING: TimeDelta = TimeDelta::hours(1);

/// The worker that keeps the house.
#[derive(Debug, Clone)]
pub struct Upkeep {
    support: Support,
}

impl Upkeep {
    #[must_use]
    pub fn new(support: Support) -> Self {
        Self { support }
    }

    /// Looks every five minutes until told to stop.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut cleared_at = None;
        while !*stop.borrow() {
            tokio::select! {
                () = self.round(&mut cleared_at) => {}
                // Whatever is under way is done in small steps, and goes on the next time.
                changed = stop.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    continue;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
    }

    /// One look. What fails is told in the log, and done the next time.
    async fn round(&self, cleared_at: &mut Option<DateTime<Utc>>) {
        if let Err(error) = self.look().await {
            tracing::warn!(%error, "what needs a person cannot be looked up now: {error}");
        }
        let now = self.support.clock.now();
        if cleared_at.is_some_and(|at| now - at < CLEARING) {
            return;
        }
        match self.support.retention(false).await {
            Ok(cleared) => {
                *cleared_at = Some(now);
                let sum = cleared.sum();
                if sum > 0 {
                    tracing::info!(?cleared, "{sum} old contents were cleared");
                }
            }
            Err(error) => tracing::warn!(%error, "old contents cannot be cleared now: {error}"),
        }
    }

    /// Notes the days that have passed, and owes the digest where it is due; says whether it did.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn look(&self) -> Result<bool, Failure> {
        self.support.attention_note_days().await?;
        self.support.alert().await
    }
}
