//! Every row that tells of a person: by his licenses through the indexes, and by reading all.

use std::collections::BTreeSet;

use super::rows::whole;
use super::traces::Person;
use super::{BATCH, Look};
use crate::apply;
use crate::store::rows::{
    CustomerKey, CustomerRow, EventRow, HookRow, IdempotencyRow, MailRow, NoticeRow, RefKey,
};
use crate::store::types::EventStatus;
use crate::store::{StoreError, Tx};
use crate::support::{Failure, Support};

/// Where he was found.
#[derive(Debug, Clone, Default)]
pub(super) struct Search {
    /// Sales that are his, and some that only name him.
    pub(super) sales: BTreeSet<i64>,
    pub(super) events: Vec<i64>,
    pub(super) mails: Vec<i64>,
    pub(super) hooks: Vec<i64>,
    /// Those of no sale.
    pub(super) notices: Vec<NoticeRow>,
    /// By their keys.
    pub(super) answers: Vec<String>,
    pub(super) stacks: Vec<RefKey>,
    pub(super) customers: BTreeSet<CustomerKey>,
    /// Those of sales that are his, by their ids.
    licenses: BTreeSet<String>,
    failed: usize,
    pending: usize,
}

impl Search {
    /// As far as it is counted already.
    pub(super) fn counts(&self) -> Look {
        Look {
            events: self.events.len().saturating_sub(self.pending),
            failed: self.failed,
            pending: self.pending,
            mails: self.mails.len(),
            hook_messages: self.hooks.len(),
            customers: self.customers.len(),
            answers: self.answers.len(),
            ..Look::default()
        }
    }
}

impl Support {
    /// By the index of addresses alone.
    async fn known(&self, person: &Person) -> Result<Search, Failure> {
        let person = person.clone();
        self.read("erase known", move |tx| {
            let sales = tx.sales_of_email(&person.email)?;
            let mut search = Search { sales: sales.into_iter().collect(), ..Search::default() };
            hang_on(tx, &mut search, &person)?;
            Ok(search)
        })
        .await
    }

    /// By reading everything, a page at a time.
    pub(super) async fn search(&self, person: &Person) -> Result<Search, Failure> {
        let mut search = self.known(person).await?;
        let mut events: BTreeSet<i64> = search.events.drain(..).collect();
        let mut mails: BTreeSet<i64> = search.mails.drain(..).collect();
        (search.failed, search.pending) = (0, 0);
        self.each(
            |tx, after, most| tx.events_after(after, most),
            |row: &EventRow| row.id,
            |row| {
                if in_event(person, &row) {
                    events.insert(row.id);
                    search.sales.extend(row.sale_id);
                }
            },
        )
        .await?;
        self.each(
            |tx, after, most| tx.notices_after(after, most),
            |row: &NoticeRow| row.id,
            |row| {
                if person.in_value(&row.body) {
                    match row.sale_id {
                        Some(sale_id) => drop(search.sales.insert(sale_id)),
                        None => search.notices.push(row),
                    }
                }
            },
        )
        .await?;
        self.each(
            |tx, after, most| tx.outbox_after(after, most),
            |row: &MailRow| row.id,
            |row| {
                if in_mail(person, &row) {
                    mails.insert(row.id);
                }
            },
        )
        .await?;
        self.each(
            |tx, after, most| tx.hooks_after(after, most),
            |row: &HookRow| row.id,
            |row| {
                if row.message.as_deref().is_some_and(|bytes| person.in_bytes(bytes)) {
                    search.hooks.push(row.id);
                }
            },
        )
        .await?;
        self.search_named(person, &mut search).await?;
        (search.events, search.mails) = (events.into_iter().collect(), mails.into_iter().collect());
        let of = person.clone();
        let mut search = self
            .read("erase sales", move |tx| {
                hang_on(tx, &mut search, &of)?;
                Ok(search)
            })
            .await?;
        self.search_answers(person, &mut search).await?;
        Ok(search)
    }

