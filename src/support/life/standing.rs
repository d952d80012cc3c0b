//! How a license stands, as one sentence.

use chrono::{DateTime, Utc};

use crate::rules::product::Product;
use crate::support::view::LicenseView;
use crate::support::words::{length, minute};

/// How it stands: what people ask first.
pub(super) fn standing(one: &LicenseView, product: Option<&Product>, now: DateTime<Utc>) -> String {
    let end = one.expires_at.map(minute);
    let paid = match &end {
        Some(end) => format!("its paid time ends on {end}"),
        None => "its time has no end".to_owned(),
    };
    match (one.status.as_str(), one.expires_at, one.valid_until) {
        ("suspended", ..) => format!("suspended: no machine may use it; {paid}"),
        ("revoked", ..) => format!("revoked: no machine may use it; {paid}"),
        ("pending", ..) => "waits for its first activation, by which its time begins".to_owned(),
        ("expired", _, Some(valid)) => format!(
            "expired: paid until {}, valid until {}",
            end.unwrap_or_default(),
            minute(valid)
        ),
        (_, Some(expires), Some(valid)) if now > expires => format!(
            "active in its {}: paid until {}, valid until {}",
            late(product, expires, valid),
            end.unwrap_or_default(),
            minute(valid)
        ),
        (_, Some(expires), Some(valid)) if valid > expires => format!(
            "active until {}, then {} of {}",
            end.unwrap_or_default(),
            length(valid - expires),
            late(product, expires, valid)
        ),
        (_, Some(_), _) => format!("active until {}", end.unwrap_or_default()),
        (_, None, _) => "active, without an end".to_owned(),
    }
}

/// What keeps it valid after its end.
fn late(product: Option<&Product>, expires: DateTime<Utc>, valid: DateTime<Utc>) -> &'static str {
    let Some(product) = product else { return "buffer and grace" };
    match (product.grace.is_zero(), product.valid_until(expires, false) == valid) {
        (true, _) => "buffer",
        (false, true) => "grace",
        (false, false) => "buffer and grace",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::product::ProductSettings;

    fn license(status: &str, expires: Option<&str>, valid: Option<&str>) -> LicenseView {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        LicenseView {
            id: String::new(),
            key: String::new(),
            product: "acme-pro".to_owned(),
            status: status.to_owned(),
            starts_at: time("2026-11-22T09:00:00Z"),
            expires_at: expires.map(time),
            valid_until: valid.map(time),
            customer: Default::default(),
            quantity: 1,
            max_activations: 1,
            activations: 0,
            sale_id: String::new(),
            order: None,
            subscription: None,
            flags: Vec::new(),
            live: true,
            account: "shop".to_owned(),
            version: 1,
        }
    }

    fn said(license: &LicenseView, now: &str) -> String {
        let product = ProductSettings::default().resolve("acme-pro").unwrap();
        standing(license, Some(&product), now.parse().unwrap())
    }

    #[test]
    fn the_sentence_says_until_when_and_why_not() {
        let (end, valid) = ("2027-11-22T09:00:00Z", "2027-11-23T09:00:00Z");
        let active = license("active", Some(end), Some(valid));
        let now = "2026-12-01T00:00:00Z";
        assert_eq!(said(&active, now), "active until 2027-11-22 09:00 UTC, then 24 h of buffer");
        assert_eq!(
            said(&active, "2027-11-22T10:00:00Z"),
            "active in its buffer: paid until 2027-11-22 09:00 UTC, valid until 2027-11-23 09:00 UTC"
        );
        let exact = license("active", Some(end), Some(end));
        assert_eq!(said(&exact, now), "active until 2027-11-22 09:00 UTC");
        assert_eq!(said(&license("active", None, None), now), "active, without an end");
        assert_eq!(
            said(&license("expired", Some(end), Some(valid)), "2028-01-01T00:00:00Z"),
            "expired: paid until 2027-11-22 09:00 UTC, valid until 2027-11-23 09:00 UTC"
        );
        assert_eq!(
            said(&license("suspended", Some(end), Some(valid)), now),
            "suspended: no machine may use it; its paid time ends on 2027-11-22 09:00 UTC"
        );
        assert_eq!(
            said(&license("pending", None, None), now),
            "waits for its first activation, by which its time begins"
        );
    }
}
