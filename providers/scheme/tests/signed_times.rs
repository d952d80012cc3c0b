//! The window around a signed time.

use super::*;

fn verify(timestamp: &str, window: Window, mac: &str) -> Result<DateTime<Utc>, Reject> {
    let parts: [&[u8]; 3] = [timestamp.as_bytes(), b".", b"{}"];
    let keys = secrets(&[SHARED]);
    let request = request(&[], b"{}");
    hmac_timestamped(&request, &keys, timestamp, window, &parts, Encoding::Hex, &[mac])
        .map(|verified| verified.signed_at().unwrap())
}

#[test]
fn the_tolerance_itself_is_good_on_both_sides_and_a_second_more_is_stale() {
    for distance in [-300, -1, 0, 1, 300] {
        assert_eq!(verify("1760000000", window(distance), SHARED_MAC), Ok(at(SIGNED_AT)));
    }
    for distance in [-301, 301, 86_400, -86_400] {
        assert_eq!(verify("1760000000", window(distance), SHARED_MAC), Err(Reject::Stale));
    }
    let just_over = Window { now: at(SIGNED_AT + 300) + TimeDelta::milliseconds(1), ..window(0) };
    assert_eq!(verify("1760000000", just_over, SHARED_MAC), Err(Reject::Stale));
}

#[test]
fn a_wrong_signature_is_wrong_at_any_time() {
    let zeros = "0".repeat(64);
    assert_eq!(verify("1760000000", window(9_999), &zeros), Err(Reject::Wrong));
    assert_eq!(verify("1760000001", window(0), SHARED_MAC), Err(Reject::Wrong));
}

#[test]
fn a_time_is_digits_only() {
    for text in [
        "",
        " 1760000000",
        "1760000000 ",
        "+1760000000",
        "-1",
        "1.76e9",
        "0x10",
        "1760000000abc",
        "1760000000.0",
        "१७६",
        "1000000000000",
        "99999999999999999999999",
    ] {
        assert_eq!(unix_seconds(text), Err(Reject::Malformed), "{text:?}");
    }
    assert_eq!(unix_seconds("1760000000"), Ok(at(SIGNED_AT)));
    assert_eq!(unix_seconds("0"), Ok(at(0)));
    assert_eq!(unix_seconds("999999999999"), Ok(at(999_999_999_999)));
}

#[test]
fn milliseconds_are_digits_only() {
    for text in ["", " 1", "+1", "-1", "1e3", "1.5", "1234567890123456"] {
        assert_eq!(unix_milliseconds(text), Err(Reject::Malformed), "{text:?}");
    }
    let time = unix_milliseconds("1760000000250").unwrap();
    assert_eq!((time.timestamp(), time.timestamp_subsec_millis()), (SIGNED_AT, 250));
}

/// The same moment written otherwise is another signed text.
#[test]
fn a_time_is_signed_as_it_is_written() {
    assert_eq!(verify("01760000000", window(0), SHARED_MAC), Err(Reject::Wrong));
}
