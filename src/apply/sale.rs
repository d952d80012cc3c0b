//! One transaction: the notices of one event into their sale, and what follows for its licenses.
//!
//! It can be run twice, on any node, in any order: everything is found by what it is about.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use keywright_providers::Notice;
use keywright_providers::notice::{Kind, Line, Ref, Thing};

use super::lines::{lines_of, told_of};
use super::rows;
use super::saying::{Alone, Saying, anchor, name};
use crate::books::Books;
use crate::rules::acts::SUPPORT;
use crate::rules::customer::Details;
use crate::rules::difference::{Difference, Held, difference};
use crate::rules::fold::{Folded, Problem, fold};
use crate::rules::gather;
use crate::rules::license::State;
use crate::store::rows::{EventRow, LicenseRow, SaleRow, Settled};
use crate::store::types::{EventStatus, LicenseState};
use crate::store::{StoreError, Tx};

/// What applying an event came to.
#[derive(Debug, Clone)]
pub struct Applied {
    pub settled: Settled,
    /// What was written (or would be).
    pub difference: Difference,
    /// The licenses of the lines that the event itself tells of, in order of their slots.
    pub licenses: Vec<LicenseRow>,
}

/// How often two sales may turn out to be one while they are gathered.
const MERGES_MAX: usize = 32;

/// Applies what `event` says. Does not settle the event.
///
/// # Errors
/// [`StoreError`]; the transaction is then taken back as a whole.
pub fn apply(
    tx: &mut Tx<'_>,
    event: &EventRow,
    live: bool,
    saying: &Saying,
    books: &Books,
    now: DateTime<Utc>,
) -> Result<Applied, StoreError> {
    let Saying { notices, rows, .. } = saying;
    let told_by = rows::told_by(notices);
    let customers = BTreeMap::new();
    let mut work = Work { event, live, books, now, saying, told_by, customers };
    // Customers before sales, each in order: two events of one customer never wait for each other.
    work.customers(tx, notices)?;
    let names: Vec<String> = saying.ties.iter().map(ToString::to_string).collect();
    if names.is_empty() {
        tx.notices_replace(event.id, None, rows)?;
        return Ok(Applied {
            settled: settled(EventStatus::Applied, None, None, live),
            difference: Difference::default(),
            licenses: Vec::new(),
        });
    }
    let mut sale = work.gather(tx, &names)?;
    tx.notices_replace(event.id, Some(sale.row.id), rows)?;
    for _ in 0..MERGES_MAX {
        let step = work.fold(tx, &sale)?;
        if step.strangers.is_empty() {
            return work.conclude(tx, &sale, notices, step);
        }
        // Support's acts came before the license that they name: their sale is this one.
        let sales = step.strangers.into_iter().chain([sale.row.id]).collect();
        let Some(row) = work.merge_if_whole(tx, sales)? else {
            return Err(StoreError::Busy("a sale was merged away meanwhile".to_owned()));
        };
        sale = Sale { row, is_new: false };
    }
    Err(StoreError::Busy("sales kept turning out to be one".to_owned()))
}

struct Work<'a> {
    event: &'a EventRow,
    live: bool,
    books: &'a Books,
    now: DateTime<Utc>,
    saying: &'a Saying,
    /// Who did it and why, where support did.
    told_by: Option<rows::ToldBy<'a>>,
    /// What is known of the customers that the event names, by the provider's id; locked.
    customers: BTreeMap<String, Details>,
}

/// The sale that the event belongs to, locked.
struct Sale {
    row: SaleRow,
    /// Made just now: nothing waits for it.
    is_new: bool,
}

/// A sale folded and written.
struct Step {
    folded: Folded,
    difference: Difference,
    /// The licenses of the sale as they are stored now.
    licenses: Vec<LicenseRow>,
    /// The sales that hold acts on the licenses made just now.
    strangers: BTreeSet<i64>,
}

