//! Whatever is asked for, a list is what a walk through everything would give: the same rows, in
//! the same order, page by page.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use keywright::store::rows::{AccountWord, EventFilter, EventRow, NewEvent, Settled};
use keywright::store::types::EventStatus;
use keywright::store::{Store, Tx};

use super::{event, keep, noon, seconds};
use crate::support::databases::Database;

const ACCOUNTS: [&str; 3] = ["eu", "us", "tiny"];
const TYPES: [&str; 4] = ["paid", "changed", "refunded", "seldom"];

/// Events of every kind, an hour apart; some still wait for their turn.
async fn year(store: &Store) -> Vec<EventRow> {
    let events: Vec<NewEvent> = (0..400)
        .map(|n: i64| {
            let account = if n % 97 == 0 { "tiny" } else { ACCOUNTS[usize::from(n % 3 == 1)] };
            let event_type =
                if n % 131 == 7 { "seldom" } else { TYPES[usize::try_from(n % 5 % 3).unwrap()] };
            NewEvent {
                event_type: event_type.to_owned(),
                received_at: noon() + TimeDelta::hours(n),
                ..event(account, &format!("evt-{n}"), &n.to_string())
            }
        })
        .collect();
    // Each in its turn: what is kept together is numbered in no order.
    for event in events {
        keep(store, vec![event]).await;
    }
    store.run("settle", settle_most).await.unwrap();
    let all = store.read("all", |tx| tx.event_list(&EventFilter::default(), None, 1_000)).await;
    let all = all.unwrap();
    assert_eq!(all.len(), 400);
    all
}

fn settle_most(tx: &mut Tx<'_>) -> Result<(), keywright::store::StoreError> {
    let sale = tx.sale_new("eu", true, None, noon())?;
    for event in tx.event_claim(380, seconds(60), noon())? {
        let (status, reason) = match event.id % 7 {
            0 => (EventStatus::Failed, Some("unknown_product")),
            1 if event.id % 3 == 0 => (EventStatus::Waiting, Some("purchase_unknown")),
            2 | 3 => (EventStatus::Ignored, Some("nothing_to_do")),
            // Tried, and to be tried again.
            4 if event.id % 4 == 0 => {
                tx.event_again(event.id, event.fence, noon(), None)?;
                continue;
            }
            _ => (EventStatus::Applied, None),
        };
        let settled = Settled {
            status,
            reason: reason.map(str::to_owned),
            message: None,
            sale_id: (event.id % 5 == 0).then_some(sale.id),
            live: Some(true),
        };
        tx.event_settle(event.id, event.fence, &settled)?;
    }
    Ok(())
}

/// Every way of asking, each with each.
fn questions(sale_id: i64) -> Vec<EventFilter> {
    let words = |words: &[&str]| -> Vec<Option<String>> {
        std::iter::once(None).chain(words.iter().map(|word| Some((*word).to_owned()))).collect()
    };
    let statuses: Vec<Option<EventStatus>> =
        std::iter::once(None).chain(EventStatus::ALL.iter().copied().map(Some)).collect();
    let times: [(Option<i64>, Option<i64>); 4] =
        [(None, None), (Some(100), None), (None, Some(200)), (Some(150), Some(330))];
    let hour = |hour: i64| noon() + TimeDelta::hours(hour);
    let mut questions = Vec::new();
    for status in &statuses {
        for account in words(&["eu", "tiny", "nobody"]) {
            for event_type in words(&["paid", "seldom", "never"]) {
                for reason in words(&["unknown_product", "nothing_to_do", "none"]) {
                    for (since, until) in times {
                        for sale_id in [None, Some(sale_id)] {
                            questions.push(EventFilter {
                                status: *status,
                                account: account.clone(),
                                event_type: event_type.clone(),
                                reason: reason.clone(),
                                q: None,
                                since: since.map(hour),
                                until: until.map(hour),
                                sale_id,
                            });
                        }
                    }
                }
            }
        }
    }
    questions
}

fn holds(event: &EventRow, filter: &EventFilter) -> bool {
    let within = |since: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>| {
        since.is_none_or(|since| since <= event.received_at)
            && until.is_none_or(|until| event.received_at < until)
    };
    filter.status.is_none_or(|status| status == event.status)
        && filter.account.as_ref().is_none_or(|account| *account == event.account)
        && filter.event_type.as_ref().is_none_or(|kind| *kind == event.event_type)
        && filter.reason.as_ref().is_none_or(|reason| Some(reason) == event.reason.as_ref())
        && filter.sale_id.is_none_or(|sale| Some(sale) == event.sale_id)
        && within(filter.since, filter.until)
}

on_both! {
    async fn every_way_of_asking_finds_what_a_walk_through_everything_finds(db: Database) {
        let store = db.node().await;
        let all = year(&store).await;
        let sale = all.iter().find_map(|event| event.sale_id).unwrap();
        let (mut asked, mut found) = (0, BTreeSet::new());
        for filter in questions(sale) {
            let mut expected: Vec<i64> =
                all.iter().filter(|event| holds(event, &filter)).map(|event| event.id).collect();
            // The first page, and the one behind the middle of all.
            for cursor in [None, Some(all[200].id)] {
                expected.retain(|id| cursor.is_none_or(|cursor| *id < cursor));
                let by = filter.clone();
                let list = store.read("list", move |tx| tx.event_list(&by, cursor, 7)).await.unwrap();
                let ids: Vec<i64> = list.iter().map(|event| event.id).collect();
                let first: Vec<i64> = expected.iter().copied().take(7).collect();
                assert_eq!(ids, first, "{filter:?} from {cursor:?}");
                asked += 1;
                found.extend(ids);
            }
        }
        assert!(asked > 2_000 && found.len() > 100, "{asked} {}", found.len());
    }

    async fn a_filter_offers_what_there_is(db: Database) {
        let store = db.node().await;
        assert_eq!(store.read("types", |tx| tx.event_types()).await.unwrap(), []);
        let all = year(&store).await;
        let settled = all.iter().filter(|event| event.status != EventStatus::Pending);
        let expected: BTreeSet<AccountWord> = settled
            .map(|event| AccountWord {
                account: event.account.clone(),
                word: event.event_type.clone(),
            })
            .collect();
        let types = store.read("types", |tx| tx.event_types()).await.unwrap();
        assert_eq!(types, expected.into_iter().collect::<Vec<_>>());
        let reasons = store.read("reasons", |tx| tx.event_reasons()).await.unwrap();
        let words: BTreeSet<&str> = reasons.iter().map(|reason| reason.word.as_str()).collect();
        assert_eq!(Vec::from_iter(words), ["nothing_to_do", "purchase_unknown", "unknown_product"]);
    }

    async fn the_oldest_that_waits_for_its_turn_is_told(db: Database) {
        let store = db.node().await;
        assert_eq!(store.read("counts", |tx| tx.event_counts()).await.unwrap().oldest_pending, None);
        let all = year(&store).await;
        let pending = all.iter().filter(|event| event.status == EventStatus::Pending);
        let counts = store.read("counts", |tx| tx.event_counts()).await.unwrap();
        assert_eq!(counts.oldest_pending, pending.map(|event| event.received_at).min());
    }
}
