//! What is special about ThriveCart.

use super::*;
use crate::Secret;
use crate::notice::{Kind, Notice, Ref};
use crate::read::Settings;

fn delivery<'a>(method: &'a str, body: &'a str) -> Request<'a> {
    Request { method, ..Request::post(&[], body.as_bytes()) }
}

fn credentials() -> Credentials {
    Credentials::of(vec![Secret::with_min("KWTHRIVE0001", 12).unwrap()])
}

fn read_with(event_type: &str, body: &str, settings: &Settings) -> Vec<Notice> {
    let at = DateTime::from_timestamp(1_760_000_000, 0).unwrap();
    let event = Event::new(event_type, at, body.as_bytes());
    ThriveCart.read(&Event { settings, ..event }).unwrap()
}

fn read(event_type: &str, body: &str) -> Vec<Notice> {
    read_with(event_type, body, &Settings::new())
}

const ORDER: &str = "order_id=141&invoice_id=000000141&currency=USD&order[total]=3000";

#[test]
fn the_secret_word_is_never_kept_however_it_is_written() {
    for field in ["thrivecart_secret=KWTHRIVE0001", "thrivecart%5Fsecret=KWTHRIVE%30001"] {
        for body in [format!("{field}&event=x"), format!("a=1&{field}&event=x&b=2")] {
            let request = delivery("POST", &body);
            let verified =
                ThriveCart.verify(&request, &credentials(), DateTime::UNIX_EPOCH).unwrap();
            let envelopes = ThriveCart.envelopes(&request, &verified).unwrap();
            let kept = String::from_utf8(envelopes[0].body.clone()).unwrap();
            assert!(!kept.contains("KWTHRIVE") && kept.contains("event=x"), "{kept}");
        }
    }
}

#[test]
fn the_calls_that_only_look_are_answered_without_the_secret_word() {
    for (method, body, known) in
        [("HEAD", "", true), ("POST", "", true), ("POST", "event=x", false), ("GET", "", false)]
    {
        let probe = ThriveCart.probe(&delivery(method, body), &credentials());
        assert_eq!(probe.is_some(), known, "{method} {body}");
        let verified =
            ThriveCart.verify(&delivery(method, body), &credentials(), DateTime::UNIX_EPOCH);
        assert!(verified.is_err());
    }
}

#[test]
fn what_is_due_now_and_what_is_due_later_is_one_line() {
    let body = format!(
        "{ORDER}&purchase_map_flat=product-2,bump-3&purchase_map[]=product-2&purchase_map[]=bump-3\
         &order[charges][0][reference]=2&order[charges][0][type]=single\
         &order[charges][0][amount]=3000&order[charges][0][quantity]=4\
         &order[charges][1][reference]=2&order[charges][1][type]=recurring\
         &order[charges][1][amount]=3000&order[charges][1][quantity]=4\
         &order[charges][1][payment_plan_id]=77"
    );
    let [notice] = read("order.success", &body).try_into().unwrap();
    let Kind::Paid { lines, .. } = &notice.kind else { panic!("{notice:?}") };
    let told: Vec<_> = lines.iter().map(|line| (line.line.as_str(), line.quantity)).collect();
    assert_eq!(told, [("order:141/product-2", 4), ("order:141/bump-3", 1)]);
    assert_eq!(lines[0].item, ["product-2/plan-77", "product-2"]);
    assert!(notice.refs.contains(&Ref::subscription("141/product-2")));
}

#[test]
fn a_bump_is_not_taken_for_the_product_of_the_same_number() {
    let charge = |position: usize, reference: &str, quantity: u32| {
        format!(
            "&order[charges][{position}][reference]={reference}\
             &order[charges][{position}][type]=single&order[charges][{position}][amount]=10\
             &order[charges][{position}][quantity]={quantity}"
        )
    };
    let quantities = |bump: &str| {
        let (one, two) = (charge(0, "2", 4), charge(1, bump, 1));
        let body = format!("{ORDER}&purchase_map_flat=product-2,bump-2{one}{two}");
        match &read("order.success", &body)[0].kind {
            Kind::Paid { lines, .. } => lines.iter().map(|line| line.quantity).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(quantities("bump-2"), [4, 1]);
    assert_eq!(quantities("null"), [4, 1]);
}

#[test]
fn a_recurring_item_that_costs_nothing_now_is_on_trial() {
    let body = format!(
        "{ORDER}&base_product=2&order[charges][0][reference]=2&order[charges][0][type]=single\
         &order[charges][0][amount]=0&order[charges][1][reference]=2\
         &order[charges][1][type]=recurring&order[charges][1][amount]=3000"
    );
    let days = |settings: &Settings| match &read_with("order.success", &body, settings)[..] {
        [Notice { occurred_at, kind: Kind::Trial { until, .. }, .. }] => {
            (*until - *occurred_at).num_days()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(days(&Settings::new()), 30);
    assert_eq!(days(&Settings::from([(read::TRIAL_DAYS.to_owned(), "7".to_owned())])), 7);
}

#[test]
fn a_renewal_is_another_payment_of_the_same_line() {
    let body = "order_id=141&invoice_id=000000141-6&subscription[type]=product&subscription[id]=2\
                &subscription[next_payment_date]=1762678400";
    let [notice] = read("order.subscription_payment", body).try_into().unwrap();
    let Kind::Paid { payment, lines, .. } = &notice.kind else { panic!("{notice:?}") };
    assert_eq!(payment, &Ref::invoice("000000141-6"));
    assert_eq!(lines[0].line, "order:141/product-2");
    assert_eq!(lines[0].period.unwrap().end.timestamp(), 1_762_678_400);
}

#[test]
fn a_refund_in_part_or_pro_rata_is_not_full() {
    let full = |more: &str| match &read("order.refund", &format!("{ORDER}&{more}"))[0].kind {
        Kind::Refunded { full, lines, .. } => (*full, lines.len()),
        other => panic!("{other:?}"),
    };
    assert_eq!(full("refund[amount]=3000"), (true, 0));
    assert_eq!(full("refund[amount]=2999"), (false, 0));
    assert_eq!(full("refund[amount]=3000&refund[pro-rata]=true"), (false, 0));
    let item = "refund[type]=bump&refund[id]=3&order[charges][0][reference]=3\
                &order[charges][0][type]=single&order[charges][0][amount]=1000";
    assert_eq!(full(&format!("refund[amount]=1000&{item}")), (false, 1));
    assert_eq!(full(&format!("refund[amount]=400&{item}")), (false, 0));
}

#[test]
fn null_and_false_say_nothing() {
    let body = format!("{ORDER}&base_product=2&customer[name]=null&customer[email]=false");
    assert_eq!(read("order.success", &body)[0].customer, None);
}
