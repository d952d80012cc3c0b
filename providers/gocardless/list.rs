//! Events, as the webhooks carry them:
//! <https://developer.gocardless.com/api-reference/#events-list-events>

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::ask::{BASE, TOKEN, VERSION};
use crate::ask::{Ask, Auth};
use crate::list::{List, Page, Stretch, escaped};
use crate::read::{self, Unread};

pub(super) static LIST: List = List {
    title: "GET /events",
    reach: TimeDelta::days(180),
    skips: &[],
    own_host: false,
    ask,
    page,
};

#[derive(Deserialize)]
struct Answer {
    events: Vec<Box<RawValue>>,
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    cursors: Cursors,
}

#[derive(Deserialize)]
struct Cursors {
    after: Option<String>,
}

fn ask(stretch: &Stretch<'_>) -> Result<Ask, Unread> {
    let (since, until) = stretch.written();
    let mut path =
        format!("/events?limit=500&created_at%5Bgte%5D={since}&created_at%5Blte%5D={until}");
    if let Some(after) = stretch.cursor {
        path = format!("{path}&after={}", escaped(after));
    }
    let headers = vec![("GoCardless-Version", VERSION.to_owned())];
    Ok(Ask { headers, ..Ask::get("events", BASE, path, Auth::Bearer(TOKEN)) })
}

fn page(answer: &[u8], _: &Stretch<'_>) -> Result<Page, Unread> {
    let Answer { events, meta } = read::json(answer)?;
    Ok(Page::of_events(&events, meta.cursors.after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::tests::{path, told};

    #[test]
    fn pages_follow_each_other_by_their_cursor() {
        assert_eq!(
            path(&LIST, Some("EV2")),
            "/events?limit=500&created_at%5Bgte%5D=2026-03-01T00%3A00%3A00.000Z\
             &created_at%5Blte%5D=2026-03-02T00%3A00%3A00.000Z&after=EV2"
        );
        let answer =
            r#"{"events":[{"id":"EV1"}],"meta":{"cursors":{"before":null,"after":"EV1"}}}"#;
        let (events, next) = told(&LIST, answer);
        assert_eq!(events, [r#"{"events":[{"id":"EV1"}]}"#]);
        assert_eq!(next.as_deref(), Some("EV1"));
    }
}
