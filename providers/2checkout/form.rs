//! Columns, times and people of 2Checkout's forms.

use chrono::{DateTime, FixedOffset, Offset, Utc};

use crate::notice::Customer;
use crate::read::{self, Form, Settings, Unread, country, filled, full_name};

/// The values of an array, in its order, whether it is written `NAME[]` or `NAME[0]`.
pub(super) fn column<'f>(form: &'f Form, name: &str) -> Vec<&'f str> {
    let of_column = |field: &str| {
        let index = field.strip_prefix(name).and_then(|rest| rest.strip_prefix('['));
        let index = index.and_then(|rest| rest.strip_suffix(']'));
        index.is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
    };
    form.iter().filter(|(field, _)| of_column(field)).map(|(_, value)| value.trim()).collect()
}

/// The zone of the message's times (`GMT+03:00`): as it says itself, else as the account does.
pub(super) fn zone(form: &Form, settings: &Settings) -> Result<FixedOffset, Unread> {
    let configured = settings.get("timezone").map(String::as_str);
    let Some(text) = form.get("TIMEZONE_OFFSET")?.or(configured) else { return Ok(Utc.fix()) };
    offset(text)
        .ok_or_else(|| Unread::value("TIMEZONE_OFFSET", "not a distance to GMT, as in GMT+03:00"))
}

/// `GMT+03:00`, `+03:00`, `GMT`.
pub(super) fn offset(text: &str) -> Option<FixedOffset> {
    let offset = text.trim_start_matches("GMT").trim();
    if offset.is_empty() { Some(Utc.fix()) } else { offset.parse().ok() }
}

/// `2026-01-02 03:04:05`, where something stands there.
pub(super) fn time(
    path: &str,
    text: Option<&str>,
    zone: FixedOffset,
) -> Result<Option<DateTime<Utc>>, Unread> {
    text.map(|text| read::local(path, text, "%Y-%m-%d %H:%M:%S", zone)).transpose()
}

/// When the message was made: `IPN_DATE`, `20260102030405`.
pub(super) fn sent_at(form: &Form, zone: FixedOffset) -> Result<Option<DateTime<Utc>>, Unread> {
    let text = form.get("IPN_DATE")?;
    text.map(|text| read::local("IPN_DATE", text, "%Y%m%d%H%M%S", zone)).transpose()
}

/// The one whom the license is for: the person of the delivery address where one is named, else
/// the buyer.
pub(super) fn customer(form: &Form) -> Result<Option<Customer>, Unread> {
    let of = |names: &[&str]| -> Result<Option<String>, Unread> {
        for name in names {
            if let Some(value) = filled(form.get(name)?) {
                return Ok(Some(value));
            }
        }
        Ok(None)
    };
    let buyer = of(&["CUSTOMEREMAIL", "EMAIL"])?;
    let licensee = of(&["EMAIL_D"])?.or_else(|| buyer.clone());
    let is_buyer = licensee == buyer;
    let (first, last) = (
        of(&["FIRSTNAME_D", "FIRSTNAME", "FIRST_NAME"])?,
        of(&["LASTNAME_D", "LASTNAME", "LAST_NAME"])?,
    );
    let customer = Customer {
        // The buyer's number, and nobody else's.
        provider_id: of(&["AVANGATE_CUSTOMER_REFERENCE"])?.filter(|_| is_buyer),
        email: licensee,
        name: full_name(first.as_deref(), last.as_deref()),
        company: of(&["COMPANY_D", "COMPANY"])?,
        country: country(of(&["COUNTRY_D_CODE", "COUNTRY_CODE"])?.as_deref()),
        locale: of(&["LANGUAGE", "LANG"])?,
    };
    Ok(Some(customer).filter(|customer| !customer.is_empty()))
}
