//! 2Checkout's peculiarities, each by name.

use std::path::Path;

use super::*;
use crate::notice::{Kind, Line, Notice};
use crate::secret::Secret;

fn body(fixture: &str) -> Vec<u8> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("2checkout/fixtures/{fixture}.txt"));
    let bytes = std::fs::read(file).unwrap();
    let head = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
    bytes[head + 2..].trim_ascii_end().to_vec()
}

fn told_by(fixture: &str, inlet: Inlet) -> Vec<Notice> {
    let envelope = read::envelope(&body(fixture), inlet).unwrap();
    TwoCheckout.read(&Event::of(&envelope, DateTime::UNIX_EPOCH)).unwrap()
}

fn told(fixture: &str) -> Vec<Notice> {
    told_by(fixture, Inlet::Webhook)
}

fn lines(notices: Vec<Notice>) -> Vec<Line> {
    let lines = notices.into_iter().filter_map(|notice| match notice.kind {
        Kind::Paid { lines, .. } | Kind::Trial { lines, .. } | Kind::Changed { lines, .. } => {
            Some(lines)
        }
        _ => None,
    });
    lines.flatten().collect()
}

fn kinds(fixture: &str) -> Vec<&'static str> {
    told(fixture).iter().map(|notice| notice.kind.name()).collect()
}

fn credentials(secrets: &[&str], hash: Option<&str>) -> Credentials {
    let secrets = secrets.iter().map(|text| Secret::with_min(text, 8).unwrap()).collect();
    let mut credentials = Credentials::of(secrets);
    credentials.settings.extend(hash.map(|hash| ("hash".to_owned(), hash.to_owned())));
    credentials
}

fn receipt(body: &str, credentials: &Credentials, now: &str) -> String {
    let now = now.parse().unwrap();
    TwoCheckout.answer(&Request::post(&[], body.as_bytes()), credentials, now).body
}

const IPN: &str = "REFNO=1000037&REFNOEXT=&ORDERSTATUS=COMPLETE&FIRSTNAME=Zo%C3%AB&IPN_PID%5B%5D=11\
                   &IPN_PID%5B%5D=12&IPN_PNAME%5B%5D=Pro&IPN_PNAME%5B%5D=Plus&IPN_DATE=20260102030405";
const SHA2: &str = "c80ddf2147f2b7250da97d853b132c581066c0b4b338fd9fe2ad1d4b18b2e45a";

/// Made with another implementation from the documentation's rule.
#[test]
fn the_receipt_is_signed_with_the_key_that_signed_the_message() {
    let body = format!("{IPN}&SIGNATURE_SHA2_256={SHA2}");
    for secrets in [&["kw-2co-secret"][..], &["kw-another-key", "kw-2co-secret"]] {
        assert_eq!(
            receipt(&body, &credentials(secrets, None), "2026-01-02T03:04:06Z"),
            "<sig algo=\"sha256\" date=\"20260102030406\">\
             83f81023b0128b559bebcf408640d811ecce50b4d01f827705000dc67fbf493e</sig>"
        );
    }
}

/// The example of the documentation's page on LCN receipts.
#[test]
fn the_receipt_of_an_lcn_is_of_its_code_and_date() {
    let known = credentials(&["AABBCCDDEEFF"], Some("md5"));
    let bare = "LICENSE_CODE=3C343D0FAF&EXPIRATION_DATE=2005-03-03&STATUS=DISABLED&HASH=00";
    let sample = Sample { body: bare.as_bytes().to_vec(), ..Sample::form::<&str, &str>("", []) };
    let signed = TwoCheckout.sign(sample, &known, DateTime::UNIX_EPOCH).body;
    assert_eq!(
        receipt(std::str::from_utf8(&signed).unwrap(), &known, "2008-11-17T14:59:35Z"),
        "<EPAYMENT>20081117145935|cb34fe2991668eb82364edf62f845a34</EPAYMENT>"
    );
}

#[test]
fn a_message_that_is_not_authentic_gets_no_receipt() {
    let body = format!("{IPN}&SIGNATURE_SHA2_256={SHA2}");
    let now = "2026-01-02T03:04:06Z";
    assert_eq!(receipt(&body, &credentials(&["kw-another-key"], None), now), "");
    assert_eq!(receipt(IPN, &credentials(&["kw-2co-secret"], None), now), "");
}

#[test]
fn a_signature_over_trimmed_values_is_taken_too() {
    let known = credentials(&["kw-2co-secret"], None);
    let blank = IPN.replace("FIRSTNAME=Zo%C3%AB", "FIRSTNAME=+Zo%C3%AB+");
    let body = format!("{blank}&SIGNATURE_SHA2_256={SHA2}");
    let verified =
        TwoCheckout.verify(&Request::post(&[], body.as_bytes()), &known, DateTime::UNIX_EPOCH);
    assert!(verified.is_ok());
}

