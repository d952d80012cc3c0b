//! The frame that Standard Webhooks recommends: `{"type", "timestamp", "data"}`. The id of the
//! event stands in a signed header.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use serde::Deserialize;

use super::values::{Id, Time};
use super::{Envelope, Unread, json};

/// What stands around the data of an event.
#[derive(Debug, Deserialize)]
pub struct StandardFrame {
    #[serde(rename = "type")]
    pub event_type: Id,
    /// When it happened. Not the time of the signature, which is that of the attempt.
    pub timestamp: Time,
}

impl StandardFrame {
    /// The one event of a delivery, under the id that its signature covers.
    ///
    /// # Errors
    /// [`Unread`] where a part of the frame is missing.
    pub fn envelope(id: Option<&str>, body: &[u8]) -> Result<Envelope, Unread> {
        let frame: Self = json(body)?;
        Ok(Envelope {
            id: id.map(str::to_owned),
            event_type: frame.event_type.into(),
            occurred_at: Some(frame.timestamp.0),
            live: None,
            body: body.to_vec(),
            content: None,
            recurs: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_dated_by_itself_and_known_by_its_signed_id() {
        let body = br#"{"type":"order.paid","timestamp":"2025-10-09T10:53:20+02:00","data":{}}"#;
        let envelope = StandardFrame::envelope(Some("msg_1"), body).unwrap();
        assert_eq!((envelope.id.as_deref(), &*envelope.event_type), (Some("msg_1"), "order.paid"));
        assert_eq!(envelope.occurred_at.unwrap().timestamp(), 1_760_000_000);
        for body in [r#"{"type":"","timestamp":"2025-10-09T08:53:20Z"}"#, r#"{"type":"a.b"}"#] {
            assert!(StandardFrame::envelope(None, body.as_bytes()).is_err(), "{body}");
        }
    }
}
