//! The history and the messages to hooks, as they are asked for. Whatever is asked, a list is what
//! a walk through everything would give, and a figure is what counting would.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use keywright::rules::hook::HookEvent;
use keywright::store::rows::{
    DayCount, HistoryFilter, HistoryRow, HookFilter, HookRow, NewHistory, NewHook,
};
use keywright::store::types::MailStatus;
use keywright::store::{Store, StoreError, Tx};
use serde_json::json;

use super::{noon, seconds};
use crate::support::databases::Database;

const ACTORS: [Option<&str>; 5] = [None, None, Some("ann"), None, Some("bob")];
const ACTIONS: [&str; 5] = ["issued", "renewed", "suspended", "revoked", "withdrawn"];

/// Entries of every kind, two at an instant, by nodes of which some are days behind.
fn write(tx: &mut Tx<'_>) -> Result<Vec<HistoryRow>, StoreError> {
    (0..300_usize)
        .map(|n| {
            let action = if n % 71 == 5 { "seldom" } else { ACTIONS[n % 17 % ACTIONS.len()] };
            let behind = TimeDelta::days(if n % 7 == 0 { 3 } else { 0 });
            tx.history_append(&NewHistory {
                subject: format!("license:{}", n % 20),
                at: noon() + TimeDelta::hours(i64::try_from(n / 2 * 2).unwrap()) - behind,
                action: action.to_owned(),
                cause_event: None,
                actor: ACTORS[n % 11 % ACTORS.len()].map(str::to_owned),
                detail: json!({}),
            })
        })
        .collect()
}

/// All entries, newest first.
async fn written(store: &Store) -> Vec<HistoryRow> {
    let mut all = store.run("write", write).await.unwrap();
    all.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    all
}

fn words(words: &[&str]) -> Vec<Option<String>> {
    std::iter::once(None).chain(words.iter().map(|word| Some((*word).to_owned()))).collect()
}

/// Every way of asking, each with each.
fn questions() -> Vec<HistoryFilter> {
    let hour = |hour: i64| noon() + TimeDelta::hours(hour);
    let times = [(None, None), (Some(100), None), (None, Some(200)), (Some(60), Some(150))];
    let mut questions = Vec::new();
    for actor in words(&["ann", "nobody"]) {
        for action in words(&["issued", "seldom", "never"]) {
            for subject in words(&["license:3", "license:none"]) {
                for (since, until) in times {
                    for all in [false, true] {
                        questions.push(HistoryFilter {
                            actor: actor.clone(),
                            action: action.clone(),
                            subject: subject.clone(),
                            since: since.map(hour),
                            until: until.map(hour),
                            all,
                        });
                    }
                }
            }
        }
    }
    questions
}

fn holds(row: &HistoryRow, filter: &HistoryFilter) -> bool {
    (filter.all || row.actor.is_some())
        && filter.actor.as_ref().is_none_or(|actor| Some(actor) == row.actor.as_ref())
        && filter.action.as_ref().is_none_or(|action| *action == row.action)
        && filter.subject.as_ref().is_none_or(|subject| *subject == row.subject)
        && filter.since.is_none_or(|since| since <= row.at)
        && filter.until.is_none_or(|until| row.at < until)
}

/// Messages to two hooks, one of which was told much and the other little; some were taken, some
/// given up. Newest first.
async fn told(store: &Store) -> Vec<HookRow> {
    let all = store.run("tell", tell).await.unwrap();
    assert_eq!(all.len(), 90);
    all
}

fn tell(tx: &mut Tx<'_>) -> Result<Vec<HookRow>, StoreError> {
    for n in 0..60 {
        tx.hook_owe(&NewHook {
            key: format!("license:{n}:history:1"),
            event_type: HookEvent::Issued,
            license_id: format!("license-{}", n % 9),
            message_id: format!("msg-{n}"),
            dated_at: noon() + seconds(n),
        })?;
    }
    for owed in tx.hook_unaddressed(60)? {
        let both = owed.message_id.ends_with(['0', '4', '7', '8', '9']);
        let hooks = if both { vec!["crm", "erp"] } else { vec!["crm"] };
        let hooks: Vec<String> = hooks.into_iter().map(str::to_owned).collect();
        tx.hook_address(&owed, &hooks, noon())?;
    }
    // What has no address is nobody's message.
    tx.hook_owe(&NewHook {
        key: "license:x:history:1".to_owned(),
        event_type: HookEvent::Revoked,
        license_id: "license-3".to_owned(),
        message_id: "msg-x".to_owned(),
        dated_at: noon(),
    })?;
    for message in tx.hook_claim(70, seconds(60), noon())? {
        match message.id % 5 {
            0 => tx.hook_failed(message.id, message.fence, "it answered 500")?,
            1 | 2 => tx.hook_sent(message.id, message.fence, noon())?,
            _ => {}
        }
    }
    tx.hook_list(&HookFilter::default(), None, 1_000)
}

