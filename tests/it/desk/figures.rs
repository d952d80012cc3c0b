//! What the first page tells: what came in, what became of licenses, who went silent.

use chrono::{DateTime, TimeDelta, Utc};
use keywright::clock::Clock as _;
use keywright::support::figures::{EventsOfHour, LicensesOfDay};
use keywright_providers::sample::Step;

use crate::support::databases::Database;
use crate::support::office::Office;

const SILENT: &str = r#"
[providers.quiet]
kind = "stripe"
secrets = ["whsec_office_office_office_2"]
"#;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The hours of an account in which something came.
async fn busy(office: &Office, account: &str) -> Vec<EventsOfHour> {
    let until = office.clock.now() + TimeDelta::seconds(1);
    let told = office.support.events_by_hour(until - TimeDelta::hours(48), until).await.unwrap();
    let account = told.into_iter().find(|one| one.account == account).unwrap();
    assert_eq!(account.hours.len(), 49);
    account.hours.into_iter().filter(|hour| hour.received > 0).collect()
}

async fn days(office: &Office) -> Vec<LicensesOfDay> {
    let until = office.clock.now() + TimeDelta::seconds(1);
    let days = office.support.licenses_by_day(until - TimeDelta::days(30), until).await.unwrap();
    assert_eq!(days.len(), 31);
    days.into_iter().filter(|day| [day.issued, day.renewed, day.lost] != [0; 3]).collect()
}

on_both! {
    async fn each_hour_tells_what_came_and_how_it_stands(db: Database) {
        let office = Office::open(&db).await;
        office.configure(SILENT);
        office.sells("ada").await;
        let bought = busy(&office, "shop").await;
        assert_eq!(bought.len(), 1);
        assert_eq!(bought[0].at, at("2026-12-01T09:00:00Z"));
        assert!(0 < bought[0].applied && bought[0].applied < bought[0].received);
        assert_eq!(bought[0].received, bought[0].applied + bought[0].ignored);
        office.clock.advance(TimeDelta::minutes(60));
        office.tell(Step::Purchase, "eve", "price_new").await;
        office.clock.advance(TimeDelta::minutes(60));
        office.tell(Step::Refund, "zoe", "price_pro").await;
        let [_, unmapped, unknown] = busy(&office, "shop").await.try_into().unwrap();
        assert_eq!((unmapped.at, unmapped.failed), (at("2026-12-01T10:00:00Z"), 1));
        assert_eq!(unmapped.received, unmapped.applied + unmapped.ignored + 1);
        assert_eq!(unknown.received, unknown.waiting + unknown.applied + unknown.ignored);
        assert!(unknown.waiting > 0);
        assert!(busy(&office, "quiet").await.is_empty());
        // Mended, it stands in the hour in which it came.
        office.configure(r#""price_new" = "acme-ever""#);
        office.post("/events/replay", serde_json::json!({})).await.ok();
        office.settle().await;
        let [_, mended, _] = busy(&office, "shop").await.try_into().unwrap();
        assert_eq!((mended.failed, mended.applied), (0, unmapped.applied + 1));
    }

    async fn each_day_tells_what_was_won_and_what_was_lost(db: Database) {
        let office = Office::open(&db).await;
        for tag in ["ada", "eve", "zoe"] {
            office.sells(tag).await;
        }
        office.clock.advance(TimeDelta::days(1));
        office.tell(Step::Refund, "zoe", "price_pro").await;
        let told = days(&office).await;
        assert_eq!((told[0].at, told[0].issued), (at("2026-12-01T00:00:00Z"), 3));
        assert_eq!((told[1].at, told[1].revoked), (at("2026-12-02T00:00:00Z"), 1));
        assert_eq!(told.len(), 2);
        // A year and a day later (the buffer): one is renewed at once, one is gone.
        office.clock.advance(TimeDelta::days(365));
        let ada = office.get("/licenses?email=ada@customer.example").await.ok();
        let id = ada["items"][0]["id"].as_str().unwrap();
        assert_eq!(days(&office).await, []);
        office.post(&format!("/licenses/{id}/renew"), serde_json::json!({})).await.ok();
        office.clock.advance(TimeDelta::hours(1));
        let told = days(&office).await;
        let [LicensesOfDay { at: day, renewed, expired, revoked, lost, .. }] = told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(day, at("2027-12-02T00:00:00Z"));
        assert_eq!((renewed, expired, revoked, lost), (1, 1, 0, 1));
    }

    async fn a_silent_account_shows(db: Database) {
        let office = Office::open(&db).await;
        office.configure(SILENT);
        office.sells("ada").await;
        let first = office.clock.now();
        let bought = busy(&office, "shop").await[0].received;
        office.clock.advance(TimeDelta::days(3));
        office.tell(Step::PaymentFailed, "ada", "price_pro").await;
        let [quiet, shop] = office.support.account_figures().await.unwrap().try_into().unwrap();
        assert_eq!((quiet.account.as_str(), quiet.last_event_at), ("quiet", None));
        assert_eq!((quiet.last_day, quiet.last_week), (0, 0));
        assert_eq!(shop.last_event_at, Some(first + TimeDelta::days(3)));
        assert!(0 < shop.last_day && shop.last_week == shop.last_day + bought);
        office.clock.advance(TimeDelta::days(6));
        let [_, later] = office.support.account_figures().await.unwrap().try_into().unwrap();
        assert_eq!((later.last_day, later.last_week), (0, shop.last_day));
    }
}