    /// Answers that name him, or tell of a license of his.
    async fn search_answers(&self, person: &Person, search: &mut Search) -> Result<(), Failure> {
        let mut after = String::new();
        loop {
            let from = after.clone();
            let page = self
                .read("erase answers", move |tx| Ok(tx.idempotency_after(&from, BATCH)?))
                .await?;
            let named = page.iter().filter(|row: &&IdempotencyRow| {
                person.in_value(&row.body) || Person::any_in(&row.body, &search.licenses)
            });
            let keys: Vec<String> = named.map(|row| row.key.clone()).collect();
            search.answers.extend(keys);
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.key);
        }
    }

    /// What is known by a name, not a number.
    async fn search_named(&self, person: &Person, search: &mut Search) -> Result<(), Failure> {
        let mut after: CustomerKey = (String::new(), false, String::new());
        loop {
            let from = after.clone();
            let page = self
                .read("erase customers", move |tx| Ok(tx.customers_after(&from, BATCH)?))
                .await?;
            for CustomerRow { account, live, provider_id, details, .. } in &page {
                if person.in_value(details) || person.in_text(provider_id) {
                    search.customers.insert((account.clone(), *live, provider_id.clone()));
                }
            }
            let Some(last) = page.last() else { break };
            after = (last.account.clone(), last.live, last.provider_id.clone());
        }
        let mut after: Option<RefKey> = None;
        loop {
            let from = after.clone();
            let page = self
                .read("erase stacks", move |tx| Ok(tx.stacks_after(from.as_ref(), BATCH)?))
                .await?;
            for (name, sale_id) in &page {
                if person.in_text(&name.2) {
                    search.stacks.push(name.clone());
                    search.sales.insert(*sale_id);
                }
            }
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
        }
        Ok(())
    }

    /// Shows every row of a table, by its number.
    async fn each<T: Send + 'static>(
        &self,
        page: fn(&mut Tx<'_>, i64, usize) -> Result<Vec<T>, StoreError>,
        id: fn(&T) -> i64,
        mut look: impl FnMut(T),
    ) -> Result<(), Failure> {
        let mut after = 0;
        loop {
            let rows = self.read("erase search", move |tx| Ok(page(tx, after, BATCH)?)).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = id(last);
            rows.into_iter().for_each(&mut look);
        }
    }
}

fn in_event(person: &Person, row: &EventRow) -> bool {
    // Answers are kept in a form of ours, in which no text can be seen.
    let answers = apply::answers(row);
    let answers = answers.values().map(|answer| &answer.body);
    row.body.iter().chain(answers).any(|bytes| person.in_bytes(bytes))
        || person.in_value(&row.headers)
        || row.message.as_deref().is_some_and(|text| person.in_text(text))
}

fn in_mail(person: &Person, row: &MailRow) -> bool {
    let texts = [row.recipient.as_deref(), row.error.as_deref()];
    texts.into_iter().flatten().any(|text| person.in_text(text))
        || person.in_value(&row.data)
        || row.message.as_deref().is_some_and(|bytes| person.in_bytes(bytes))
}

/// What hangs on the sales that are his, and the sales of the customers that he is.
fn hang_on(tx: &mut Tx<'_>, search: &mut Search, person: &Person) -> Result<(), Failure> {
    for (account, live, provider_id) in &search.customers {
        let sales = tx.sales_of_customer(account, *live, provider_id)?;
        search.sales.extend(sales.iter().map(|sale| sale.id));
    }
    let mut events: BTreeSet<i64> = search.events.drain(..).collect();
    let mut mails: BTreeSet<i64> = search.mails.drain(..).collect();
    for sale_id in &search.sales {
        let licenses = tx.licenses_of_sale(*sale_id)?;
        if !whole(&licenses, person) {
            continue;
        }
        search.licenses.extend(licenses.into_iter().map(|license| license.id));
        let Some(sale) = tx.sale_by_id(*sale_id)? else { continue };
        if let Some(provider_id) = sale.customer_id
            && let Some(known) = tx.customer_find(&sale.account, sale.live, &provider_id)?
            && !known.details.as_object().is_none_or(serde_json::Map::is_empty)
        {
            search.customers.insert((sale.account, sale.live, provider_id));
        }
        events.extend(tx.events_of_sale(*sale_id)?.iter().map(|event| event.id));
        mails.extend(tx.outbox_of_sale(*sale_id)?);
    }
    for id in events {
        let Some(event) = tx.event_by_id(id)? else { continue };
        match event.status {
            EventStatus::Pending => search.pending += 1,
            EventStatus::Failed => search.failed += 1,
            EventStatus::Applied | EventStatus::Ignored | EventStatus::Waiting => {}
        }
        let full = event.body.is_some() || event.answers.is_some();
        if full || event.status == EventStatus::Failed {
            search.events.push(id);
        }
    }
    search.mails = mails.into_iter().collect();
    Ok(())
}
