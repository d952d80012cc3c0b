//! What pages can be about in this store.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use keywright::store::rows::{EventFilter, LicenseFilter, MailFilter};
use keywright::store::types::MailStatus;
use keywright::support::view::{EventView, LicenseView, MailView};

use crate::town::{RESELLER, Town};

/// Words that stand in addresses as `{word}`, and what they mean here.
#[derive(Debug, Clone)]
pub(crate) struct Known(BTreeMap<&'static str, String>);

impl Known {
    pub(crate) async fn of(town: &Town, now: DateTime<Utc>) -> Self {
        let ago = |days| (now - TimeDelta::days(days)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut words = BTreeMap::from([
            ("day_ago", ago(1)),
            ("two_days_ago", ago(2)),
            ("month_ago", ago(30)),
            ("hundred_days_ago", ago(100)),
            ("half_a_year_ago", ago(180)),
            ("199_days_ago", ago(199)),
            ("200_days_ago", ago(200)),
            ("300_days_ago", ago(300)),
            ("year_ago", ago(364)),
            ("ages_ago", ago(3_000)),
        ]);
        events(town, &mut words).await;
        licenses(town, &mut words).await;
        for (word, status) in [
            ("mail", MailStatus::Sent),
            ("queued_mail", MailStatus::Queued),
            ("failed_mail", MailStatus::Failed),
        ] {
            words.insert(word, mail(town, status).await.id);
        }
        Self(words)
    }

    /// The address with everything that it names.
    pub(crate) fn fill(&self, address: &str) -> String {
        let fill = |address: String, (word, meant): (&&str, &String)| {
            address.replace(&format!("{{{word}}}"), meant)
        };
        let filled = self.0.iter().fold(address.to_owned(), fill);
        assert!(!filled.contains('{'), "{filled}: there is no such word");
        filled
    }

    pub(crate) fn word(&self, word: &str) -> &str {
        &self.0[word]
    }
}

async fn events(town: &Town, words: &mut BTreeMap<&'static str, String>) {
    let newest = event(town, EventFilter::default(), None).await;
    let oldest = event(town, EventFilter::default(), Some(2)).await;
    // Of all lists that go by numbers.
    words.insert("middle", (newest.id.parse::<i64>().unwrap() / 2).to_string());
    words.insert("newest", newest.id);
    words.insert("oldest", oldest.id);
    words.insert("provider_event", oldest.provider_event_id.unwrap());
}

async fn licenses(town: &Town, words: &mut BTreeMap<&'static str, String>) {
    let newest = town.support.license_list(LicenseFilter::default(), None, 200).await.unwrap();
    let ordinary = |one: &LicenseView| {
        one.order.is_some() && one.customer.email.as_deref().is_some_and(|email| email != RESELLER)
    };
    let license = newest.items.into_iter().find(ordinary).unwrap();
    words.insert("email", license.customer.email.unwrap());
    words.insert("order", license.order.unwrap());
    words.insert("key", license.key);
    words.insert("license", license.id);
    words.insert("resold", town.newest_license(RESELLER).await.id);
    for (tag, [license, sale, of_sale, email]) in [
        ("longlife", ["long_life", "long_life_sale", "long_life_event", "long_life_email"]),
        (
            "largeorder",
            ["large_order", "large_order_sale", "large_order_event", "large_order_email"],
        ),
    ] {
        let address = Town::address(tag);
        let found = town.newest_license(&address).await;
        let sale_id = town.support.license(&found.id).await.unwrap().license.sale_id;
        let filter = EventFilter { sale_id: sale_id.parse().ok(), ..EventFilter::default() };
        words.insert(of_sale, event(town, filter, None).await.id);
        words.insert(sale, sale_id);
        words.insert(license, found.id);
        words.insert(email, address);
    }
}

/// The newest of these, below the cursor.
async fn event(town: &Town, filter: EventFilter, cursor: Option<i64>) -> EventView {
    town.support.event_list(filter, cursor, 1).await.unwrap().items.remove(0)
}

async fn mail(town: &Town, status: MailStatus) -> MailView {
    let filter = MailFilter { status: Some(status), ..MailFilter::default() };
    town.support.mail_list(filter, None, 1).await.unwrap().items.remove(0)
}
