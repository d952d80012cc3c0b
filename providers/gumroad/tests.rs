//! Gumroad's peculiarities, each by name.

use super::*;
use crate::Answers;
use crate::ask::Fetched;
use crate::notice::{Kind, Notice};

const SALE: &str = "seller_id=S1%3D%3D&product_id=P1%3D%3D&permalink=pro&email=ada%40example.com&price=2900&currency=usd&quantity=2&sale_id=SALE1%3D%3D&sale_timestamp=2025-10-09T08%3A53%3A20Z&full_name=Ada&variants%5BTier%5D=Team";

fn read_with(form: &str, answer: Option<(u16, &str)>) -> Reading {
    let envelope = ping::envelope(form.as_bytes()).unwrap();
    let fetched = |(status, body): (u16, &str)| Fetched { status, body: body.into() };
    let answers: Answers =
        answer.map(|answer| ("sale".to_owned(), fetched(answer))).into_iter().collect();
    Gumroad.read(&Event { answers: &answers, ..Event::of(&envelope, DateTime::UNIX_EPOCH) })
}

fn only(reading: Reading) -> Notice {
    let [notice] = reading.unwrap().try_into().unwrap();
    notice
}

#[test]
fn what_was_fetched_is_believed_and_not_the_ping() {
    let told = r#"{"success":true,"sale":{"id":"SALE1==","email":"bob@example.com","product_id":"P2==","price":100,"quantity":1,"variants":{"Tier":"Solo"}}}"#;
    let notice = only(read_with(SALE, Some((200, told))));
    let Kind::Paid { amount, lines, .. } = notice.kind else { panic!() };
    assert_eq!(amount.unwrap().minor, 100);
    assert_eq!(lines[0].item, ["P2==/Solo", "P2=="], "the permalink was the ping's");
    assert_eq!(
        (lines[0].quantity, notice.customer.unwrap().email.as_deref()),
        (1, Some("bob@example.com"))
    );
}

#[test]
fn a_sale_that_gumroad_does_not_know_is_none() {
    for answer in [(404, "{}"), (200, r#"{"sale":{"id":"SALE2==","product_id":"P1==","price":1}}"#)]
    {
        assert!(read_with(SALE, Some(answer)).is_err(), "{answer:?}");
    }
}

#[test]
fn the_question_escapes_the_id() {
    let envelope = ping::envelope(SALE.as_bytes()).unwrap();
    let asks = Gumroad.asks(&Event::of(&envelope, DateTime::UNIX_EPOCH)).unwrap();
    assert_eq!(asks[0].path, "/v2/sales/SALE1%3D%3D");
    let slash = SALE.replace("SALE1", "..%2Fme%3F");
    let envelope = ping::envelope(slash.as_bytes()).unwrap();
    let asks = Gumroad.asks(&Event::of(&envelope, DateTime::UNIX_EPOCH)).unwrap();
    assert_eq!(asks[0].path, "/v2/sales/..%2Fme%3F%3D%3D");
}

#[test]
fn a_retry_and_a_sale_told_twice_are_one_event() {
    let told = |more: &str| {
        let envelope = ping::envelope(format!("{SALE}{more}").as_bytes()).unwrap();
        (envelope.id, envelope.content, envelope.recurs)
    };
    let once = told("");
    assert_eq!(once.0.as_deref(), Some("sale/SALE1=="));
    assert_eq!(told("&retry_count=2"), once);
    assert_eq!(told("&resource_name=sale"), once);
    assert_ne!(told("&test=true").0, once.0, "a test ping repeats the latest sale");
}

#[test]
fn every_refund_of_a_part_is_asked_for() {
    let part = ping::envelope(format!("{SALE}&resource_name=refund&refunded=false").as_bytes());
    let whole = ping::envelope(format!("{SALE}&resource_name=refund&refunded=true").as_bytes());
    let (part, whole) = (part.unwrap(), whole.unwrap());
    assert!(part.recurs && !whole.recurs);
    assert_ne!(part.id, whole.id);
}

#[test]
fn recurrences_end_on_the_same_day() {
    for (recurrence, end) in [
        ("monthly", Some("2025-11-09")),
        ("quarterly", Some("2026-01-09")),
        ("biannually", Some("2026-04-09")),
        ("yearly", Some("2026-10-09")),
        ("every_two_years", Some("2027-10-09")),
        ("sometimes", None),
    ] {
        let form = format!("{SALE}&subscription_id=SUB1&recurrence={recurrence}");
        let Kind::Paid { lines, .. } = only(read_with(&form, None)).kind else { panic!() };
        let told = lines[0].period.map(|period| period.end.format("%Y-%m-%d").to_string());
        assert_eq!(told.as_deref(), end, "{recurrence}");
        assert_eq!(lines[0].line, "subscription:SUB1#0");
    }
}
