//! A provider's own bytes for people: set out line by line, and with personal data masked.

use data_encoding::BASE64;
use serde::Serialize;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::mask::{Mask, is_kind, is_personal};

mod xml;

/// The longest text that is shown, in characters. The command line shows all of it.
const CHARS_MAX: usize = 200_000;

/// A body as it reads best.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Payload {
    /// `JSON`, `form`, `XML`, `text`, `bytes` or `no body`.
    pub format: &'static str,
    /// `None`: what is personal in it cannot be told from the rest, so nothing is shown.
    pub text: Option<String>,
    /// The rest was left out.
    pub cut: bool,
}

/// Sets out a body.
#[must_use]
pub fn payload(body: &[u8], mask: &mut Mask) -> Payload {
    let (format, text) = match std::str::from_utf8(body) {
        Ok("") => ("no body", Some(String::new())),
        Err(_) => ("bytes", (!mask.hides()).then(|| BASE64.encode(body))),
        Ok(text) => match serde_json::from_str::<Value>(text) {
            Ok(value) => ("JSON", Some(pretty(&masked(&value, "", mask)))),
            Err(_) if text.trim_start().starts_with('<') => ("XML", Some(xml::pretty(text, mask))),
            Err(_) if is_form(text) => ("form", Some(form(text, mask))),
            Err(_) => ("text", (!mask.hides()).then(|| text.to_owned())),
        },
    };
    let end = text.as_deref().and_then(|text| text.char_indices().nth(CHARS_MAX));
    let text = match (text, end) {
        (Some(text), Some((end, _))) => Some(text.split_at(end).0.to_owned()),
        (text, _) => text,
    };
    Payload { format, text, cut: end.is_some() }
}

