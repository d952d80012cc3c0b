//! Events of the last thirty days, of the first webhook that is configured there:
//! <https://developer.fastspring.com/reference/get-unprocessed-events>
//!
//! An answer holds 25 events, says whether there are more, and not how to ask for them. So the time
//! is halved until all of it fits. What was never acknowledged and what was stand in two lists; the
//! second holds what was lost here after its 200 (a database that was restored).

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::ask::{Ask, Auth};
use crate::list::{List, Page, Stretch};
use crate::read::{self, Unread};

/// The setting with the user of the API, and the secret one with the password.
pub(super) const API_USER: &str = "api_user";
pub(super) const API_PASSWORD: &str = "api_password";

const BASE: &str = "https://api.fastspring.com";

/// More than 25 events within that many milliseconds cannot be told apart.
const SPAN_MS_MIN: i64 = 2;

pub(super) static LIST: List = List {
    title: "GET /events/unprocessed and /events/processed",
    // A second less than FastSpring refuses: its clock is not ours.
    reach: TimeDelta::seconds(30 * 24 * 3600 - 60),
    skips: &[],
    own_host: false,
    ask,
    page,
};

#[derive(Deserialize)]
struct Answer {
    events: Vec<Box<RawValue>>,
    #[serde(default)]
    more: Option<More>,
    #[serde(default, rename = "nextPage")]
    next_page: Option<serde_json::Value>,
}

/// «More», in whatever form.
#[derive(Deserialize)]
#[serde(untagged)]
enum More {
    Said(bool),
    Otherwise(serde_json::Value),
}

/// A part of the time in one of the two lists; written `unprocessed:BEGIN-END`.
struct Part {
    list: String,
    begin: i64,
    end: i64,
}

fn ask(stretch: &Stretch<'_>) -> Result<Ask, Unread> {
    let parts = parts(stretch)?;
    let Some(Part { list, begin, end }) = parts.first() else {
        return Err(Unread::value("cursor", "there is nothing left to ask for"));
    };
    let path = format!("/events/{list}?begin={begin}&end={end}");
    Ok(Ask::get("events", BASE, path, Auth::Basic { user: API_USER, password: API_PASSWORD }))
}

fn page(answer: &[u8], stretch: &Stretch<'_>) -> Result<Page, Unread> {
    let answer: Answer = read::json(answer)?;
    let mut rest = parts(stretch)?;
    let asked = if rest.is_empty() { None } else { Some(rest.remove(0)) };
    if answer.goes_on()
        && let Some(Part { list, begin, end }) = asked
    {
        let middle = begin + (end - begin) / 2;
        if end - begin < SPAN_MS_MIN {
            return Err(Unread::value("more", "too many events at one moment"));
        }
        rest.insert(0, Part { list: list.clone(), begin: middle, end });
        rest.insert(0, Part { list, begin, end: middle });
    }
    // What is told of here stands in the halves too; known again by its id.
    let next: Vec<String> = rest.iter().map(Part::written).collect();
    let next = Some(next.join(" ")).filter(|next| !next.is_empty());
    Ok(Page::of_events(&answer.events, next))
}

/// What is still to be asked for.
fn parts(stretch: &Stretch<'_>) -> Result<Vec<Part>, Unread> {
    let Some(cursor) = stretch.cursor else {
        let (begin, end) = (stretch.since.timestamp_millis(), stretch.until.timestamp_millis());
        let part = |list: &str| Part { list: list.to_owned(), begin, end };
        return Ok(vec![part("unprocessed"), part("processed")]);
    };
    let part = |text: &str| {
        let (list, span) = text.split_once(':')?;
        let (begin, end) = span.split_once('-')?;
        Some(Part { list: list.to_owned(), begin: begin.parse().ok()?, end: end.parse().ok()? })
    };
    let parts: Option<Vec<Part>> = cursor.split(' ').map(part).collect();
    parts.ok_or_else(|| Unread::value("cursor", "not one of this list"))
}

impl Part {
    fn written(&self) -> String {
        format!("{}:{}-{}", self.list, self.begin, self.end)
    }
}

impl Answer {
    fn goes_on(&self) -> bool {
        let more = match &self.more {
            None => false,
            Some(More::Said(said)) => *said,
            Some(More::Otherwise(value)) => !value.is_null(),
        };
        more || self.next_page.as_ref().is_some_and(|page| !page.is_null())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::tests::{a_day, path, told};

    #[test]
    fn both_lists_are_asked_and_the_time_is_halved_where_there_is_more() {
        let (begin, end) = (1_772_323_200_000_i64, 1_772_409_600_000_i64);
        assert_eq!(path(&LIST, None), format!("/events/unprocessed?begin={begin}&end={end}"));
        let (events, next) = told(&LIST, r#"{"events":[{"id":"e1"}],"nextPage":null}"#);
        assert_eq!(events, [r#"{"events":[{"id":"e1"}]}"#]);
        assert_eq!(next.as_deref(), Some(format!("processed:{begin}-{end}").as_str()));

        let (_, next) = told(&LIST, r#"{"events":[],"more":true}"#);
        let next = next.unwrap();
        let middle = begin + 43_200_000;
        assert_eq!(
            next,
            format!(
                "unprocessed:{begin}-{middle} unprocessed:{middle}-{end} processed:{begin}-{end}"
            )
        );
        assert_eq!(
            path(&LIST, Some(&next)),
            format!("/events/unprocessed?begin={begin}&end={middle}")
        );
        let last = format!("processed:{begin}-{end}");
        let page = (LIST.page)(br#"{"events":[]}"#, &a_day(Some(&last))).unwrap();
        assert_eq!(page.next, None);
    }

    #[test]
    fn a_moment_is_not_halved_for_ever() {
        let crowded = (LIST.page)(br#"{"events":[],"more":true}"#, &a_day(Some("processed:5-6")));
        assert!(crowded.is_err());
        assert!((LIST.ask)(&a_day(Some("elsewhere"))).is_err());
    }
}
