//! Paddle Classic's peculiarities, each by name.

use super::*;
use crate::notice::{Kind, Line, Notice};

const PAYMENT: &str = "alert_id=1&alert_name=subscription_payment_succeeded&event_time=2026-01-10+12%3A00%3A03&subscription_id=502198&subscription_plan_id=598765&order_id=384921-1&currency=EUR&sale_gross=147.00&quantity=3&status=active&next_bill_date=2026-02-10";

fn told(fields: &str) -> Vec<Notice> {
    let envelope = alert::envelope(fields.as_bytes()).unwrap();
    PaddleClassic.read(&Event::of(&envelope, DateTime::UNIX_EPOCH)).unwrap()
}

fn line(fields: &str) -> Line {
    let [notice] = told(fields).try_into().unwrap();
    let Kind::Paid { lines, .. } = notice.kind else { panic!("{notice:?}") };
    lines[0].clone()
}

#[test]
fn the_order_that_began_a_subscription_is_a_name_of_its_line_and_no_later_one_is() {
    for (initial, alias) in [
        ("1", Some("order:384921-1#0")),
        ("true", Some("order:384921-1#0")),
        ("0", None),
        ("false", None),
    ] {
        let line = line(&format!("{PAYMENT}&initial_payment={initial}"));
        assert_eq!(line.line, "subscription:502198#0");
        assert_eq!(line.alias.first().map(String::as_str), alias, "{initial}");
    }
}

#[test]
fn the_next_billing_day_is_paid_to_its_end() {
    let end = line(&format!("{PAYMENT}&initial_payment=0")).period.unwrap().end;
    assert_eq!(end.to_rfc3339(), "2026-02-11T00:00:00+00:00");
}

#[test]
fn a_request_for_keys_and_the_alert_are_one_payment_of_one_line() {
    let asked =
        "event_time=2026-01-10+12%3A00%3A01&p_order_id=384921-1&p_product_id=598765&p_quantity=3";
    let envelope = fulfil::envelope(asked.as_bytes()).unwrap();
    let again = fulfil::envelope(asked.replace("00%3A01", "00%3A31").as_bytes()).unwrap();
    assert_eq!((&envelope.id, &envelope.content), (&again.id, &again.content));
    let notices = PaddleClassic.read(&Event::of(&envelope, DateTime::UNIX_EPOCH)).unwrap();
    let Kind::Paid { payment, lines, .. } = &notices[0].kind else { panic!() };
    let alert = told(&format!("{PAYMENT}&initial_payment=1"));
    let Kind::Paid { payment: same, lines: theirs, .. } = &alert[0].kind else { panic!() };
    assert_eq!(payment, same);
    assert_eq!(lines[0].line, theirs[0].alias[0]);
}

#[test]
fn without_keys_the_order_stays_unfulfilled() {
    let credentials = Credentials::of(Vec::new());
    let request = Request::post(&[], b"");
    let answer = |keys: &[String]| {
        PaddleClassic.keys_answer(keys, &request, &credentials, DateTime::UNIX_EPOCH)
    };
    assert_eq!(answer(&[]).status, 503);
    let two = answer(&["AAAA".to_owned(), "BBBB".to_owned()]);
    assert_eq!((two.status, two.body.as_str()), (200, "AAAA\nBBBB"));
}
