//! Events of the last thirty days: <https://docs.stripe.com/api/events/list>

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::envelope::ACCOUNT;
use crate::ask::{Ask, Auth};
use crate::list::{List, Page, Stretch, escaped};
use crate::read::{self, Id, Unread};

/// The secret setting with the API key.
pub(super) const API_KEY: &str = "api_key";

pub(super) const BASE: &str = "https://api.stripe.com";

/// Events of the largest objects still fit into one answer.
const PAGE: usize = 50;

pub(super) static LIST: List = List {
    title: "GET /v1/events",
    reach: TimeDelta::days(30),
    // The list holds both tellings of a refund, ticked or not. The running total of this one
    // cannot be told when one refund fails later, so `refund.*` alone is taken.
    skips: &["charge.refunded"],
    own_host: false,
    ask,
    page,
};

#[derive(Deserialize)]
struct Answer {
    data: Vec<Box<RawValue>>,
    has_more: bool,
}

#[derive(Deserialize)]
struct Named {
    id: Id,
}

fn ask(stretch: &Stretch<'_>) -> Result<Ask, Unread> {
    if stretch.settings.contains_key(ACCOUNT) {
        return Err(Unread::Format(
            "events of a connected account (`account`) are not listed under the platform's key; \
             send them again from Stripe's dashboard, or compare with an export (--file)"
                .to_owned(),
        ));
    }
    let (since, until) = (stretch.since.timestamp(), stretch.until.timestamp());
    let mut path =
        format!("/v1/events?limit={PAGE}&created%5Bgte%5D={since}&created%5Blte%5D={until}");
    if let Some(last) = stretch.cursor {
        path = format!("{path}&starting_after={}", escaped(last));
    }
    Ok(Ask::get("events", BASE, path, Auth::Bearer(API_KEY)))
}

/// Newest first; the last one of a page leads to the next.
fn page(answer: &[u8], _: &Stretch<'_>) -> Result<Page, Unread> {
    let answer: Answer = read::json(answer)?;
    let last = answer.data.last().filter(|_| answer.has_more);
    let next = last.map(|last| read::json::<Named>(last.get().as_bytes())).transpose()?;
    Ok(Page::of(&answer.data, next.map(|named| named.id.into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::tests::{a_day, path, told};
    use crate::read::Settings;

    #[test]
    fn pages_follow_each_other_by_the_last_event() {
        assert_eq!(
            path(&LIST, None),
            "/v1/events?limit=50&created%5Bgte%5D=1772323200&created%5Blte%5D=1772409600"
        );
        assert!(path(&LIST, Some("evt_2")).ends_with("1772409600&starting_after=evt_2"));
        let answer =
            r#"{"object":"list","data":[{"id":"evt_1"}, {"id": "evt_2"}],"has_more":true}"#;
        let (events, next) = told(&LIST, answer);
        assert_eq!(events, [r#"{"id":"evt_1"}"#, r#"{"id": "evt_2"}"#]);
        assert_eq!(next.as_deref(), Some("evt_2"));
        assert_eq!(told(&LIST, r#"{"data":[{"id":"evt_1"}],"has_more":false}"#).1, None);
        assert_eq!(told(&LIST, r#"{"data":[],"has_more":true}"#), (vec![], None));
    }

    #[test]
    fn a_connected_account_has_no_list() {
        let settings = Settings::from([(ACCOUNT.to_owned(), "acct_1".to_owned())]);
        let refused = (LIST.ask)(&Stretch { settings: &settings, ..a_day(None) }).unwrap_err();
        assert!(refused.to_string().contains("--file"), "{refused}");
    }
}
