//! What stands in a message, and what it is known again by.

use chrono::{DateTime, Days, FixedOffset, Months, Utc};

use crate::read::{self, Envelope, Form, Id, Unread};

/// What PayPal writes where the message names no other.
const CHARSET: &str = "windows-1252";

/// Fields that differ where PayPal sends a message again.
const OF_THE_DELIVERY: [&str; 4] = ["verify_sign", "ipn_track_id", "resend", "notify_version"];

/// The fields of a message, in the encoding that it names itself.
pub(super) fn form(body: &[u8]) -> Result<Form, Unread> {
    let form = Form::parse_in(body, CHARSET)?;
    match form.get("charset")? {
        Some(charset) => Form::parse_in(body, charset),
        None => Ok(form),
    }
}

/// The one event of a message. Money that goes back is often told without a type; its status is
/// the type then.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let form = form(body)?;
    let (txn_type, txn_id) = (form.get("txn_type")?, form.get("txn_id")?);
    let status = form.get("payment_status")?;
    let event_type = match (status, txn_type) {
        (Some(status @ ("Refunded" | "Reversed" | "Canceled_Reversal")), _) => {
            status.to_ascii_lowercase()
        }
        (_, Some(txn_type)) => Id::new(txn_type)
            .ok_or_else(|| Unread::value("txn_type", "not the name of an event"))?
            .into(),
        (_, None) => "unknown".to_owned(),
    };
    let (case, track) = (form.get("case_id")?, form.get("ipn_track_id")?);
    let id = match (case, txn_id, status, track) {
        (Some(case), ..) => Some(format!("{event_type}/{case}")),
        (None, Some(txn_id), Some(status), _) => Some(format!("{txn_id}/{status}")),
        (None, Some(txn_id), None, _) => Some(format!("{event_type}/{txn_id}")),
        (None, None, _, Some(track)) => Some(format!("{event_type}/{track}")),
        (None, None, _, None) => None,
    };
    let mut content = String::new();
    for (name, value) in form.iter().filter(|(name, _)| !OF_THE_DELIVERY.contains(name)) {
        content.push_str(&format!("{name}={value}\n"));
    }
    Ok(Envelope {
        id,
        occurred_at: happened_at(&form)?,
        live: Some(form.get("test_ipn")? != Some("1")),
        body: body.to_vec(),
        content: Some(content.into_bytes()),
        recurs: false,
        event_type,
    })
}

/// A time that cannot be is as good as none: PayPal's simulators send some.
fn happened_at(form: &Form) -> Result<Option<DateTime<Utc>>, Unread> {
    for name in ["payment_date", "subscr_effective", "subscr_date", "case_creation_date"] {
        if let Some(text) = form.get(name)? {
            return Ok(time(text));
        }
    }
    Ok(None)
}

/// `20:12:59 Jan 13, 2025 PST`: by the clock of California, summer time named as such.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    let (text, zone) = text.rsplit_once(' ')?;
    let hours = match zone {
        "PST" => -8,
        "PDT" => -7,
        "GMT" | "UTC" => 0,
        _ => return None,
    };
    let offset = FixedOffset::east_opt(hours * 3_600)?;
    read::local("", &text.replace('.', ""), "%H:%M:%S %b %d, %Y", offset).ok()
}

/// After `7 D`, `2 W`, `1 M` or `1 Y`.
pub(super) fn after(start: DateTime<Utc>, period: &str) -> Option<DateTime<Utc>> {
    let (count, unit) = period.split_once(' ')?;
    let count: u32 = count.parse().ok().filter(|count| *count <= 1_000)?;
    match unit {
        "D" => start.checked_add_days(Days::new(count.into())),
        "W" => start.checked_add_days(Days::new(u64::from(count) * 7)),
        "M" => start.checked_add_months(Months::new(count)),
        "Y" => start.checked_add_months(Months::new(count * 12)),
        _ => None,
    }
}
