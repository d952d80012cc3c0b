//! Times and numbers as people read them. Every time says that it is UTC.

use chrono::{DateTime, TimeDelta, Utc};
use minijinja::value::ValueKind;
use minijinja::{Environment, State, Value};

use super::markdown;

/// Makes the filters known: `when`, `day`, `ago`, `count`, `guide`.
pub fn add_to(environment: &mut Environment<'static>) {
    environment.add_filter("when", |value: &Value| element(value, "%Y-%m-%d %H:%M:%S UTC"));
    environment.add_filter("day", |value: &Value| element(value, "%Y-%m-%d"));
    environment.add_filter("ago", |state: &State<'_, '_>, value: &Value| {
        let now = state.lookup("now").as_ref().and_then(time);
        match (time(value), now) {
            (Some(at), Some(now)) => Value::from(distance(now - at)),
            _ => Value::from(""),
        }
    });
    environment.add_filter("count", |number: i64| grouped(number));
    // A guide of ours, with this service's own address and the account's name filled in.
    environment.add_filter("guide", |text: &str, service: &str, account: &str| {
        let words = [("ACCOUNT", account), ("https://YOUR-HOST", service)];
        Value::from_safe_string(markdown::page(text, &words))
    });
}

/// The whole time stands in the attribute; what is shown is short. Nothing for nothing.
fn element(value: &Value, format: &str) -> Value {
    match time(value) {
        Some(at) => Value::from_safe_string(format!(
            "<time datetime=\"{}\">{}</time>",
            at.format("%Y-%m-%dT%H:%M:%SZ"),
            at.format(format)
        )),
        None => Value::from(""),
    }
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    match value.kind() {
        ValueKind::String => value.as_str()?.parse().ok(),
        _ => None,
    }
}

/// `5 min ago`, `in 3 days`: one unit, cut off.
#[must_use]
pub fn distance(since: TimeDelta) -> String {
    let (seconds, future) = (since.num_seconds().unsigned_abs(), since < TimeDelta::zero());
    let units = [(86_400, "day", "days"), (3_600, "h", "h"), (60, "min", "min"), (1, "s", "s")];
    let found = units.iter().find(|(size, _, _)| seconds >= *size);
    let Some((size, one, many)) = found else { return "now".to_owned() };
    let number = seconds / size;
    let unit = if number == 1 { one } else { many };
    if future { format!("in {number} {unit}") } else { format!("{number} {unit} ago") }
}

/// `1 234 567`, with spaces that do not break.
#[must_use]
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    if number < 0 { format!("−{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_have_one_unit() {
        let told = |seconds| distance(TimeDelta::seconds(seconds));
        assert_eq!(told(0), "now");
        assert_eq!(told(59), "59 s ago");
        assert_eq!(told(3_599), "59 min ago");
        assert_eq!(told(86_400), "1 day ago");
        assert_eq!(told(-2 * 86_400), "in 2 days");
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1\u{202f}000");
        assert_eq!(grouped(-1_234_567), "−1\u{202f}234\u{202f}567");
    }
}
