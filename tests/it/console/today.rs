//! The first page: what needs a person, and how the day goes.

use keywright_providers::sample::Step;

use crate::support::databases::Database;
use crate::support::office::Office;
use crate::support::tab::Tab;

on_both! {
    async fn a_day_on_which_all_is_well_says_so(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let tab = Tab::signed_in(&office, "support").await;
        tab.page.says("Nothing. Every event is applied");
        tab.page.says("1 queued, the oldest since 2026-12-01 09:00:00 UTC");
        tab.page.says("shop 10 received, 4 applied, 0 failed in 48 hours");
        tab.page.says("1 issued, 0 renewed, 0 lost in 30 days");
        tab.page.says("2026-12-01 09:00 UTC: 10 received, 4 applied, 0 failed, 0 open, 6 ignored");
    }

    async fn what_failed_is_counted_by_its_reason_and_leads_to_its_events(db: Database) {
        let office = Office::open(&db).await;
        for tag in ["ada", "bob"] {
            office.tell(Step::Purchase, tag, "price_unknown").await;
        }
        let mut tab = Tab::signed_in(&office, "support").await;
        tab.page.is_silent_about("Nothing. Every event is applied");
        let trouble = "Events of shop failed: unknown product";
        tab.page.says(trouble);
        let list = "/console/events?status=failed&account=shop&reason=unknown_product";
        assert_eq!(tab.page.link(trouble), list);
        // What a customer is called stands on no list of what needs a person.
        tab.page.is_silent_about("customer.example");
        office.clock.advance(chrono::TimeDelta::hours(1));
        tab.open("/console").await;
        tab.page.says("1 h ago");
    }
}
