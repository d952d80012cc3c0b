//! Braintree's peculiarities, each by name.

use data_encoding::BASE64;

use super::*;
use crate::notice::{Kind, Notice};
use crate::read::Settings;
use crate::secret::Secret;

fn credentials() -> Credentials {
    let secret = Secret::new("0123456789abcdef0123456789abcdef").unwrap();
    let mut credentials = Credentials::of(vec![secret]);
    credentials.settings.insert(PUBLIC_KEY.to_owned(), "keywrightpub0001".to_owned());
    credentials
}

fn told(kind: &str, subject: &str, settings: &[(&str, &str)]) -> Reading {
    let document = format!(
        "<notification><kind>{kind}</kind><timestamp>2026-02-10T12:00:00Z</timestamp>\
         <subject>{subject}</subject></notification>"
    );
    let fields = [("bt_payload", BASE64.encode(document.as_bytes()))];
    let body = serde_html_form::to_string(fields).unwrap();
    let envelope = frame::envelope(body.as_bytes())?;
    let settings: Settings =
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let event = Event::of(&envelope, DateTime::UNIX_EPOCH);
    Braintree.read(&Event { settings: &settings, ..event })
}

fn kinds(notices: &[Notice]) -> Vec<&'static str> {
    notices.iter().map(|notice| notice.kind.name()).collect()
}

fn sale(id: &str, month: u32, more: &str) -> String {
    format!(
        "<transaction><id>{id}</id><status>settled</status><type>sale</type>\
         <currency-iso-code>USD</currency-iso-code><amount>10.00</amount><plan-id>pro</plan-id>\
         <created-at>2026-{month:02}-06T09:00:00Z</created-at>\
         <subscription><billing-period-start-date>2026-{month:02}-06</billing-period-start-date>\
         <billing-period-end-date>2026-{:02}-05</billing-period-end-date></subscription>\
         {more}</transaction>",
        month + 1
    )
}

fn subscription(history: &[String]) -> String {
    format!(
        "<subscription><id>s1</id><plan-id>pro</plan-id>\
         <paid-through-date>2026-03-05</paid-through-date>\
         <transactions type=\"array\">{}</transactions></subscription>",
        history.concat()
    )
}

#[test]
fn the_challenge_of_an_old_control_panel_is_answered() {
    let answer = |method, query| {
        let request = Request { method, query, ..Request::post(&[], b"") };
        Braintree.probe(&request, &credentials()).map(|answer| answer.body)
    };
    assert_eq!(
        answer("GET", "bt_challenge=20f9f8ed05f77439fe955c977e4c8a53").as_deref(),
        Some("keywrightpub0001|282be3e5afe6831e87b64519c9ff7035b290d59d")
    );
    for query in ["", "bt_challenge=", "bt_challenge=20F9F8ED05F77439FE955C977E4C8A53"] {
        assert_eq!(answer("GET", query), None, "{query}");
    }
    assert_eq!(answer("POST", "bt_challenge=20f9f8ed05f77439fe955c977e4c8a53"), None);
}

#[test]
fn the_answer_to_a_challenge_opens_nothing() {
    for challenge in ["20f9f8ed05f77439fe955c977e4c8a53", "20f9f8ed05f77439fe95"] {
        let query = format!("bt_challenge={challenge}");
        let request = Request { method: "GET", query: &query, ..Request::post(&[], b"") };
        let signature = Braintree.probe(&request, &credentials()).unwrap().body;
        let fields = [("bt_signature", signature.as_str()), ("bt_payload", challenge)];
        let body = serde_html_form::to_string(fields).unwrap();
        let replayed = Request::post(&[], body.as_bytes());
        let verdict = Braintree.verify(&replayed, &credentials(), DateTime::UNIX_EPOCH);
        assert_eq!(verdict.err(), Some(Reject::Malformed), "{challenge}");
    }
}

