//! Events of the site: <https://apidocs.chargebee.com/docs/api/events#list_events>

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{API_KEY, NO_HOST};
use crate::ask::{Ask, Auth};
use crate::list::{List, Page, Stretch, escaped};
use crate::read::{self, Unread};

pub(super) static LIST: List = List {
    title: "GET /api/v2/events",
    reach: TimeDelta::days(90),
    skips: &[],
    own_host: true,
    ask,
    page,
};

#[derive(Deserialize)]
struct Answer {
    list: Vec<Element>,
    next_offset: Option<String>,
}

#[derive(Deserialize)]
struct Element {
    event: Box<RawValue>,
}

fn ask(stretch: &Stretch<'_>) -> Result<Ask, Unread> {
    // Both ends are left out by Chargebee.
    let (after, before) = (stretch.since.timestamp() - 1, stretch.until.timestamp() + 1);
    let mut path = format!(
        "/api/v2/events?limit=50&sort_by%5Basc%5D=occurred_at&occurred_at%5Bafter%5D={after}\
         &occurred_at%5Bbefore%5D={before}"
    );
    if let Some(offset) = stretch.cursor {
        path = format!("{path}&offset={}", escaped(offset));
    }
    Ok(Ask::get("events", NO_HOST, path, Auth::BasicUser { user: API_KEY, password: "" }))
}

fn page(answer: &[u8], _: &Stretch<'_>) -> Result<Page, Unread> {
    let Answer { list, next_offset } = read::json(answer)?;
    let events: Vec<Box<RawValue>> = list.into_iter().map(|element| element.event).collect();
    Ok(Page::of(&events, next_offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::tests::{path, told};

    #[test]
    fn pages_follow_each_other_by_the_offset_that_chargebee_gives() {
        assert_eq!(
            path(&LIST, Some(r#"["1517505747000","23"]"#)),
            "/api/v2/events?limit=50&sort_by%5Basc%5D=occurred_at\
             &occurred_at%5Bafter%5D=1772323199&occurred_at%5Bbefore%5D=1772409601\
             &offset=%5B%221517505747000%22%2C%2223%22%5D"
        );
        let answer = r#"{"list":[{"event":{"id":"ev_1"}}],"next_offset":"[\"15\",\"23\"]"}"#;
        let (events, next) = told(&LIST, answer);
        assert_eq!(events, [r#"{"id":"ev_1"}"#]);
        assert_eq!(next.as_deref(), Some(r#"["15","23"]"#));
        assert_eq!(told(&LIST, r#"{"list":[]}"#), (vec![], None));
    }
}
