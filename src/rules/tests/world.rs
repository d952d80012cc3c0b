//! A store in memory: events come one at a time, are gathered into sales, folded and compared.

use std::collections::BTreeSet;

use keywright_providers::Notice;
use keywright_providers::notice::Ref;

use super::life::ACCOUNT;
use crate::rules::difference::{Held, difference};
use crate::rules::fold::{Folded, Told, fold_all};
use crate::rules::gather::ties;
use crate::rules::key::{Identity, Seed};
use crate::rules::license::State;
use crate::rules::product::Catalogue;

/// What is stored after some events.
#[derive(Debug, Clone)]
pub(super) struct World<'a> {
    catalogue: &'a Catalogue,
    sales: Vec<Sale<'a>>,
    /// Keys of all mail that was ever owed.
    pub(super) outbox: BTreeSet<String>,
    /// Ids of all licenses that were ever made, oldest first.
    pub(super) made: Vec<String>,
}

/// An event, read once, however often it is delivered.
#[derive(Debug, Clone)]
pub(super) struct Event {
    refs: BTreeSet<Ref>,
    told: Vec<Told>,
}

#[derive(Debug, Clone, Default)]
struct Sale<'a> {
    refs: BTreeSet<Ref>,
    told: Vec<&'a Told>,
    held: Vec<Held>,
    /// Slots of the licenses that the fold says there are.
    stands: BTreeSet<String>,
}

impl<'a> World<'a> {
    pub(super) fn new(catalogue: &'a Catalogue) -> Self {
        let (outbox, made) = (BTreeSet::new(), Vec::new());
        Self { catalogue, sales: Vec::new(), outbox, made }
    }

    /// Reads events with these notices, in the order in which they happened.
    pub(super) fn events(catalogue: &Catalogue, life: &[Vec<Notice>]) -> Vec<Event> {
        Self::events_from(catalogue, life, 0)
    }

    /// The same, behind so many others.
    pub(super) fn events_from(
        catalogue: &Catalogue,
        life: &[Vec<Notice>],
        before: usize,
    ) -> Vec<Event> {
        let first = 1 + i64::try_from(before).unwrap();
        let read = |(event_id, notices): (i64, &Vec<Notice>)| Event {
            refs: ties(notices, catalogue, ACCOUNT),
            told: notices.iter().map(|notice| Told::new(notice.clone(), event_id)).collect(),
        };
        (first..).zip(life).map(read).collect()
    }

    /// Takes an event, as `apply` does.
    pub(super) fn deliver(&mut self, event: &'a Event) {
        let Event { refs, told } = event;
        let (mut same, others): (Vec<Sale<'a>>, Vec<Sale<'a>>) = std::mem::take(&mut self.sales)
            .into_iter()
            .partition(|sale| !sale.refs.is_disjoint(refs));
        self.sales = others;
        let mut sale = Sale { refs: refs.clone(), ..Sale::default() };
        for other in same.drain(..) {
            sale.refs.extend(other.refs);
            sale.told.extend(other.told);
            sale.held.extend(other.held);
        }
        let made = &self.made;
        sale.held.sort_by_key(|held| made.iter().position(|id| *id == held.id));
        sale.told.extend(told);
        self.settle(&mut sale);
        self.sales.push(sale);
    }

    fn settle(&mut self, sale: &mut Sale<'a>) {
        let folded = fold_all(&sale.told, self.catalogue, ACCOUNT);
        let difference = difference(&sale.held, &folded, |license| {
            let anchor = Folded::anchor(&sale.refs).unwrap().to_string();
            let slot = &license.slot;
            let identity = Identity { account: ACCOUNT, live: true, anchor: &anchor, slot };
            let seed = Seed::new([7; 32]);
            (identity.id(&seed), identity.short_key(&seed, "KW"))
        });
        for held in &difference.updated {
            let stored = sale.held.iter_mut().find(|stored| stored.id == held.id).unwrap();
            *stored = held.clone();
            sale.check();
        }
        for held in difference.created {
            assert!(!self.made.contains(&held.id), "{} was made twice", held.id);
            self.made.push(held.id.clone());
            sale.held.push(held);
            sale.check();
        }
        for entry in &difference.history {
            assert!(sale.held.iter().any(|held| held.id == entry.license_id));
        }
        self.outbox.extend(difference.mail.into_iter().map(|owed| owed.key));
        sale.settled(&folded);
    }

    /// What customers hold, whatever the order of arrival named it.
    pub(super) fn holds(&self) -> Vec<Held> {
        let stands = |sale: &Sale<'a>| {
            let stands = sale.held.iter().filter(|held| held.merged_into.is_none());
            stands.filter(|held| sale.stands.contains(&held.slot)).cloned().collect::<Vec<_>>()
        };
        let mut held: Vec<Held> = self
            .sales
            .iter()
            .flat_map(stands)
            .map(|held| Held { id: String::new(), key: String::new(), ..held })
            .collect();
        held.sort_by_key(|held| format!("{held:?}"));
        held
    }

    /// Every key that was ever mailed still stands for a license that is held.
    pub(super) fn every_key_stands(&self) {
        let stored: Vec<&Held> = self.sales.iter().flat_map(|sale| &sale.held).collect();
        assert_eq!(stored.len(), self.made.len(), "no license is ever lost");
        for held in &stored {
            let Some(into) = &held.merged_into else { continue };
            let target = stored.iter().find(|other| other.id == *into).unwrap();
            assert_eq!(target.merged_into, None, "a key stands for a license, not for a key");
        }
    }

    /// Licenses that were mailed as new.
    pub(super) fn issued(&self) -> usize {
        self.outbox.iter().filter(|key| key.ends_with(":issued")).count()
    }
}

impl Sale<'_> {
    /// The schema's constraint: one license a slot.
    fn check(&self) {
        let mut slots = BTreeSet::new();
        for held in self.held.iter().filter(|held| held.merged_into.is_none()) {
            assert!(slots.insert(&held.slot), "two licenses hold the slot {}", held.slot);
        }
    }

    /// What is stored is what the fold says, and comparing again finds nothing to do. What was
    /// issued and is told otherwise by now cannot be taken out of the world: it is revoked.
    fn settled(&mut self, folded: &Folded) {
        let again = difference(&self.held, folded, |_| unreachable!("nothing is left to make"));
        assert!(again.is_empty(), "{again:#?}");
        self.stands = folded.licenses.iter().map(|license| license.slot.clone()).collect();
        for held in self.held.iter().filter(|held| !self.stands.contains(&held.slot)) {
            assert!(held.merged_into.is_some() || held.state == State::Revoked, "{held:#?}");
        }
    }
}