#[test]
fn the_last_line_break_may_be_lost_and_nothing_else() {
    let accepted = |payload: &str| {
        let signature = "keywrightpub0001|c5bfa1a96699a4f03ad2473f344e1315216c5c86";
        let fields = [("bt_signature", signature), ("bt_payload", payload)];
        let body = serde_html_form::to_string(fields).unwrap();
        let request = Request::post(&[], body.as_bytes());
        Braintree.verify(&request, &credentials(), DateTime::UNIX_EPOCH).map(|_| ())
    };
    let payload = concat!(
        "PG5vdGlmaWNhdGlvbj48dGltZXN0YW1wIHR5cGU9ImRhdGV0aW1lIj4yMDI2LTAxLTAyVDAzOjA0\n",
        "OjA1WjwvdGltZXN0YW1wPjxraW5kPnN1YnNjcmlwdGlvbl9jaGFyZ2VkX3N1Y2Nlc3NmdWxseTwv\n",
        "a2luZD48c3ViamVjdD48c3Vic2NyaXB0aW9uPjxpZD5zdWIxPC9pZD48Y3VycmVudC1iaWxsaW5n\n",
        "LWN5Y2xlIHR5cGU9ImludGVnZXIiPjE8L2N1cnJlbnQtYmlsbGluZy1jeWNsZT48L3N1YnNjcmlw\n",
        "dGlvbj48L3N1YmplY3Q+PC9ub3RpZmljYXRpb24+\n",
    );
    assert_eq!(accepted(payload), Ok(()));
    assert_eq!(accepted(payload.trim_end()), Ok(()));
    assert_eq!(accepted(&payload.replacen('\n', "", 1)), Err(Reject::Wrong));
    assert_eq!(accepted(&format!("{payload}\n")), Err(Reject::Wrong));
    assert_eq!(accepted(&payload.replace('\n', "\r\n")), Err(Reject::Malformed));
}

#[test]
fn the_keys_of_others_are_passed_by() {
    let mut ours = credentials();
    let signature = format!("other|{0}&keywrightpub0001|{1}", "0".repeat(40), "1".repeat(40));
    assert_eq!(frame::candidates(&ours, &signature), Ok(vec!["1".repeat(40).as_str()]));
    assert_eq!(frame::candidates(&ours, "other|00").err(), Some(Reject::Wrong));
    ours.settings.insert(PUBLIC_KEY.to_owned(), "keywrightpub0001, other".to_owned());
    assert_eq!(frame::candidates(&ours, &signature).map(|found| found.len()), Ok(2));
    ours.settings.clear();
    assert_eq!(frame::candidates(&ours, &signature).err(), Some(Reject::NoSecret));
}

#[test]
fn the_last_day_of_a_period_is_included() {
    let subject = subscription(&[sale("t1", 2, "")]);
    let notices = told("subscription_charged_successfully", &subject, &[]).unwrap();
    let Kind::Paid { lines, .. } = &notices[0].kind else { panic!("{notices:?}") };
    let period = lines[0].period.unwrap();
    assert_eq!(period.end.to_rfc3339(), "2026-03-06T00:00:00+00:00");
    assert_eq!(period.start.unwrap().to_rfc3339(), "2026-02-06T00:00:00+00:00");
}

#[test]
fn every_event_tells_the_same_of_the_payments_that_it_shows() {
    let history = [sale("t2", 2, ""), sale("t1", 1, "")];
    let active = told("subscription_went_active", &subscription(&history), &[]).unwrap();
    let charged = told("subscription_charged_successfully", &subscription(&history), &[]).unwrap();
    assert_eq!((kinds(&active), &active), (vec!["paid", "paid"], &charged));
    let canceled = told("subscription_canceled", &subscription(&history), &[]).unwrap();
    assert_eq!(canceled[..2], charged);
    assert_eq!(kinds(&canceled[2..]), ["canceled"]);
}

