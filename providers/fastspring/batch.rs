//! A delivery to its events: `{"events": [...]}`, often one, at times many and mixed.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::read::{self, Envelope, Reading, Unread};

/// The type under which an element is kept that is not an event.
pub(super) const UNKNOWN: &str = "unknown";

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Head {
    id: String,
    #[serde(rename = "type")]
    event_type: String,
    /// Unix milliseconds.
    created: i64,
    live: bool,
    data: Box<RawValue>,
}

/// The events of a batch, each with its exact slice of the delivery.
///
/// # Errors
/// [`Unread::Content`] where it is not `{"events": [...]}`.
pub(super) fn envelopes(body: &[u8]) -> Result<Vec<Envelope>, Unread> {
    let text = std::str::from_utf8(body).map_err(|_| Unread::Content {
        path: ".".to_owned(),
        message: "the body is not UTF-8".to_owned(),
    })?;
    let batch: Batch<'_> = serde_json::from_str(text).map_err(|_| Unread::Content {
        path: "events".to_owned(),
        message: "expected an object with a list of events".to_owned(),
    })?;
    Ok(batch.events.iter().map(|element| envelope(element.get())).collect())
}

/// Whatever is no event is kept as it is, so that it stops no other one of its batch.
fn envelope(element: &str) -> Envelope {
    understood(element).unwrap_or_else(|| Envelope {
        id: salvaged_id(element),
        event_type: UNKNOWN.to_owned(),
        occurred_at: None,
        live: None,
        body: element.as_bytes().to_vec(),
        content: None,
        recurs: false,
    })
}

/// What is wrong with an element that was kept as unknown; nothing where FastSpring itself
/// names a type so.
pub(super) fn read_unknown(element: &[u8]) -> Reading {
    let head: Head = read::json(element)?;
    read::unix_ms("created", head.created).map(|_| vec![])
}

fn understood(element: &str) -> Option<Envelope> {
    let head: Head = serde_json::from_str(element).ok()?;
    let occurred_at = read::unix_ms("created", head.created).ok()?;
    // Beside these, `processed` may change from one delivery to the next.
    let content = read::compact(head.data.get());
    let content = [head.event_type.as_bytes(), b"\n", &content].concat();
    Some(Envelope {
        id: Some(head.id).filter(|id| !id.is_empty()),
        event_type: head.event_type,
        occurred_at: Some(occurred_at),
        live: Some(head.live),
        body: element.as_bytes().to_vec(),
        content: Some(content),
        recurs: false,
    })
}

/// Without its id FastSpring could not be told that the element has arrived.
fn salvaged_id(element: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    serde_json::from_str(element).ok().map(|named: Named| named.id).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(body: &str) -> Vec<(Option<String>, String)> {
        let envelopes = envelopes(body.as_bytes()).unwrap();
        envelopes.into_iter().map(|envelope| (envelope.id, envelope.event_type)).collect()
    }

    #[test]
    fn each_event_keeps_the_bytes_that_were_sent() {
        let element = r#"{ "id":"e1", "type":"order.completed","created":1760000000000,
            "live":true, "processed":false, "data":{"id": "o1",  "total": 10.0} }"#;
        let [envelope] = envelopes(format!(r#"{{"events": [ {element} ]}}"#).as_bytes())
            .unwrap()
            .try_into()
            .unwrap();
        assert_eq!(envelope.body, element.as_bytes());
        assert_eq!(envelope.live, Some(true));
        assert_eq!(envelope.occurred_at.unwrap().to_rfc3339(), "2025-10-09T08:53:20+00:00");
    }

    #[test]
    fn a_retry_that_counts_as_processed_has_the_same_content() {
        let sent = |processed: bool, data: &str| {
            let body = format!(
                r#"{{"events":[{{"id":"e1","type":"t","created":1,"live":true,"processed":{processed},"data":{data}}}]}}"#
            );
            envelopes(body.as_bytes()).unwrap().remove(0).content
        };
        assert_eq!(sent(false, r#"{"id":"o1"}"#), sent(true, r#"{"id":"o1"}"#));
        assert_ne!(sent(false, r#"{"id":"o1"}"#), sent(false, r#"{"id":"o2"}"#));
    }

    #[test]
    fn a_bad_element_stops_no_other() {
        let body = r#"{"events":[
            {"id":"e1","type":"order.completed","created":1760000000000,"live":true,"data":{}},
            {"id":"e2","type":"order.completed","created":"today","live":true,"data":{}},
            {"id":"e3","type":"order.completed","created":-5,"live":true,"data":{}},
            {"id":"e4","type":"order.completed","created":1760000000000,"data":{}},
            17,
            {"id":"e5","type":"return.created","created":1760000000000,"live":true,"data":{}}
        ]}"#;
        let some = |id: &str, event_type: &str| (Some(id.to_owned()), event_type.to_owned());
        assert_eq!(
            kinds(body),
            [
                some("e1", "order.completed"),
                some("e2", UNKNOWN),
                some("e3", UNKNOWN),
                some("e4", UNKNOWN),
                (None, UNKNOWN.to_owned()),
                some("e5", "return.created"),
            ]
        );
    }

    #[test]
    fn a_bad_element_says_what_is_wrong_with_it() {
        let wrong = |element: &[u8]| read_unknown(element).unwrap_err().to_string();
        let created = br#"{"id":"e2","type":"t","created":"today","live":true,"data":{}}"#;
        assert!(wrong(created).ends_with("(at created)"), "{}", wrong(created));
        let data = br#"{"id":"e2","type":"t","created":1,"live":true}"#;
        assert!(wrong(data).contains("missing field `data`"), "{}", wrong(data));
        let early = br#"{"id":"e2","type":"t","created":-5,"live":true,"data":{}}"#;
        assert!(wrong(early).contains("between 1970 and 9999"), "{}", wrong(early));
        assert!(read_unknown(b"17").is_err());
    }

    #[test]
    fn what_is_no_batch_is_refused_as_a_whole() {
        for body in ["", "[]", "{}", r#"{"events":{}}"#, r#"{"events":[1"#, "\u{feff}{}"] {
            assert!(envelopes(body.as_bytes()).is_err(), "{body:?}");
        }
        assert!(envelopes(b"{\"events\":[\xff]}").is_err());
        assert_eq!(envelopes(br#"{"events":[]}"#), Ok(vec![]));
    }
}
