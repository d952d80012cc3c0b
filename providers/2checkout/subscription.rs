//! License Change Notifications: how a subscription stands.
//!
//! <https://verifone.cloud/docs/2checkout/API-Integration/Webhooks/08License_Change_Notification_%28LCN%29/LCN-parameters>

use crate::notice::{Kind, Notice, Ref};
use crate::read::{Event, Form, Id, Reading};

use super::form::{customer, time, zone};

/// The line that a subscription is, which renewals and changes know by nothing else.
pub(super) fn line_name(code: &Id) -> String {
    Ref::subscription(code).to_string()
}

/// States, never money: what was paid for, the order's IPN tells.
pub(super) fn changed(event: &Event<'_>, form: &Form) -> Reading {
    let code = form.need_id("LICENSE_CODE")?;
    let zone = zone(form, event.settings)?;
    let changed_at = time("DATE_UPDATED", form.get("DATE_UPDATED")?, zone)?;
    let occurred_at = changed_at.unwrap_or(event.occurred_at);
    let expires = form.get("EXPIRATION_DATE")?.filter(|date| !date.starts_with("9999-"));
    let expires_at = time("EXPIRATION_DATE", expires, zone)?;
    let is = |name: &str, word: &str| -> Result<bool, _> {
        Ok(form.get(name)?.is_some_and(|value| value.eq_ignore_ascii_case(word)))
    };
    let expired = is("EXPIRED", "1")?
        || is("STATUS", "EXPIRED")?
        || is("DISPATCH_REASON", "LICENCE_EXPIRATION")?
        || is("DISPATCH_REASON", "LICENSE_EXPIRATION")?;
    let past_due = is("STATUS", "PASTDUE")?
        || is("DISPATCH_REASON", "LICENCE_PASTDUE")?
        || is("DISPATCH_REASON", "LICENSE_PASTDUE")?;
    let kind = if is("DISABLED", "1")? {
        Kind::Ended { at: occurred_at }
    } else if expired {
        Kind::Ended { at: expires_at.unwrap_or(occurred_at) }
    } else if past_due {
        Kind::PaymentFailed
    } else if expires_at.is_some() && (is("RECURRING", "0")? || is("RECURRING", "NO")?) {
        Kind::Canceled { at: expires_at }
    } else if is("RECURRING", "1")? || is("RECURRING", "YES")? {
        Kind::Uncanceled
    } else {
        Kind::Linked
    };
    Ok(vec![Notice {
        refs: vec![Ref::subscription(&code)],
        occurred_at,
        line: Some(line_name(&code)),
        kind,
        customer: customer(form)?,
    }])
}