/// On each day, as somebody counts who has all entries before him.
fn counted(all: &[HistoryRow], since: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DayCount> {
    let mut days: BTreeMap<(DateTime<Utc>, &str), i64> = BTreeMap::new();
    for row in all.iter().filter(|row| since <= row.at && row.at < until) {
        if ["issued", "renewed", "revoked", "withdrawn"].contains(&&*row.action) {
            let day = row.at.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
            *days.entry((day, &row.action)).or_default() += 1;
        }
    }
    let count =
        |((day, action), count): ((_, &str), _)| DayCount { day, action: action.to_owned(), count };
    days.into_iter().map(count).collect()
}

on_both! {
    async fn every_way_to_ask_for_the_history_finds_what_a_walk_through_it_finds(db: Database) {
        let store = db.node().await;
        let all = written(&store).await;
        let middle = &all[150];
        let mut found = BTreeSet::new();
        for filter in questions() {
            let mut expected: Vec<&HistoryRow> =
                all.iter().filter(|row| holds(row, &filter)).collect();
            // The first page, and the one behind the middle of all.
            for cursor in [None, Some(middle.id)] {
                expected.retain(|row| cursor.is_none() || (row.at, row.id) < (middle.at, middle.id));
                let by = filter.clone();
                let list = store.read("list", move |tx| tx.history_list(&by, cursor, 7)).await;
                let ids: Vec<i64> = list.unwrap().iter().map(|row| row.id).collect();
                let first: Vec<i64> = expected.iter().take(7).map(|row| row.id).collect();
                assert_eq!(ids, first, "{filter:?} from {cursor:?}");
                found.extend(ids);
            }
        }
        assert!(found.len() > 60, "{}", found.len());
    }

    async fn the_history_is_read_to_its_end_page_by_page(db: Database) {
        let store = db.node().await;
        let all = written(&store).await;
        let (mut read, mut cursor) = (Vec::new(), None);
        loop {
            let filter = HistoryFilter { all: true, ..HistoryFilter::default() };
            let page = store.read("list", move |tx| tx.history_list(&filter, cursor, 40)).await;
            let page = page.unwrap();
            let Some(last) = page.last() else { break };
            cursor = Some(last.id);
            read.extend(page);
        }
        assert_eq!(read, all);
    }

    async fn each_day_counts_what_the_history_says(db: Database) {
        let store = db.node().await;
        let all = written(&store).await;
        for (since, until) in [(-200_i64, 400_i64), (0, 240), (24, 48), (30, 31), (500, 600)] {
            let (since, until) = (noon() + TimeDelta::hours(since), noon() + TimeDelta::hours(until));
            let days = store.read("days", move |tx| tx.licenses_by_day(since, until)).await.unwrap();
            assert_eq!(days, counted(&all, since, until), "{since} to {until}");
        }
        assert!(counted(&all, noon(), noon() + TimeDelta::hours(240)).len() > 20);
    }

    async fn every_way_to_ask_for_messages_finds_what_a_walk_through_them_finds(db: Database) {
        let store = db.node().await;
        let all = told(&store).await;
        let statuses = std::iter::once(None).chain(MailStatus::ALL.iter().copied().map(Some));
        let mut found = BTreeSet::new();
        for status in statuses {
            for hook in words(&["crm", "erp", "nobody"]) {
                for license_id in words(&["license-3", "license-none"]) {
                    let filter = HookFilter { status, hook: hook.clone(), license_id };
                    let mut expected: Vec<i64> = all
                        .iter()
                        .filter(|row| filter.status.is_none_or(|status| status == row.status))
                        .filter(|row| filter.hook.is_none() || filter.hook == row.hook)
                        .filter(|row| {
                            filter.license_id.as_ref().is_none_or(|id| *id == row.license_id)
                        })
                        .map(|row| row.id)
                        .collect();
                    for cursor in [None, Some(all[40].id)] {
                        expected.retain(|id| cursor.is_none_or(|cursor| *id < cursor));
                        let by = filter.clone();
                        let list =
                            store.read("list", move |tx| tx.hook_list(&by, cursor, 7)).await;
                        let ids: Vec<i64> = list.unwrap().iter().map(|row| row.id).collect();
                        let first: Vec<i64> = expected.iter().copied().take(7).collect();
                        assert_eq!(ids, first, "{filter:?} from {cursor:?}");
                        found.extend(ids);
                    }
                }
            }
        }
        assert!(found.len() > 30, "{}", found.len());
    }
}
