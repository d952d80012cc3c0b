//! What the vendor's own hooks are owed, were told, and did not take.

use serde_json::json;

use super::view::{HookView, Page};
use super::{Asked, Failure, Refusal, Support};
use crate::store::rows::{Cursor, HookFilter};

impl Support {
    /// Messages to hooks, newest first. The cursor is the id of the last one seen.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn hook_list(
        &self,
        filter: HookFilter,
        cursor: Cursor,
        limit: usize,
    ) -> Result<Page<HookView>, Failure> {
        self.read("hook list", move |tx| {
            let rows = tx.hook_list(&filter, cursor, limit + 1)?;
            let page = Page::cut(rows, limit, |row| row.id.to_string());
            Ok(page.map(|row| HookView::from(&row)))
        })
        .await
    }

    /// Puts a message at the head of the queue, under the same identity. One that was taken is
    /// told again, with the license as it stands then: its bytes were not kept.
    ///
    /// # Errors
    /// [`Refusal::UnknownMessage`]; [`Failure::Store`].
    pub async fn hook_retry(&self, id: i64, asked: Asked) -> Result<HookView, Failure> {
        let now = self.clock.now();
        self.write("hook retry", move |tx| {
            let unknown = || Refusal::UnknownMessage(id.to_string());
            let row = tx.hook_by_id(id)?.filter(|row| row.hook.is_some()).ok_or_else(unknown)?;
            tx.hook_retry(row.id, now)?;
            let detail = json!({ "hook": row.hook, "license_id": row.license_id });
            let subject = format!("hook:{id}");
            tx.history_append(&asked.note(subject, "hook_retried", detail, now))?;
            let row = tx.hook_by_id(id)?.ok_or_else(unknown)?;
            Ok(HookView::from(&row))
        })
        .await
    }
}
