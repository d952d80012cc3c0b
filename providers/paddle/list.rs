//! Events, whether a destination was told of them or not:
//! <https://developer.paddle.com/api-reference/events/list-events>

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::ask::{Ask, Auth};
use crate::list::{List, Page, Stretch, escaped};
use crate::read::{self, Id, Unread};

/// The secret setting with the API key.
pub(super) const API_KEY: &str = "api_key";

pub(super) const BASE: &str = "https://api.paddle.com";

pub(super) static LIST: List = List {
    title: "GET /events",
    reach: TimeDelta::days(90),
    skips: &[],
    own_host: false,
    ask,
    page,
};

#[derive(Deserialize)]
struct Answer {
    data: Vec<Box<RawValue>>,
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    pagination: Pagination,
}

#[derive(Deserialize)]
struct Pagination {
    has_more: bool,
}

#[derive(Deserialize)]
struct Head {
    event_id: Id,
    occurred_at: String,
}

/// It cannot be asked by time: newest first, until what comes is too old.
fn ask(stretch: &Stretch<'_>) -> Result<Ask, Unread> {
    let mut path = "/events?per_page=100&order_by=id%5BDESC%5D".to_owned();
    if let Some(last) = stretch.cursor {
        path = format!("{path}&after={}", escaped(last));
    }
    Ok(Ask::get("events", BASE, path, Auth::Bearer(API_KEY)))
}

fn page(answer: &[u8], stretch: &Stretch<'_>) -> Result<Page, Unread> {
    let Answer { data, meta } = read::json(answer)?;
    let (mut wanted, mut next) = (Vec::new(), None);
    for event in data {
        let head: Head = read::json(event.get().as_bytes())?;
        let at = read::rfc3339("occurred_at", &head.occurred_at)?;
        next = Some(head.event_id.into()).filter(|_| at >= stretch.since);
        if stretch.holds(at) {
            wanted.push(event);
        }
    }
    Ok(Page::of(&wanted, next.filter(|_| meta.pagination.has_more)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::tests::{path, told};

    fn answer(times: &[&str], more: bool) -> String {
        let events = times.iter().enumerate().map(|(place, time)| {
            format!(r#"{{"event_id":"evt_{place}","occurred_at":"{time}","data":{{}}}}"#)
        });
        let events: Vec<String> = events.collect();
        format!(
            r#"{{"data":[{}],"meta":{{"pagination":{{"has_more":{more}}}}}}}"#,
            events.join(",")
        )
    }

    #[test]
    fn the_list_is_read_from_its_head_until_it_is_too_old() {
        assert!(path(&LIST, Some("evt_1")).ends_with("order_by=id%5BDESC%5D&after=evt_1"));
        let later = "2026-03-02T00:00:01Z";
        let (events, next) = told(&LIST, &answer(&[later, "2026-03-01T10:00:00Z"], true));
        assert_eq!(events.len(), 1, "what comes after the time asked for is left out");
        assert_eq!(next.as_deref(), Some("evt_1"));
        let old = answer(&["2026-03-01T10:00:00Z", "2026-02-28T23:59:59Z"], true);
        let (events, next) = told(&LIST, &old);
        assert_eq!((events.len(), next), (1, None));
        assert_eq!(told(&LIST, &answer(&["2026-03-01T10:00:00Z"], false)).1, None);
    }
}