#[test]
fn a_second_charge_in_a_period_is_a_proration() {
    let declined = sale("t0", 2, "").replace("settled", "processor_declined");
    let history = [sale("t3", 2, ""), sale("t2", 2, ""), declined, sale("t1", 1, "")];
    let notices = told("subscription_charged_successfully", &subscription(&history), &[]).unwrap();
    assert_eq!(kinds(&notices), ["paid", "paid", "linked"]);
    assert_eq!(notices[1].refs[1].to_string(), "payment:t2");
}

#[test]
fn refunds_are_seen_in_the_history_and_only_of_payments_that_it_shows() {
    let credit = |id: &str, of: &str| {
        let more = format!("<refunded-transaction-id>{of}</refunded-transaction-id>");
        sale(id, 2, &more).replace("<type>sale</type>", "<type>credit</type>")
    };
    let history = [credit("c2", "t1"), credit("c1", "t0"), sale("t1", 2, "")];
    let notices = told("subscription_canceled", &subscription(&history), &[]).unwrap();
    assert_eq!(kinds(&notices), ["paid", "refunded", "canceled"]);
    let proration = [credit("c3", "t2"), sale("t2", 2, ""), sale("t1", 2, "")];
    let notices = told("subscription_canceled", &subscription(&proration), &[]).unwrap();
    assert_eq!(kinds(&notices), ["paid", "linked", "canceled"]);
    let voided = [sale("t1", 2, "").replace("settled", "voided")];
    let notices = told("subscription_canceled", &subscription(&voided), &[]).unwrap();
    assert_eq!(kinds(&notices), ["paid", "refunded", "canceled"]);
}

#[test]
fn one_add_on_counts_and_the_transaction_knows_it_best() {
    let add_ons = |quantity: u32| {
        format!("<add-ons><add-on><id>seats</id><quantity>{quantity}</quantity></add-on></add-ons>")
    };
    let subject = subscription(&[sale("t1", 2, &add_ons(3))]);
    let subject = subject.replace("<paid", &format!("{}<paid", add_ons(5)));
    let quantity = |settings: &[(&str, &str)]| {
        let notices = told("subscription_charged_successfully", &subject, settings).unwrap();
        match &notices[0].kind {
            Kind::Paid { lines, .. } => lines[0].quantity,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(quantity(&[]), 1);
    assert_eq!(quantity(&[(QUANTITY_ADD_ON, "seats")]), 3);
    assert_eq!(quantity(&[(QUANTITY_ADD_ON, "support")]), 1);
}

#[test]
fn names_with_underscores_are_the_same_names() {
    let subject = subscription(&[sale("t1", 2, "")]);
    let real = told("subscription_canceled", &subject, &[]).unwrap();
    let of_sdk = ["plan-id", "paid-through-date", "created-at", "currency-iso-code"]
        .iter()
        .fold(subject, |text, name| text.replace(name, &name.replace('-', "_")));
    assert_eq!(told("subscription_canceled", &of_sdk, &[]).unwrap(), real);
}

#[test]
fn a_single_sale_is_known_by_a_custom_field_and_only_of_its_own() {
    let fields = "<custom-fields><acme-item>perpetual</acme-item>\
                  <acme-item-quantity>3</acme-item-quantity></custom-fields>";
    let settings = [(ITEM_FIELD, "acme_item")];
    let kinds_of = |transaction: &str, settings: &[(&str, &str)]| {
        kinds(&told("transaction_settled", transaction, settings).unwrap())
    };
    assert_eq!(kinds_of(&sale("t1", 2, fields), &settings), ["paid"]);
    assert_eq!(kinds_of(&sale("t1", 2, fields), &[]), Vec::<&str>::new());
    let of_subscription = format!("{fields}<subscription-id>s1</subscription-id>");
    assert_eq!(kinds_of(&sale("t1", 2, &of_subscription), &settings), Vec::<&str>::new());
}
