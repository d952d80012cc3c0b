//! Lists of events at a provider's API: how they are asked for, page by page, as data. What they
//! hold is what the webhooks carry, under the same ids, so that what was missed can be pulled
//! and what comes late after that is known.
//!
//! Nobody signs a list. Its proof is that we asked: the provider's own host, by its name, over
//! TLS that shows who answers, with a credential that only the two of us have. So what is
//! verified here is what the shell's one client was answered, and nothing else may be given.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::value::RawValue;

use crate::ask::Ask;
use crate::read::{Envelope, Settings, Unread};
use crate::request::Request;
use crate::{Provider, scheme};

/// A list of what a provider sent, or would have sent.
#[derive(Debug)]
pub struct List {
    /// As its documentation names it: `GET /v1/events`.
    pub title: &'static str,
    /// How far back it reaches. What lies before that is not asked for.
    pub reach: TimeDelta,
    /// Event types that are understood and yet not taken from the list: those of which a webhook
    /// sends only what the vendor chose, while the list holds all.
    pub skips: &'static [&'static str],
    /// Has every vendor a host of its own there, which `api_url` must name?
    pub own_host: bool,
    /// How one page is asked for.
    ///
    /// # Errors
    /// [`Unread::Format`] where an account that is set up so has no list.
    pub ask: fn(&Stretch<'_>) -> Result<Ask, Unread>,
    /// What an answer holds.
    ///
    /// # Errors
    /// [`Unread`] where it is no page of this list.
    pub page: fn(&[u8], &Stretch<'_>) -> Result<Page, Unread>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Stretch<'a> {
    /// Those of the account.
    pub settings: &'a Settings,
    /// What happened at or after this,
    pub since: DateTime<Utc>,
    /// and not after that.
    pub until: DateTime<Utc>,
    /// [`Page::next`] of the page before; `None`: the first.
    pub cursor: Option<&'a str>,
}

impl Stretch<'_> {
    /// Lies it in the time that is asked for? For lists that cannot be asked so.
    #[must_use]
    pub fn holds(&self, at: DateTime<Utc>) -> bool {
        self.since <= at && at <= self.until
    }

    /// Its two ends to the millisecond, as they may stand in a query.
    pub(crate) fn written(&self) -> (String, String) {
        let written = |at: DateTime<Utc>| escaped(&at.to_rfc3339_opts(SecondsFormat::Millis, true));
        (written(self.since), written(self.until))
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Each in the form of a webhook's body: with the bytes of the answer where they are.
    pub deliveries: Vec<Vec<u8>>,
    /// What to ask on with; `None`: this was the last.
    pub next: Option<String>,
}

impl Page {
    /// A page of elements that are each a webhook's body.
    #[must_use]
    pub fn of(elements: &[Box<RawValue>], next: Option<String>) -> Self {
        let deliveries = elements.iter().map(|element| element.get().as_bytes().to_vec());
        Self { deliveries: deliveries.collect(), next }
    }

    /// The same where a webhook's body is `{"events": [...]}`: each becomes a body of its own.
    pub(crate) fn of_events(events: &[Box<RawValue>], next: Option<String>) -> Self {
        let bodies = events.iter();
        let bodies = bodies.map(|event| format!(r#"{{"events":[{}]}}"#, event.get()).into());
        Self { deliveries: bodies.collect(), next }
    }
}

/// The events of a delivery out of a list, with all that the adapter knows of them.
///
/// # Errors
/// [`Unread`] where it is no delivery of this provider.
pub fn envelopes(provider: &dyn Provider, delivery: &[u8]) -> Result<Vec<Envelope>, Unread> {
    provider.envelopes(&Request::post(&[], delivery), &scheme::listed(delivery))
}

/// Text as it may stand in a query.
pub(crate) fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~' | b'.') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&data_encoding::HEXUPPER.encode(&[byte]));
        }
        out
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    static NO_SETTINGS: Settings = Settings::new();

    /// A day, asked for from its beginning or on with a cursor.
    pub(crate) fn a_day(cursor: Option<&str>) -> Stretch<'_> {
        let since = "2026-03-01T00:00:00Z".parse().unwrap();
        let until = "2026-03-02T00:00:00Z".parse().unwrap();
        Stretch { settings: &NO_SETTINGS, since, until, cursor }
    }

    /// What a list reads out of an answer: deliveries as text, and how it goes on.
    pub(crate) fn told(list: &List, answer: &str) -> (Vec<String>, Option<String>) {
        let page = (list.page)(answer.as_bytes(), &a_day(None)).unwrap();
        let text = |delivery: Vec<u8>| String::from_utf8(delivery).unwrap();
        (page.deliveries.into_iter().map(text).collect(), page.next)
    }

    /// The path that a list is asked under.
    pub(crate) fn path(list: &List, cursor: Option<&str>) -> String {
        (list.ask)(&a_day(cursor)).unwrap().path
    }

    #[test]
    fn every_list_refuses_what_is_no_page_and_needs_a_credential() {
        let lists =
            crate::ALL.iter().filter_map(|provider| Some((provider, provider.facts().list?)));
        let mut kinds = Vec::new();
        for (provider, list) in lists {
            let facts = provider.facts();
            kinds.push(facts.kind);
            for broken in
                ["", "<html>", "null", "\"list\"", "{\"data\": 1, \"list\": 1, \"events\": 1}"]
            {
                let page = (list.page)(broken.as_bytes(), &a_day(None));
                assert!(page.is_err(), "{}: {broken}", facts.kind);
            }
            let ask = (list.ask)(&a_day(None)).unwrap();
            let settings = ask.auth.settings();
            assert!(!settings.is_empty(), "{}", facts.kind);
            for name in settings.into_iter().chain(["api_url"]) {
                let known = facts.settings.iter().any(|setting| setting.name == name);
                assert!(known, "{} has no setting {name}", facts.kind);
            }
            for skipped in list.skips {
                assert!(facts.events.contains(skipped), "{}: {skipped}", facts.kind);
            }
            assert!(ask.base.starts_with("https://") && ask.path.starts_with('/'));
            assert!(list.reach >= TimeDelta::days(7), "{}", facts.kind);
        }
        assert!(kinds.len() >= 7, "{kinds:?}");
    }

    #[test]
    fn what_stands_in_a_query_cannot_end_it() {
        assert_eq!(escaped("evt_1-a.~"), "evt_1-a.~");
        assert_eq!(escaped("[\"1\",\"a&b#\"]"), "%5B%221%22%2C%22a%26b%23%22%5D");
    }
}
