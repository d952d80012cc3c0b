//! Events of the app, as its webhooks carry them:
//! <https://developer.paypal.com/docs/api/webhooks/v1/#webhooks-events_list>

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::payload::Link;
use super::read::auth;
use crate::ask::Ask;
use crate::list::{List, Page, Stretch};
use crate::read::{self, Unread};

const BASE: &str = "https://api-m.paypal.com";
const PATH: &str = "/v1/notifications/webhooks-events?";

pub(super) static LIST: List = List {
    title: "GET /v1/notifications/webhooks-events",
    reach: TimeDelta::days(30),
    skips: &[],
    own_host: false,
    ask,
    page,
};

#[derive(Deserialize)]
struct Answer {
    events: Vec<Box<RawValue>>,
    #[serde(default)]
    links: Vec<Link>,
}

/// The cursor is the query of the next page, as PayPal writes it.
fn ask(stretch: &Stretch<'_>) -> Result<Ask, Unread> {
    let (since, until) = stretch.written();
    let path = match stretch.cursor {
        Some(query) => format!("{PATH}{query}"),
        None => format!("{PATH}page_size=50&start_time={since}&end_time={until}"),
    };
    Ok(Ask::get("events", BASE, path, auth()))
}

fn page(answer: &[u8], _: &Stretch<'_>) -> Result<Page, Unread> {
    let Answer { events, links } = read::json(answer)?;
    let next = links.iter().find(|link| link.rel == "next");
    let next = next.map(|link| query(&link.href)).transpose()?;
    Ok(Page::of(&events, next))
}

/// Of the address of the next page only the query is taken: it cannot lead to another host.
fn query(href: &str) -> Result<String, Unread> {
    let query = href.split_once(PATH).map(|(_, query)| query);
    let plain = |text: &&str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    let query = query.filter(plain);
    query.map(str::to_owned).ok_or_else(|| Unread::value("links", "the next page lies elsewhere"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::tests::{a_day, path, told};

    #[test]
    fn pages_follow_each_other_by_the_link_to_the_next() {
        assert_eq!(
            path(&LIST, None),
            "/v1/notifications/webhooks-events?page_size=50\
             &start_time=2026-03-01T00%3A00%3A00.000Z&end_time=2026-03-02T00%3A00%3A00.000Z"
        );
        let answer = r#"{"events":[{"id":"WH-1"}],"links":[
            {"href":"https://api.paypal.com/v1/notifications/webhooks-events?page_size=50","rel":"self"},
            {"href":"https://api.paypal.com/v1/notifications/webhooks-events?next=2","rel":"next"}]}"#;
        let (events, next) = told(&LIST, answer);
        assert_eq!(
            (events, next.as_deref()),
            (vec![r#"{"id":"WH-1"}"#.to_owned()], Some("next=2"))
        );
        assert_eq!(path(&LIST, Some("next=2")), "/v1/notifications/webhooks-events?next=2");
        assert_eq!(told(&LIST, r#"{"events":[],"count":0}"#), (vec![], None));
        let elsewhere =
            br#"{"events":[],"links":[{"href":"https://evil.example/?next=2","rel":"next"}]}"#;
        assert!((LIST.page)(elsewhere, &a_day(None)).is_err());
    }
}
