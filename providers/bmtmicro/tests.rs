//! What is special about BMT Micro.

use super::*;
use crate::Fetched;
use crate::ask::{Answers, Auth, Need};
use crate::notice::{Kind, Notice, Ref};

const SOLD: &str = "<orderid>7000001</orderid><itemnumber>1</itemnumber>\
                    <productid>91390007</productid><quantity>2</quantity>";

fn request(element: &str, inner: &str) -> Vec<u8> {
    format!("<request><{element}>{inner}</{element}></request>").into_bytes()
}

fn read(body: &[u8], answers: &Answers) -> Vec<Notice> {
    let envelope = payload::envelope(body).unwrap();
    let event = Event::of(&envelope, DateTime::UNIX_EPOCH);
    BmtMicro.read(&Event { answers, ..event }).unwrap()
}

fn answer(keys: &[&str], count: &str) -> String {
    let keys: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
    let body = request("keygenerator", &format!("{SOLD}<keycount>{count}</keycount>"));
    let credentials = Credentials::of(vec![]);
    let answer =
        BmtMicro.keys_answer(&keys, &Request::post(&[], &body), &credentials, DateTime::UNIX_EPOCH);
    assert_eq!(answer.status, 200);
    let head = "<?xml version=\"1.0\" encoding=\"utf-8\"?><response><registrationkey>";
    let inner = answer.body.strip_prefix(head).unwrap();
    inner.strip_suffix("</registrationkey></response>").unwrap().to_owned()
}

#[test]
fn there_are_exactly_as_many_keys_as_were_asked_for() {
    assert_eq!(answer(&["K1", "K2"], "2"), "<keydata>K1</keydata><keydata>K2</keydata>");
    assert_eq!(answer(&["K1"], "2"), "<keydata>K1</keydata><keydata>K1</keydata>");
    assert_eq!(answer(&["K1", "K2", "K3"], "2"), "<keydata>K1</keydata><keydata>K2\nK3</keydata>");
    assert_eq!(answer(&["K1", "K2"], "1"), "<keydata>K1\nK2</keydata>");
    assert_eq!(answer(&["A&<B>"], "1"), "<keydata>A&amp;&lt;B&gt;</keydata>");
    assert_eq!(answer(&["K1"], "none"), "<keydata>K1</keydata>");
    assert!(answer(&[], "1").starts_with("<errorcode>1</errorcode>"));
}

#[test]
fn the_key_request_is_the_payment_and_the_line_of_the_notification() {
    let asked = request("anything", &format!("{SOLD}<keycount>2</keycount>"));
    let [asked] = read(&asked, &Answers::new()).try_into().unwrap();
    let [told] = read(&request("ordernotification", SOLD), &Answers::new()).try_into().unwrap();
    assert_eq!((asked.refs, asked.kind), (told.refs, told.kind));
}

#[test]
fn only_what_asks_for_keys_is_a_request_for_keys() {
    let event_type = |element: &str, inner: &str| {
        payload::envelope(&request(element, inner)).unwrap().event_type
    };
    let keys = format!("{SOLD}<keycount>1</keycount>");
    assert_eq!(event_type("anything", &keys), "registrationkey");
    assert_eq!(event_type("anything", SOLD), "unknown");
    // With the keys that were issued, it is a notification still.
    assert_eq!(event_type("ordernotification", &keys), "ordernotification");
}

#[test]
fn a_renewal_is_the_line_of_the_order_that_began_the_subscription() {
    let answered = "<response><subscriptions><subscriptionid>55</subscriptionid>\
                    <orderid>6000001</orderid><itemnumber>3</itemnumber>\
                    <productid>91390007</productid><nextbillingdate>2025-11-09</nextbillingdate>\
                    </subscriptions></response>";
    let fetched = Fetched { status: 200, body: answered.as_bytes().to_vec() };
    let answers = Answers::from([("subscriptions:7000001".to_owned(), fetched)]);
    let [told] = read(&request("ordernotification", SOLD), &answers).try_into().unwrap();
    let Kind::Paid { payment, lines, .. } = &told.kind else { panic!("{told:?}") };
    assert_eq!(payment, &Ref::payment("7000001/1"));
    assert_eq!(lines[0].line, "order:6000001/3");
    assert_eq!(lines[0].alias, ["order:7000001/1"]);
    assert_eq!(lines[0].period.unwrap().end.to_rfc3339(), "2025-11-10T00:00:00+00:00");
    let refs = [Ref::subscription("55"), Ref::order("6000001"), Ref::order("7000001")];
    assert!(refs.iter().all(|one| told.refs.contains(one)));
    // Another product of the same order has no subscription.
    let other = SOLD.replace("91390007", "91390008");
    let [told] = read(&request("ordernotification", &other), &answers).try_into().unwrap();
    assert_eq!(told.refs, [Ref::order("7000001"), Ref::payment("7000001/1")]);
}

#[test]
fn the_question_names_the_order_and_leaves_the_token_to_the_sender() {
    let body = request("ordernotification", SOLD);
    let envelope = payload::envelope(&body).unwrap();
    let event = Event::of(&envelope, DateTime::UNIX_EPOCH);
    let [ask] = BmtMicro.asks(&event).unwrap().try_into().unwrap();
    let (_, question) = ask.body.unwrap();
    let question = String::from_utf8(question).unwrap();
    let Auth::InBody { mark, setting } = ask.auth else { panic!("{:?}", ask.auth) };
    assert_eq!((question.matches(mark).count(), setting), (1, "api_token"));
    assert!(question.contains("<orderid>7000001</orderid>") && ask.need == Need::Configured);
    let answers = Answers::from([(ask.name, Fetched { status: 404, body: vec![] })]);
    assert_eq!(BmtMicro.asks(&Event { answers: &answers, ..event }), Ok(vec![]));
    let injected = request("ordernotification", &SOLD.replace("7000001", "7&lt;x&gt;"));
    let event = Event::new("ordernotification", DateTime::UNIX_EPOCH, &injected);
    assert!(BmtMicro.asks(&event).is_err());
}

#[test]
fn the_address_is_that_of_the_bill() {
    let inner = format!(
        "<customer><shipping><email>b@example.com</email></shipping><billing>\
         <email>a@example.com</email><firstname>Ada</firstname><lastname>Example</lastname>\
         <country>United States</country></billing></customer>{SOLD}"
    );
    let [told] = read(&request("ordernotification", &inner), &Answers::new()).try_into().unwrap();
    let customer = told.customer.unwrap();
    assert_eq!(customer.email.as_deref(), Some("a@example.com"));
    assert_eq!((customer.name.as_deref(), customer.country), (Some("Ada Example"), None));
}
