//! What stands around every event.
//!
//! `{"event_id", "event_type", "occurred_at", "notification_id", "data"}`. A replay by the
//! dashboard or the API keeps `event_id` and has a new `notification_id`, so only the type and
//! `data` are the content by which a repetition is compared.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::read::{self, Envelope, Id, Unread};

/// Events of Paddle's simulator. Nothing else tells test from live: the sandbox is another
/// account with secrets of its own.
const SIMULATED: [&str; 2] = ["ntfsimevt_", "ntfsimntf_"];

#[derive(Deserialize)]
struct Frame {
    event_id: Id,
    event_type: Id,
    occurred_at: String,
    notification_id: Option<String>,
    data: Box<RawValue>,
}

/// The one event of a delivery.
///
/// # Errors
/// [`Unread`] where a part of the frame is missing, or the time is no time: nothing of an event
/// may be dated by its arrival, since Paddle sends in any order.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let frame: Frame = read::json(body)?;
    let simulated = [Some(frame.event_id.as_str()), frame.notification_id.as_deref()]
        .into_iter()
        .flatten()
        .any(|id| SIMULATED.iter().any(|prefix| id.starts_with(prefix)));
    let content =
        [frame.event_type.as_str().as_bytes(), b"\n", &read::compact(frame.data.get())].concat();
    Ok(Envelope {
        occurred_at: Some(read::rfc3339("occurred_at", &frame.occurred_at)?),
        live: simulated.then_some(false),
        body: body.to_vec(),
        content: Some(content),
        recurs: false,
        id: Some(frame.event_id.into()),
        event_type: frame.event_type.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(event: &str, notification: &str) -> Envelope {
        let body = format!(
            r#"{{"data":{{"id":"ctm_01kw","name":"J\u00fcrgen"}},"event_id":"{event}","event_type":"customer.updated","occurred_at":"2025-10-09T08:53:20.125Z","notification_id":"{notification}"}}"#
        );
        envelope(body.as_bytes()).unwrap()
    }

    #[test]
    fn a_replay_has_a_new_notification_id_and_the_same_content() {
        let (first, again) = (told("evt_01kw", "ntf_01kw"), told("evt_01kw", "ntf_02kw"));
        assert_ne!(first.body, again.body);
        assert_eq!((&first.id, &first.content), (&again.id, &again.content));
        assert_eq!(
            first.content.unwrap(),
            b"customer.updated\n{\"id\":\"ctm_01kw\",\"name\":\"J\\u00fcrgen\"}"
        );
    }

    #[test]
    fn only_the_simulator_is_known_as_not_live() {
        assert_eq!(told("evt_01kw", "ntf_01kw").live, None);
        assert_eq!(told("ntfsimevt_01kw", "ntfsimntf_01kw").live, Some(false));
        assert_eq!(told("evt_01kw", "ntfsimntf_01kw").live, Some(false));
    }

    #[test]
    fn a_frame_without_its_id_or_with_an_impossible_time_is_refused() {
        for (body, path) in [
            (r#"{"event_id":"","event_type":"a.b","occurred_at":"x","data":1}"#, "event_id"),
            (r#"{"event_type":"a.b","occurred_at":"2025-10-09T08:53:20Z","data":1}"#, "."),
            (r#"{"event_id":"e","event_type":"a.b","occurred_at":"soon","data":1}"#, "occurred_at"),
            (
                r#"{"event_id":"e","event_type":"a.b","occurred_at":"1969-12-31T23:59:59Z","data":1}"#,
                "occurred_at",
            ),
        ] {
            match envelope(body.as_bytes()).unwrap_err() {
                Unread::Content { path: at, .. } | Unread::Value { path: at, .. } => {
                    assert_eq!(at, path, "{body}");
                }
                Unread::Format(text) => panic!("{text}"),
            }
        }
    }
}
