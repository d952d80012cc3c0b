//! Webhooks as they were sent, form and all:
//! <https://developers.maxio.com/http/advanced-billing-api/api-endpoints/webhooks/list-webhooks>

use chrono::TimeDelta;
use serde::Deserialize;

use super::{API_KEY, NO_HOST};
use crate::ask::{Ask, Auth};
use crate::list::{List, Page, Stretch};
use crate::read::{self, Unread};

/// As many as may be asked for; forms are a few thousand bytes.
const PAGE: usize = 100;

pub(super) static LIST: List = List {
    title: "GET /webhooks.json",
    reach: TimeDelta::days(90),
    skips: &[],
    own_host: true,
    ask,
    page,
};

#[derive(Deserialize)]
struct Element {
    webhook: Webhook,
}

#[derive(Deserialize)]
struct Webhook {
    created_at: String,
    body: String,
}

/// By whole days, and by the number of the page.
fn ask(stretch: &Stretch<'_>) -> Result<Ask, Unread> {
    let number = number(stretch)?;
    // Days there are those of New York.
    let day = (stretch.since - TimeDelta::hours(12)).format("%Y-%m-%d");
    let path =
        format!("/webhooks.json?per_page={PAGE}&order=oldest_first&since_date={day}&page={number}");
    Ok(Ask::get("webhooks", NO_HOST, path, Auth::BasicUser { user: API_KEY, password: "x" }))
}

fn page(answer: &[u8], stretch: &Stretch<'_>) -> Result<Page, Unread> {
    let webhooks: Vec<Element> = read::json(answer)?;
    let next = (webhooks.len() >= PAGE).then_some(number(stretch)? + 1);
    let mut deliveries = Vec::new();
    for Element { webhook } in webhooks {
        if stretch.holds(read::iso8601("webhook.created_at", &webhook.created_at)?) {
            deliveries.push(webhook.body.into_bytes());
        }
    }
    Ok(Page { deliveries, next: next.map(|next| next.to_string()) })
}

fn number(stretch: &Stretch<'_>) -> Result<u32, Unread> {
    let number = stretch.cursor.unwrap_or("1").parse().ok();
    number.ok_or_else(|| Unread::value("cursor", "not the number of a page"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::tests::{a_day, path, told};

    #[test]
    fn pages_follow_each_other_by_their_number_until_one_is_not_full() {
        assert_eq!(
            path(&LIST, Some("3")),
            "/webhooks.json?per_page=100&order=oldest_first&since_date=2026-02-28&page=3"
        );
        let one = r#"{"webhook":{"created_at":"2026-03-01T05:00:00-05:00","body":"id=1&event=x"}}"#;
        let old = r#"{"webhook":{"created_at":"2026-02-28T05:00:00-05:00","body":"id=0&event=x"}}"#;
        assert_eq!(told(&LIST, &format!("[{old},{one}]")), (vec!["id=1&event=x".into()], None));
        let full = format!("[{}]", vec![one; 100].join(","));
        let page = (LIST.page)(full.as_bytes(), &a_day(Some("3"))).unwrap();
        assert_eq!((page.deliveries.len(), page.next.as_deref()), (100, Some("4")));
        assert!((LIST.ask)(&a_day(Some("x"))).is_err());
    }
}
