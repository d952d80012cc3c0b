//! Hours and days are those of UTC, wherever the server believes to be.

use chrono::{DateTime, TimeDelta, Utc};
use keywright::store::rows::{HourCount, NewEvent};
use keywright::store::types::EventStatus;
use keywright::store::{Options, Store};

use super::{event, keep, noon};
use crate::support::databases::Database;

/// A node whose sessions live in India, half an hour off everybody else's hours.
async fn indian_node(db: &Database) -> Store {
    db.node().await;
    let zone = "options=-c%20timezone%3DAsia/Kolkata%20";
    let url = db.address().replace("options=", zone).parse().unwrap();
    Store::open(&url, Options { pg_connections: 2, readers: 2, ..Options::default() }).unwrap()
}

/// One that came that much after noon.
fn at(id: &str, after_noon: TimeDelta) -> NewEvent {
    NewEvent { received_at: noon() + after_noon, ..event("shop", id, id) }
}

fn hour(from_noon: i64, count: i64) -> HourCount {
    HourCount {
        hour: noon() + TimeDelta::hours(from_noon),
        account: "shop".to_owned(),
        status: EventStatus::Pending,
        count,
    }
}

async fn hours(store: &Store, since: DateTime<Utc>, until: DateTime<Utc>) -> Vec<HourCount> {
    store.read("hours", move |tx| tx.events_by_hour(since, until)).await.unwrap()
}

on_both! {
    async fn an_event_belongs_to_the_hour_in_which_it_came(db: Database) {
        let store = indian_node(&db).await;
        let moment = TimeDelta::microseconds(1);
        let hour_long = TimeDelta::hours(1);
        keep(&store, vec![
            at("before", -moment),
            at("first", TimeDelta::zero()),
            at("last", hour_long - moment),
            at("next", hour_long),
            at("after", hour_long * 3),
        ]).await;
        assert_eq!(
            hours(&store, noon() - hour_long, noon() + hour_long * 4).await,
            [hour(-1, 1), hour(0, 2), hour(1, 1), hour(3, 1)]
        );
        assert_eq!(hours(&store, noon(), noon() + hour_long).await, [hour(0, 2)]);
        assert_eq!(hours(&store, noon() - moment, noon()).await, [hour(-1, 1)]);
        assert_eq!(hours(&store, noon() + hour_long * 4, noon() + hour_long * 9).await, []);
    }

    async fn no_event_is_missed_where_clocks_disagree_by_a_day(db: Database) {
        let store = indian_node(&db).await;
        // Of three weeks the hours 0, 24, 1, 25 ...: the second of each pair by a clock that is
        // a day ahead.
        for pair in 0..250 {
            for ahead in [0, 24] {
                let id = format!("{pair} {ahead}");
                keep(&store, vec![at(&id, TimeDelta::hours(pair + ahead))]).await;
            }
        }
        for first in [0_i64, 1, 23, 24, 25, 100, 249, 250, 273] {
            let since = noon() + TimeDelta::hours(first);
            let there = i64::from(first < 250) + i64::from((24..274).contains(&first));
            let told = hours(&store, since, since + TimeDelta::hours(1)).await;
            assert_eq!(told, [hour(first, there)], "{first}");
        }
        let accounts = vec!["shop".to_owned(), "silent".to_owned()];
        let now = noon() + TimeDelta::hours(274);
        let read = move |tx: &mut keywright::store::Tx<'_>| tx.account_counts(&accounts, now);
        let counts = store.read("accounts", read).await.unwrap();
        assert_eq!(counts[0].last_event_at, Some(noon() + TimeDelta::hours(273)));
        assert_eq!((counts[1].last_event_at, counts[1].last_week), (None, 0));
    }
}
