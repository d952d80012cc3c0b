//! The frame around every event: <https://docs.stripe.com/api/events/object>

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::read::{self, Envelope, Settings, Unread};

/// The setting that names a connected account.
pub(super) const ACCOUNT: &str = "account";

/// One delivery carries one event, thin or not.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let frame: Frame<'_> = read::json(body)?;
    let occurred_at = frame.created.as_ref().map(Created::time).transpose()?;
    let content = frame.content();
    Ok(Envelope {
        id: Some(frame.id),
        event_type: frame.event_type,
        occurred_at,
        live: frame.livemode,
        body: body.to_owned(),
        content: Some(content),
        recurs: false,
    })
}

/// Is this an event that may be read: a snapshot, of this account? `Ok(false)`: it belongs to
/// another connected account than the one that is configured.
pub(super) fn is_ours(body: &[u8], settings: &Settings) -> Result<bool, Unread> {
    let frame: Frame<'_> = read::json(body)?;
    if frame.object.as_deref().is_some_and(|object| object.starts_with("v2.")) {
        return Err(Unread::Format(THIN.to_owned()));
    }
    match (frame.account, settings.get(ACCOUNT)) {
        (None, None) => Ok(true),
        (Some(account), Some(taken)) => Ok(account == *taken),
        // Whoever connects an account to a platform chooses its prices and metadata.
        (Some(_), None) => Err(Unread::value(
            "account",
            "the event is of a connected account; name the one to take as `account` in keywright.toml",
        )),
        (None, Some(_)) => Err(Unread::value(
            "account",
            "the event is of the platform itself, but `account` in keywright.toml names a connected one",
        )),
    }
}

const THIN: &str = "this is a thin event (v2.core.event), which carries no data; in Workbench, \
                    create an event destination with the payload style Snapshot for this address";

#[derive(Deserialize)]
struct Frame<'a> {
    id: String,
    object: Option<String>,
    #[serde(rename = "type")]
    event_type: String,
    created: Option<Created>,
    livemode: Option<bool>,
    account: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Unix seconds; in a thin event RFC 3339.
#[derive(Deserialize)]
#[serde(untagged, expecting = "unix seconds, or a time as in RFC 3339")]
enum Created {
    Seconds(i64),
    Text(String),
}

impl Created {
    fn time(&self) -> Result<DateTime<Utc>, Unread> {
        match self {
            Self::Seconds(seconds) => read::unix("created", *seconds),
            Self::Text(text) => read::rfc3339("created", text),
        }
    }
}

impl Frame<'_> {
    /// All that is acted upon. Left out is what counts deliveries (`pending_webhooks`): it
    /// differs between the first attempt and a later one of the same event.
    fn content(&self) -> Vec<u8> {
        let created = match &self.created {
            Some(Created::Seconds(seconds)) => seconds.to_string(),
            Some(Created::Text(text)) => text.clone(),
            None => String::new(),
        };
        let account = self.account.as_deref().unwrap_or_default();
        let live = self.livemode.map_or(String::new(), |live| live.to_string());
        let data = self.data.as_ref().map_or(Vec::new(), |data| read::compact(data.get()));
        let told = [&self.event_type, &created, &live, account, ""].join("\n");
        [told.as_bytes(), &data].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLATFORM: &[u8] = br#"{"id":"evt_1","object":"event","type":"invoice.paid","created":1}"#;
    const CONNECTED: &[u8] =
        br#"{"id":"evt_1","object":"event","type":"invoice.paid","created":1,"account":"acct_1"}"#;

    fn account(name: &str) -> Settings {
        Settings::from([(ACCOUNT.to_owned(), name.to_owned())])
    }

    #[test]
    fn a_second_attempt_has_another_counter_and_the_same_content() {
        let event = |pending: u32, amount: u32| {
            let body = format!(
                r#"{{"id":"evt_1","object":"event","type":"invoice.paid","created":1760000000,
                    "livemode":true,"pending_webhooks":{pending},
                    "data":{{"object":{{"amount_paid":{amount}}}}}}}"#
            );
            envelope(body.as_bytes()).unwrap()
        };
        assert_ne!(event(2, 100).body, event(1, 100).body);
        assert_eq!(event(2, 100).content, event(1, 100).content);
        assert_ne!(event(2, 100).content, event(2, 900).content);
    }

    #[test]
    fn events_of_connected_accounts_are_taken_only_where_one_is_named() {
        assert_eq!(is_ours(PLATFORM, &Settings::new()), Ok(true));
        assert_eq!(is_ours(CONNECTED, &account("acct_1")), Ok(true));
        assert_eq!(is_ours(CONNECTED, &account("acct_2")), Ok(false));
        assert!(is_ours(CONNECTED, &Settings::new()).is_err());
        assert!(is_ours(PLATFORM, &account("acct_1")).is_err());
    }

    #[test]
    fn a_time_beyond_the_calendar_is_refused() {
        let body = br#"{"id":"evt_1","type":"invoice.paid","created":253402300800}"#;
        assert!(matches!(envelope(body), Err(Unread::Value { .. })));
    }
}
