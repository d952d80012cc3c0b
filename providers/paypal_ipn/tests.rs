//! IPN's peculiarities, each by name.

use super::*;
use crate::Answers;
use crate::ask::{Fetched, Need};
use crate::notice::{DisputeState, Kind, Notice};
use crate::read::Settings;

const SALE: &str = "txn_type=web_accept&txn_id=T1&payment_status=Completed&payment_date=20%3A12%3A59+Jan+13%2C+2026+PST&mc_gross=98.00&mc_currency=EUR&item_number=acme-pro&item_name=Acme+Pro&quantity=2&receiver_email=shop%40example.com&receiver_id=KWMERCHANT&charset=windows-1252&first_name=J%F6rg";

fn settings(prices: Option<&str>) -> Settings {
    let receiver = ("receiver".to_owned(), "other@example.com SHOP@example.com".to_owned());
    let prices = prices.map(|text| ("prices".to_owned(), text.to_owned()));
    [receiver].into_iter().chain(prices).collect()
}

fn told(message: &str, said: &str, prices: Option<&str>) -> Reading {
    let envelope = message::envelope(message.as_bytes()).unwrap();
    let answer = Fetched { status: 200, body: said.into() };
    let answers: Answers = [("validation".to_owned(), answer)].into();
    let settings = settings(prices);
    let event = Event::of(&envelope, DateTime::UNIX_EPOCH);
    PayPalIpn.read(&Event { answers: &answers, settings: &settings, ..event })
}

fn read(message: &str) -> Vec<Notice> {
    told(message, "VERIFIED", None).unwrap()
}

#[test]
fn a_message_is_posted_back_byte_for_byte() {
    let asked = |message: &str| {
        let envelope = message::envelope(message.as_bytes()).unwrap();
        let asks = PayPalIpn.asks(&Event::of(&envelope, DateTime::UNIX_EPOCH)).unwrap();
        let [ask] = asks.try_into().unwrap();
        assert_eq!(ask.need, Need::Always);
        (ask.base, String::from_utf8(ask.body.unwrap().1).unwrap())
    };
    assert_eq!(asked(SALE), ("https://ipnpb.paypal.com", format!("cmd=_notify-validate&{SALE}")));
    assert_eq!(asked(&format!("{SALE}&test_ipn=1")).0, "https://ipnpb.sandbox.paypal.com");
}

#[test]
fn only_paypals_own_word_counts() {
    assert!(told(SALE, "VERIFIED", None).is_ok());
    assert!(told(SALE, "VERIFIED\n", None).is_ok());
    for said in ["INVALID", "", "VERIFIED?", "<html>VERIFIED</html>", "verified"] {
        assert!(told(SALE, said, None).is_err(), "{said}");
    }
}

#[test]
fn money_of_others_is_none_of_ours() {
    for (from, to) in [
        ("shop%40example.com", "mallory%40example.com"),
        ("receiver_email=shop%40example.com&receiver_id=KWMERCHANT", "receiver_id=MALLORY"),
        ("receiver_email=shop%40example.com&receiver_id=KWMERCHANT", ""),
    ] {
        let message = SALE.replace(from, to) + "&business=mallory%40example.com";
        assert!(told(&message, "VERIFIED", None).is_err(), "{message}");
    }
    let mallorys = SALE.replace("shop%40", "mallory%40") + "&business=shop%40example.com";
    assert!(told(&mallorys, "VERIFIED", None).is_err(), "a button may name any business");
}

#[test]
fn a_changed_price_is_seen_where_prices_are_told() {
    for (prices, fits) in [
        ("acme-pro = 49.00 EUR", true),
        ("acme-lite=19.00 EUR; acme-pro=49.00 EUR, 55.00 USD;", true),
        ("acme-pro = 55.00 USD, 40 EUR", true),
        ("acme-pro = 49.01 EUR", false),
        ("acme-pro = 49.00 USD", false),
        ("acme-lite = 19.00 EUR", false),
        ("acme-pro", false),
        ("acme-pro = 49 euros", false),
    ] {
        assert_eq!(told(SALE, "VERIFIED", Some(prices)).is_ok(), fits, "{prices}");
    }
}

#[test]
fn letters_are_those_of_the_charset_that_the_message_names() {
    let name = |message: &str| read(message)[0].customer.clone().unwrap().name.unwrap();
    assert_eq!(name(SALE), "J\u{f6}rg");
    assert_eq!(name(&SALE.replace("charset=windows-1252&", "")), "J\u{f6}rg");
    let utf8 = SALE.replace("windows-1252", "UTF-8").replace("J%F6rg", "J%C3%B6rg");
    assert_eq!(name(&utf8), "J\u{f6}rg");
}

#[test]
fn times_are_californian() {
    for (text, time) in [
        ("20:12:59 Jan 13, 2026 PST", Some("2026-01-14T04:12:59+00:00")),
        ("20:12:59 Jul 13, 2026 PDT", Some("2026-07-14T03:12:59+00:00")),
        ("20:12:59 Jan. 13, 2026 PST", Some("2026-01-14T04:12:59+00:00")),
        ("20:12:59 Jan 33, 2026 PST", None),
        ("20:12:59 Jan 13, 2026 CET", None),
        ("N/A", None),
    ] {
        assert_eq!(message::time(text).map(|time| time.to_rfc3339()).as_deref(), time, "{text}");
    }
}

#[test]
fn a_reversal_that_is_canceled_was_none() {
    let back = |status: &str, txn: &str| {
        let message = format!(
            "txn_id={txn}&parent_txn_id=T1&payment_status={status}&mc_gross=-98.00&mc_currency=EUR&receiver_id=KWMERCHANT&receiver_email=shop%40example.com"
        );
        read(&message).into_iter().map(|notice| notice.kind).collect::<Vec<_>>()
    };
    let [Kind::Refunded { refund, amount, .. }] = &back("Reversed", "T2")[..] else { panic!() };
    assert_eq!(amount.as_ref().unwrap().minor, 9_800);
    let undone = back("Canceled_Reversal", "T3");
    let [Kind::RefundUndone { refund: same, .. }, Kind::Disputed { state, .. }] = &undone[..]
    else {
        panic!()
    };
    assert_eq!((refund, *state), (same, DisputeState::Won));
}

#[test]
fn a_message_that_is_sent_again_is_the_same_event() {
    let told = |message: String| {
        let envelope = message::envelope(message.as_bytes()).unwrap();
        (envelope.id, envelope.content)
    };
    let once = told(format!("{SALE}&verify_sign=A&ipn_track_id=1"));
    assert_eq!(once.0.as_deref(), Some("T1/Completed"));
    assert_eq!(told(format!("{SALE}&verify_sign=B&ipn_track_id=2&resend=true")), once);
    assert_ne!(told(SALE.replace("Completed", "Pending")).0, once.0);
}
