//! A machine gives its seat back.

use std::sync::Arc;

use super::given::{Fingerprint, Key};
use super::{Failure, Machines, Refusal, find};
use crate::store::rows::NewHistory;
use crate::support::actors::APPLICATION;

impl Machines {
    /// Frees the seat of a machine, whatever became of the license. Doing it again changes
    /// nothing. What was signed for the machine stays genuine until it has to be refreshed: that
    /// is what the product's `max_offline` bounds.
    ///
    /// # Errors
    /// [`Refusal::UnknownKey`]; [`Refusal::NotActivated`] for a machine that never had a seat;
    /// [`Failure::Store`].
    pub async fn deactivate(&self, key: &Key, machine: Fingerprint) -> Result<(), Failure> {
        let (wanted, clock) = (key.wanted(), Arc::clone(&self.clock));
        self.write("deactivate", move |tx| {
            let found = find::locked(tx, |tx| find::by_key(tx, &wanted))?;
            let row = found.ok_or(Refusal::UnknownKey)?;
            let known = tx.activation_find(&row.id, machine.as_str())?;
            let known = known.ok_or(Refusal::NotActivated)?;
            let now = clock.now();
            if tx.activation_release(&row.id, &known.id, now)? {
                tx.history_append(&NewHistory {
                    subject: format!("license:{}", row.id),
                    at: now,
                    action: "deactivated".to_owned(),
                    cause_event: None,
                    actor: Some(APPLICATION.to_owned()),
                    detail: serde_json::json!({ "activation_id": known.id }),
                })?;
            }
            Ok(())
        })
        .await
    }
}