#[test]
fn an_md5_is_taken_only_where_the_account_allows_it() {
    let signed = {
        let known = credentials(&["kw-2co-secret"], Some("md5"));
        let body = format!("{IPN}&HASH=00").into_bytes();
        let sample = Sample { body, ..Sample::form::<&str, &str>("", []) };
        TwoCheckout.sign(sample, &known, DateTime::UNIX_EPOCH).body
    };
    let verify = |hash| {
        let known = credentials(&["kw-2co-secret"], hash);
        TwoCheckout.verify(&Request::post(&[], &signed), &known, DateTime::UNIX_EPOCH).map(|_| ())
    };
    assert_eq!(verify(Some("md5")), Ok(()));
    assert_eq!(verify(None), Err(Reject::NotTaken));
}

#[test]
fn the_call_for_keys_the_authorized_and_the_complete_order_tell_of_one_line() {
    let called = lines(told_by("fulfil.request", Inlet::Fulfil));
    let received = lines(told("ipn.PAYMENT_RECEIVED"));
    let complete = lines(told("ipn.COMPLETE.subscription"));
    assert_eq!(called[0].line, "order:241905560/33654953");
    assert_eq!(received[0].line, called[0].line);
    assert_eq!(complete[0].line, "subscription:TOF6T8VPY3");
    assert_eq!(complete[0].alias, [called[0].line.clone()]);
    assert_eq!(lines(told("ipn.COMPLETE.renewal"))[0].line, complete[0].line);
    assert_eq!(told("lcn")[0].line.as_ref(), Some(&complete[0].line));
}

#[test]
fn every_line_of_an_order_has_a_name_and_its_own_subscription() {
    let lines = lines(told("ipn.COMPLETE.two_products"));
    let names: Vec<&str> = lines.iter().map(|line| line.line.as_str()).collect();
    assert_eq!(
        names,
        ["subscription:TOF6T8VPY3", "order:241905560/33654954", "subscription:UPG7U9WQZ4"]
    );
    assert_eq!(lines[2].alias, ["order:241905560/33654953#1"]);
    assert!(lines[0].period.is_some() && lines[1].period.is_none());
}

#[test]
fn a_free_trial_is_no_payment_unless_keys_were_given_for_it() {
    assert_eq!(kinds("ipn.COMPLETE.trial"), ["trial"]);
    assert_eq!(kinds("ipn.COMPLETE.trial_with_keys"), ["trial", "paid"]);
    assert_eq!(kinds("ipn.COMPLETE.trial_paid"), ["paid"]);
    assert_eq!(kinds("ipn.COMPLETE.discounted"), ["paid"]);
}

#[test]
fn an_upgrade_adds_no_time() {
    assert_eq!(kinds("ipn.COMPLETE.upgrade"), ["changed"]);
    assert_eq!(lines(told("ipn.COMPLETE.upgrade"))[0].period, None);
}

#[test]
fn what_was_never_authorized_takes_nothing_back() {
    assert_eq!(kinds("ipn.CANCELED"), ["refunded"]);
    assert_eq!(kinds("ipn.CANCELED.never_paid"), [""; 0]);
    assert_eq!(kinds("ipn.REVERSED.chargeback_open"), ["disputed"]);
}

#[test]
fn a_message_sent_again_is_known_by_all_but_its_date() {
    let content = |date: &str, status: &str| {
        let body =
            format!("REFNO=1&ORDERSTATUS={status}&IPN_DATE={date}&SIGNATURE_SHA2_256={date}");
        read::envelope(body.as_bytes(), Inlet::Webhook).unwrap().content
    };
    assert_eq!(content("20260102030405", "COMPLETE"), content("20260103030405", "COMPLETE"));
    assert_ne!(content("20260102030405", "COMPLETE"), content("20260102030405", "REFUND"));
}

#[test]
fn keys_stand_in_the_document_that_the_account_wants() {
    let keys = ["KW-A".to_owned(), "KW-B".to_owned()];
    let mut known = credentials(&["kw-2co-secret"], None);
    let answer = |keys: &[String], known: &Credentials| {
        TwoCheckout.keys_answer(keys, &Request::post(&[], b""), known, DateTime::UNIX_EPOCH)
    };
    let usual = answer(&keys, &known);
    assert_eq!(usual.status, 200);
    assert!(usual.content_type.starts_with("text/xml"));
    assert!(usual.body.ends_with("<Data>\n<Code>KW-A</Code>\n<Code>KW-B</Code>\n</Data>"));
    known.settings.insert("answer_frame".to_owned(), "<Keys>{codes}</Keys>".to_owned());
    known.settings.insert("answer_code".to_owned(), "<Key>{key}</Key>".to_owned());
    assert_eq!(answer(&keys[..1], &known).body, "<Keys><Key>KW-A</Key></Keys>");
    assert_eq!(answer(&[], &known).status, 503);
}

#[test]
fn a_look_at_the_address_is_no_delivery() {
    let known = credentials(&["kw-2co-secret"], None);
    let look = |method, inlet, query| {
        let request = Request { method, inlet, query, ..Request::post(&[], b"") };
        TwoCheckout.probe(&request, &known).map(|answer| answer.status)
    };
    assert_eq!(look("GET", Inlet::Webhook, ""), Some(200));
    assert_eq!(look("HEAD", Inlet::Fulfil, ""), Some(200));
    assert_eq!(look("GET", Inlet::Fulfil, "REFNO=1"), None);
    assert_eq!(look("POST", Inlet::Webhook, ""), None);
}