/// A JSON value with its personal data masked.
#[must_use]
pub fn masked(value: &Value, name: &str, mask: &mut Mask) -> Value {
    match value {
        Value::Object(fields) => {
            let mut shown = Map::new();
            for (key, value) in fields {
                let value = match is_personal(key, name) {
                    true => hidden(value, mask),
                    false => masked(value, key, mask),
                };
                shown.insert(mask.inside(key), value);
            }
            Value::Object(shown)
        }
        Value::Array(items) => items.iter().map(|item| masked(item, name, mask)).collect(),
        Value::String(text) => Value::from(within(text, mask)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// JSON, two spaces a level.
#[must_use]
pub fn pretty(value: &Value) -> String {
    // Texts and numbers: they have a form in JSON always.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// All that stands below a personal name, but for what says of what kind it is.
fn hidden(value: &Value, mask: &mut Mask) -> Value {
    match value {
        Value::Object(fields) => {
            let mut shown = Map::new();
            for (key, value) in fields {
                let value = match (is_kind(key), value) {
                    (true, Value::String(text)) => Value::from(within(text, mask)),
                    _ => hidden(value, mask),
                };
                shown.insert(mask.inside(key), value);
            }
            Value::Object(shown)
        }
        Value::Array(items) => items.iter().map(|item| hidden(item, mask)).collect(),
        Value::String(text) => Value::from(mask.whole(text)),
        Value::Number(number) if mask.hides() => Value::from(mask.whole(&number.to_string())),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// A text among other values: some providers put a whole document into one.
fn within(text: &str, mask: &mut Mask) -> String {
    if mask.hides()
        && text.trim_start().starts_with(['{', '['])
        && let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text)
    {
        return masked(&value, "", mask).to_string();
    }
    mask.inside(text)
}

fn is_form(text: &str) -> bool {
    let text = text.trim_end();
    text.contains('=') && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A pair a line, decoded: `customer[email] = a***@e***.com`.
fn form(text: &str, mask: &mut Mask) -> String {
    let pairs = form_urlencoded::parse(text.trim_end().as_bytes());
    let lines = pairs.map(|(name, value)| {
        let mut path = name.split(['[', ']', '.']).filter(|part| !part.is_empty());
        let mut below = "";
        let personal = path.any(|part| {
            let personal = is_personal(part, below);
            below = part;
            personal
        });
        let value = if personal { mask.whole(&value) } else { within(&value, mask) };
        format!("{} = {}", mask.inside(&name), value.replace('\n', "\n    "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::mask::Personal;
    use super::*;

    fn shown(body: &str) -> String {
        payload(body.as_bytes(), &mut Mask::new(Personal::Masked)).text.unwrap()
    }

    #[test]
    fn json_is_set_out_and_masked() {
        let body = r#"{"id":"evt_1","customer":{"name":"Ada","email":"ada@example.com","address":
            {"line1":"1 Lane","country":"DE"}},"items":[{"name":"Acme Pro","amount":4900}],
            "note":"from ada@example.com","card":{"brand":"visa","exp_year":2030},
            "custom":"{\"email\":\"bob@example.org\"}"}"#;
        let value: Value = serde_json::from_str(&shown(body)).unwrap();
        assert_eq!(value["id"], "evt_1");
        assert_eq!(value["customer"]["name"], "A***");
        assert_eq!(value["customer"]["email"], "a***@e***.com");
        assert_eq!(value["customer"]["address"]["line1"], "1*** L***");
        assert_eq!(value["customer"]["address"]["country"], "DE");
        assert_eq!(value["items"][0]["name"], "Acme Pro");
        assert_eq!(value["items"][0]["amount"], 4900);
        assert_eq!(value["note"], "from a***@e***.com");
        assert_eq!(value["card"]["brand"], "visa");
        assert_eq!(value["card"]["exp_year"], "2***");
        assert_eq!(value["custom"], r#"{"email":"b***@e***.org"}"#);
        assert!(shown(body).contains("\n  \"customer\": {\n"));
    }

    #[test]
    fn a_form_is_a_pair_a_line() {
        let body =
            "alert=paid&email=ada%40example.com&customer%5Bname%5D=Ada+L&sum=4.90&item_name=Pro";
        assert_eq!(
            shown(body),
            "alert = paid\nemail = a***@e***.com\ncustomer[name] = A*** L***\nsum = 4.90\nitem_name = Pro"
        );
    }

    #[test]
    fn what_cannot_be_told_apart_is_not_shown_until_asked_for() {
        for body in ["Dear Ada, you paid".as_bytes(), b"\xff\xfeAda"] {
            assert_eq!(payload(body, &mut Mask::new(Personal::Masked)).text, None);
        }
        let whole = payload("Dear Ada, you paid".as_bytes(), &mut Mask::new(Personal::Shown));
        assert_eq!(whole.text.as_deref(), Some("Dear Ada, you paid"));
    }

    /// Every event of every provider, of a buyer whose data looks like nothing else.
    #[test]
    fn no_event_of_any_provider_shows_the_buyer() {
        use keywright_providers::ALL;
        use keywright_providers::sample::{Scene, Step};

        let at = "2026-12-01T09:00:00Z".parse().unwrap();
        for step in Step::ALL {
            let scene = Scene {
                step,
                tag: "zoe".to_owned(),
                cycle: 0,
                at,
                period_start: at,
                period_end: at + chrono::TimeDelta::days(365),
                item: "price_pro".to_owned(),
                item_next: "price_pro".to_owned(),
                item_first: "price_pro".to_owned(),
                quantity: 1,
                email: "quentin@customer.example".to_owned(),
                name: "Quentin Zyxwv".to_owned(),
                company: Some("Qwertz Gmbh".to_owned()),
                country: "DE".to_owned(),
                locale: "en".to_owned(),
                live: true,
                subscription: true,
                amount_minor: 4_900,
                currency: "EUR".to_owned(),
                settings: keywright_providers::Settings::new(),
            };
            for sample in ALL.iter().flat_map(|provider| provider.samples(&scene)) {
                let text = payload(&sample.body, &mut Mask::new(Personal::Masked)).text;
                let text = text.unwrap_or_else(|| panic!("{} is not understood", sample.title));
                for personal in ["quentin", "Quentin", "Zyxwv", "Qwertz", "customer.example"] {
                    assert!(!text.contains(personal), "{}: {text}", sample.title);
                }
            }
        }
    }

    #[test]
    fn all_is_there_when_asked_for() {
        let body = r#"{"customer":{"name":"Ada","email":"ada@example.com"}}"#;
        let whole = payload(body.as_bytes(), &mut Mask::new(Personal::Shown)).text.unwrap();
        let value: Value = serde_json::from_str(&whole).unwrap();
        assert_eq!(value, serde_json::from_str::<Value>(body).unwrap());
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let body = Value::from("x".repeat(CHARS_MAX)).to_string();
        let shown = payload(body.as_bytes(), &mut Mask::new(Personal::Masked));
        assert!(shown.cut && shown.text.unwrap().chars().count() == CHARS_MAX);
    }
}
