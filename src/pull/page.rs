//! Which events of a page are not here.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Pull, PullError};
use crate::apply::tellings::alike;
use crate::books::Books;
use crate::store::rows::{EventRow, Known, NewEvent};
use crate::store::types::Dedupe;

impl Pull {
    /// Those that are not here, and (`true`) those that are here and say something else.
    pub(super) async fn missing(
        &self,
        told: Vec<NewEvent>,
        books: &Arc<Books>,
    ) -> Result<Vec<(NewEvent, bool)>, PullError> {
        if told.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<Dedupe> =
            told.iter().flat_map(|event| [event.dedupe, event.second_name()]).collect();
        let known = self.store.read("events known", move |tx| tx.events_known(&names)).await?;
        let known: HashMap<Dedupe, Known> =
            known.into_iter().map(|known| (known.dedupe, known)).collect();
        let mut missing = Vec::new();
        for event in told {
            match known.get(&event.dedupe) {
                None => missing.push((event, false)),
                Some(first) if first.content_digest == event.content_digest => {}
                // It differs, and this was found before.
                Some(_) if known.contains_key(&event.second_name()) => {}
                Some(first) => {
                    if !self.says(first.id, &event, books).await? {
                        missing.push((event, true));
                    }
                }
            }
        }
        Ok(missing)
    }

    /// Does the event that is here say what this one does, in other bytes?
    async fn says(&self, id: i64, told: &NewEvent, books: &Books) -> Result<bool, PullError> {
        let first = self.store.read("first telling", move |tx| tx.event_by_id(id)).await?;
        let Some(first) = first else { return Ok(false) };
        let second = EventRow {
            event_type: told.event_type.clone(),
            occurred_at: told.occurred_at,
            live: told.live,
            body: Some(told.body.clone()),
            ..first.clone()
        };
        Ok(alike(&first, &second, books))
    }
}