impl Work<'_> {
    fn account(&self) -> &str {
        &self.event.account
    }

    fn alone(&self) -> &Alone {
        self.saying.alone(self.event, self.live, self.books)
    }

    /// Takes down what the notices tell of customers by id, and tells it to their sales.
    fn customers(&mut self, tx: &mut Tx<'_>, notices: &[Notice]) -> Result<(), StoreError> {
        let mut by_id: BTreeMap<&str, Vec<&Notice>> = BTreeMap::new();
        for notice in notices {
            let id = notice.customer.as_ref().and_then(|customer| customer.provider_id.as_deref());
            by_id.entry(id.unwrap_or_default()).or_default().push(notice);
        }
        by_id.remove("");
        for (id, notices) in by_id {
            let mut row = tx.customer_lock(self.account(), self.live, id, self.now)?;
            let mut details = rows::details(&row)?;
            let before = details.clone();
            for notice in notices.iter().filter(|notice| matches!(notice.kind, Kind::Customer)) {
                if let Some(customer) = &notice.customer {
                    details.tell(customer, notice.occurred_at);
                }
            }
            self.customers.insert(id.to_owned(), details.clone());
            if details == before {
                continue;
            }
            row.details = rows::json(&details);
            row.updated_at = self.now;
            tx.customer_put(&row)?;
            for sale in self.sales_of(tx, id)? {
                let folded = self.folded(tx, sale.id)?;
                let mut licenses = tx.licenses_of_sale(sale.id)?;
                self.address(tx, &mut licenses, &folded, &details)?;
            }
        }
        Ok(())
    }

    /// The sales of a customer, locked. Where one was merged away while we waited for it, the one
    /// that it went into is found in its place: it was made without what we know.
    fn sales_of(&self, tx: &mut Tx<'_>, id: &str) -> Result<Vec<SaleRow>, StoreError> {
        for _ in 0..MERGES_MAX {
            let sales = tx.sales_of_customer(self.account(), self.live, id)?;
            let ids: Vec<i64> = sales.iter().map(|sale| sale.id).collect();
            let locked = tx.sale_lock(&ids)?;
            if locked.len() == ids.len() && locked.iter().all(|sale| sale.merged_into.is_none()) {
                return Ok(locked);
            }
        }
        Err(StoreError::Busy("the customer's sales kept moving".to_owned()))
    }

    /// The sale that the references name, locked: found, made, or merged out of several.
    fn gather(&self, tx: &mut Tx<'_>, names: &[String]) -> Result<Sale, StoreError> {
        for _ in 0..MERGES_MAX {
            let found: BTreeSet<i64> = tx
                .refs_find(self.account(), self.live, names)?
                .into_iter()
                .map(|row| row.sale_id)
                .collect();
            let is_new = found.is_empty();
            let row = if is_new {
                let customer = self.alone().folded.customer_ids.first();
                tx.sale_new(self.account(), self.live, customer.map(String::as_str), self.now)?
            } else {
                match self.merge_if_whole(tx, found)? {
                    Some(row) => row,
                    // Merged away while we waited for the lock: look again.
                    None => continue,
                }
            };
            let strangers: BTreeSet<i64> = tx
                .refs_tie(self.account(), self.live, names, row.id)?
                .into_iter()
                .map(|row| row.sale_id)
                .collect();
            if strangers.is_empty() {
                return Ok(Sale { row, is_new });
            }
            // Another node tied one of them first. To lock its sale now could be to wait for one
            // who waits for us: give way, and find all of them in order.
            return Err(StoreError::Busy("another node tied the sale first".to_owned()));
        }
        Err(StoreError::Busy("the sale kept moving".to_owned()))
    }

    /// Locks the sales and makes one of them; `None` where one was merged away meanwhile.
    fn merge_if_whole(
        &self,
        tx: &mut Tx<'_>,
        sales: BTreeSet<i64>,
    ) -> Result<Option<SaleRow>, StoreError> {
        let ids: Vec<i64> = sales.iter().copied().collect();
        let mut locked = tx.sale_lock(&ids)?;
        if locked.len() != ids.len() || locked.iter().any(|sale| sale.merged_into.is_some()) {
            return Ok(None);
        }
        match locked.as_slice() {
            [into, from @ ..] if !from.is_empty() => self.merge(tx, into, from).map(Some),
            _ => Ok(locked.pop()),
        }
    }

    /// Makes one of these (locked) sales: the oldest.
    fn merge(
        &self,
        tx: &mut Tx<'_>,
        into: &SaleRow,
        from: &[SaleRow],
    ) -> Result<SaleRow, StoreError> {
        let into = into.id;
        let mut taken: BTreeSet<String> =
            tx.licenses_of_sale(into)?.into_iter().map(|license| license.slot).collect();
        for from in from.iter().map(|sale| sale.id) {
            for mut license in tx.licenses_of_sale(from)? {
                if taken.contains(&license.slot) {
                    license.slot = rows::set_aside(&license.slot, &license.id);
                    let version = license.version;
                    tx.license_update(&license, version)?;
                }
                taken.insert(license.slot);
            }
            tx.sale_merge(from, into)?;
        }
        tx.sale_by_id(into)?.ok_or_else(|| StoreError::Busy("the sale went away".to_owned()))
    }

    fn folded(&self, tx: &mut Tx<'_>, sale_id: i64) -> Result<Folded, StoreError> {
        let told = rows::told(&tx.notices_of_sale(sale_id)?)?;
        Ok(fold(&told, &self.books.config.catalogue, self.account()))
    }

    /// The sale folded, what that changes, and its licenses as they are stored.
    fn compared(
        &self,
        tx: &mut Tx<'_>,
        sale: &Sale,
    ) -> Result<(Folded, Difference, Vec<LicenseRow>), StoreError> {
        if sale.is_new {
            let Alone { folded, difference } = self.alone().clone();
            return Ok((folded, difference, Vec::new()));
        }
        let mut licenses = tx.licenses_of_sale(sale.row.id)?;
        licenses.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        let refs: Vec<Ref> =
            tx.refs_of_sale(sale.row.id)?.iter().filter_map(|text| rows::reference(text)).collect();
        let folded = self.folded(tx, sale.row.id)?;
        let held: Vec<Held> = licenses.iter().map(rows::held).collect::<Result<_, _>>()?;
        let anchor = anchor(&refs);
        let difference = difference(&held, &folded, |license| {
            name(license, self.account(), self.live, &anchor, self.books)
        });
        Ok((folded, difference, licenses))
    }

    /// Folds, compares, writes.
    fn fold(&self, tx: &mut Tx<'_>, sale: &Sale) -> Result<Step, StoreError> {
        let (folded, difference, mut licenses) = self.compared(tx, sale)?;
        let sale = &sale.row;
        let details = match folded.customer_ids.first() {
            None => Details::default(),
            Some(id) => self.known(tx, sale, id)?,
        };
        let strangers = self.write(tx, sale.id, &mut licenses, &folded, &details, &difference)?;
        self.address(tx, &mut licenses, &folded, &details)?;
        Ok(Step { folded, difference, licenses, strangers })
    }

    /// What the account's customer events tell of the sale's customer, who is this one.
    fn known(&self, tx: &mut Tx<'_>, sale: &SaleRow, id: &str) -> Result<Details, StoreError> {
        let is_new = sale.customer_id.as_deref() != Some(id);
        if is_new {
            tx.sale_customer(sale.id, id)?;
        }
        if let Some(known) = self.customers.get(id) {
            return Ok(known.clone());
        }
        if is_new {
            // Whoever changes the customer at this moment cannot see that the sale is his. (To
            // wait for him with a sale in hand can end in a deadlock; then one of us runs again.)
            let known = tx.customer_lock(self.account(), self.live, id, self.now)?;
            return rows::details(&known);
        }
        // Without a lock: customers are locked before sales. Whoever changes the customer at this
        // moment waits for this sale and tells it after.
        let known = tx.customer_find(self.account(), self.live, id)?;
        known.as_ref().map_or_else(|| Ok(Details::default()), rows::details)
    }

    fn write(
        &self,
        tx: &mut Tx<'_>,
        sale_id: i64,
        licenses: &mut Vec<LicenseRow>,
        folded: &Folded,
        details: &Details,
        difference: &Difference,
    ) -> Result<BTreeSet<i64>, StoreError> {
        // An order may have a thousand, and most events change none of them.
        let stored = if difference.updated.is_empty() { Vec::new() } else { licenses.clone() };
        // A license that another stands for gives up its slot first.
        let (merged, moved): (Vec<&Held>, Vec<&Held>) =
            difference.updated.iter().partition(|held| held.merged_into.is_some());
        for held in merged.iter().copied().chain(moved) {
            // Where the fold did not see all, both licenses of a slot stand, and one has it.
            let is_taken = |row: &LicenseRow| row.slot == held.slot && row.id != held.id;
            let aside = held.merged_into.is_some() || licenses.iter().any(is_taken);
            let Some(row) = licenses.iter_mut().find(|row| row.id == held.id) else { continue };
            update(tx, row, rows::updated(row, held, aside, self.now))?;
        }
        // Who runs under its key goes on running.
        for held in &merged {
            if let Some(into) = &held.merged_into {
                tx.license_succeed(&held.id, into)?;
            }
        }
        if !merged.is_empty() {
            *licenses = tx.licenses_of_sale(sale_id)?;
            self.return_slots(tx, licenses)?;
        }
        let mut strangers = BTreeSet::new();
        let customer = folded.customer(details);
        for held in &difference.created {
            let origin = rows::Origin {
                sale_id,
                account: self.account(),
                live: self.live,
                order: folded.order.as_deref(),
                subscription: folded.subscription.as_deref(),
                customer: &customer,
            };
            let row = rows::created(held, &origin, self.now);
            tx.license_insert(&row)?;
            licenses.push(row);
            let name = Ref::new(Thing::License, &held.id).to_string();
            let others = tx.refs_tie(self.account(), self.live, &[name], sale_id)?;
            strangers.extend(others.into_iter().map(|row| row.sale_id));
        }
        for entry in &difference.history {
            tx.history_append(&rows::new_history(
                entry,
                self.event,
                self.told_by.as_ref(),
                self.now,
            ))?;
        }
        for held in difference.created.iter().chain(&difference.updated) {
            let before = stored.iter().find(|row| row.id == held.id);
            self.over_already(tx, before, held)?;
        }
        // To a trial without an address no event will ever tell one: its mail would wait for ever.
        let reachable = self.account() != SUPPORT || customer.email.is_some();
        if self.books.by_mail(self.account()) && reachable {
            let domain = self.books.config.mail.from.domain();
            let mut issued = BTreeSet::new();
            for owed in &difference.mail {
                // Who is sent his key only now is told the date with it.
                if owed.template == "renewed" && issued.contains(&owed.license_id) {
                    continue;
                }
                let mail = rows::new_mail(owed, sale_id, &customer, domain, self.now);
                if tx.outbox_owe(&mail)? && owed.template == "issued" {
                    issued.insert(&owed.license_id);
                }
            }
        }
        Ok(strangers)
    }

    /// A license that stood aside from its slot has it again when nobody else does: support acts on it
    /// by that name.
    fn return_slots(&self, tx: &mut Tx<'_>, licenses: &mut [LicenseRow]) -> Result<(), StoreError> {
        let mut taken: BTreeSet<String> = licenses.iter().map(|row| row.slot.clone()).collect();
        for row in licenses.iter_mut().filter(|row| row.merged_into.is_none()) {
            let slot = rows::slot(row).to_owned();
            if taken.insert(slot.clone()) {
                let to = LicenseRow { slot, updated_at: self.now, ..row.clone() };
                update(tx, row, to)?;
            }
        }
        Ok(())
    }

    /// An end that is in the past when it is told: nobody who looks at the calendar meets it.
    fn over_already(
        &self,
        tx: &mut Tx<'_>,
        before: Option<&LicenseRow>,
        held: &Held,
    ) -> Result<(), StoreError> {
        let known = before.is_some_and(|row| {
            row.state == LicenseState::Active && row.valid_until == held.valid_until
        });
        let stands = held.state == State::Active && held.merged_into.is_none();
        match held.valid_until {
            Some(end) if stands && !known && end < self.now => {
                tx.hook_owe(&rows::expired(&held.id, end)).map(drop)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Tells the sale's licenses and their waiting mail who the customer is.
    fn address(
        &self,
        tx: &mut Tx<'_>,
        licenses: &mut [LicenseRow],
        folded: &Folded,
        details: &Details,
    ) -> Result<(), StoreError> {
        let customer = folded.customer(details);
        let address = rows::Address::new(folded, &customer);
        for row in licenses {
            let Some(told) = address.tell(row, self.now) else { continue };
            update(tx, row, told)?;
            if let Some(email) = &customer.email {
                tx.outbox_recipient(&row.id, email, customer.locale.as_deref())?;
            }
        }
        Ok(())
    }

    /// What becomes of the event, now that its sale stands.
    fn conclude(
        &self,
        tx: &mut Tx<'_>,
        sale: &Sale,
        notices: &[Notice],
        step: Step,
    ) -> Result<Applied, StoreError> {
        let Step { folded, difference, licenses, .. } = step;
        if !sale.is_new && !folded.licenses.is_empty() && folded.dangling.is_empty() {
            tx.events_release(sale.row.id)?;
        }
        let lines: Vec<&Line> = notices.iter().flat_map(lines_of).collect();
        let problem = folded.problems.iter().find(|problem| {
            lines.iter().any(|line| match problem {
                Problem::UnknownProduct { items } => line.item == *items,
                Problem::Quantity { quantity } => line.quantity == *quantity,
            })
        });
        let (status, reason, message) = match problem {
            Some(problem) => (
                EventStatus::Failed,
                Some(problem.code().to_owned()),
                Some(problem.message(self.account())),
            ),
            None if self.saying.told.iter().any(|told| folded.dangling.contains(&told.digest)) => (
                EventStatus::Waiting,
                Some("payment_unknown".to_owned()),
                Some("waits for the event that tells of the payment".to_owned()),
            ),
            None if folded.licenses.is_empty() && gather::depends(notices) => (
                EventStatus::Waiting,
                Some("purchase_unknown".to_owned()),
                Some("waits for the event that tells of the purchase".to_owned()),
            ),
            None => (EventStatus::Applied, None, None),
        };
        let licenses = told_of(licenses, &folded, &lines);
        let settled =
            Settled { sale_id: Some(sale.row.id), ..settled(status, reason, message, self.live) };
        Ok(Applied { settled, difference, licenses })
    }
}

/// Writes a license anew, in the store and in our hands.
fn update(tx: &mut Tx<'_>, row: &mut LicenseRow, to: LicenseRow) -> Result<(), StoreError> {
    tx.license_update(&to, row.version)?;
    *row = LicenseRow { version: row.version + 1, ..to };
    Ok(())
}

fn settled(
    status: EventStatus,
    reason: Option<String>,
    message: Option<String>,
    live: bool,
) -> Settled {
    Settled { status, reason, message, sale_id: None, live: Some(live) }
}
