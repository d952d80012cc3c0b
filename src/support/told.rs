//! Notices as sentences: what an event says, in words.

use chrono::{DateTime, Utc};
use keywright_providers::Notice;
use keywright_providers::notice::{Act, DisputeState, Kind, Line, Money, Ref, ReturnedLine};
use keywright_providers::read::minor_digits;

use crate::rules::plain::one_line;

/// Where a payment stands in its sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nobody looked.
    Unknown,
    First,
    /// Others came before it.
    Later,
}

/// Lines told by name; of more only how many.
const LINES_MAX: usize = 5;

/// The longest name of a thing, in characters.
const NAME_CHARS: usize = 120;

/// What an event says, in one sentence; `None`: nothing was read from it.
#[must_use]
pub fn summary(notices: &[Notice]) -> Option<String> {
    // What only ties names together, or tells of the customer, is not what it is about.
    let weight = |notice: &&Notice| match notice.kind {
        Kind::Linked => 2,
        Kind::Customer => 1,
        _ => 0,
    };
    let first = notices.iter().min_by_key(weight)?;
    let text = sentence(first, Place::Unknown);
    let others = notices.len() - 1;
    Some(if others == 0 { text } else { format!("{text}, and {others} more") })
}

/// One notice as a sentence, without a full stop.
#[must_use]
pub fn sentence(notice: &Notice, place: Place) -> String {
    let whose = whose(notice);
    match &notice.kind {
        Kind::Paid { amount, lines, .. } => {
            let what = match place {
                Place::Unknown => "Payment",
                Place::First => "First payment",
                Place::Later => "Renewal",
            };
            let amount = of(amount.as_ref());
            match lines.as_slice() {
                [] => format!("Charge{amount} that covers no time{whose}"),
                lines => format!("{what}{amount} for {}{whose}", bought(lines)),
            }
        }
        Kind::Trial { until, lines } => {
            format!("Trial of {} until {}{whose}", bought(lines), day(*until))
        }
        Kind::Changed { lines, .. } => format!("Change: now {}{whose}", bought(lines)),
        Kind::Canceled { at: Some(at) } => {
            format!("Cancellation: no renewal any more, it ends {}{whose}", day(*at))
        }
        Kind::Canceled { at: None } => format!("Cancellation: no renewal any more{whose}"),
        Kind::Uncanceled => format!("The cancellation is taken back: it renews after all{whose}"),
        Kind::Ended { at } => format!("The end, on {}{whose}", day(*at)),
        Kind::PaymentFailed => format!("A renewal was not paid{whose}"),
        Kind::Refunded { amount, total, full, lines, payment, .. } => {
            let size = if *full { "Full refund" } else { "Refund" };
            let so_far = total
                .as_ref()
                .map_or_else(String::new, |total| format!(", {} in all so far", money(total)));
            let back = returned(lines);
            format!("{size}{} for {}{so_far}{back}{whose}", of(amount.as_ref()), named(payment))
        }
        Kind::RefundUndone { refund, payment } => {
            let (refund, payment) = (name(refund), named(payment));
            format!("The refund {refund} for {payment} failed or was taken back{whose}")
        }
        Kind::Disputed { dispute, payment, state } => {
            let state = match state {
                DisputeState::Opened => "was opened",
                DisputeState::Lost => "was lost: the money is gone",
                DisputeState::Won => "was won: the money stays",
            };
            let (dispute, payment) = (name(dispute), named(payment));
            format!("The dispute {dispute} about {payment} {state}{whose}")
        }
        Kind::Paused => format!("A pause{whose}"),
        Kind::Resumed => format!("The end of a pause{whose}"),
        Kind::Linked => {
            let refs = notice.refs.iter().map(named).collect::<Vec<_>>().join(", ");
            format!("These belong together: {refs}")
        }
        Kind::Customer => {
            let id = notice.customer.as_ref().and_then(|customer| customer.provider_id.as_deref());
            id.map_or_else(
                || "Details of a customer".to_owned(),
                |id| format!("Details of the customer {}", name(id)),
            )
        }
        Kind::Adjusted { act, by, reason } => {
            let why = reason.as_deref().map(|why| format!(" ({})", name(why))).unwrap_or_default();
            format!("{} {}{whose}{why}", name(by), did(act))
        }
    }
}

/// `49.00 EUR`.
#[must_use]
pub fn money(money: &Money) -> String {
    let digits = minor_digits(&money.currency);
    let sign = if money.minor < 0 { "-" } else { "" };
    let all = format!("{:0>width$}", money.minor.unsigned_abs(), width = digits + 1);
    let (whole, minor) = all.split_at(all.len() - digits);
    let point = if digits > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{minor} {}", name(&money.currency))
}

fn did(act: &Act) -> String {
    match act {
        Act::Issue { lines, expires_at: Some(end) } => {
            format!("gave {} until {}", bought(lines), day(*end))
        }
        Act::Issue { lines, expires_at: None } => format!("gave {}", bought(lines)),
        Act::Renew { interval: Some(interval) } => {
            format!("added {} to the expiry", name(interval))
        }
        Act::Renew { interval: None } => "added one interval to the expiry".to_owned(),
        Act::SetExpiry { expires_at } => format!("set the expiry to {}", day(*expires_at)),
        Act::Suspend => "suspended it".to_owned(),
        Act::Reinstate => "reinstated it".to_owned(),
        Act::Revoke => "revoked it".to_owned(),
        Act::Activate => "activated it for the first time".to_owned(),
    }
}

fn of(amount: Option<&Money>) -> String {
    amount.map(|amount| format!(" of {}", money(amount))).unwrap_or_default()
}

/// `5 × price_pro (2026-12-01 to 2027-12-01)`.
fn bought(lines: &[Line]) -> String {
    let line = |line: &Line| {
        let item =
            line.item.first().map_or_else(|| "what the order says".to_owned(), |item| name(item));
        let period = match &line.period {
            Some(period) => match period.start {
                Some(start) => format!(" ({} to {})", day(start), day(period.end)),
                None => format!(" (until {})", day(period.end)),
            },
            None => String::new(),
        };
        match line.quantity {
            1 => format!("{item}{period}"),
            many => format!("{many} × {item}{period}"),
        }
    };
    match listed(lines.iter().map(line), lines.len()) {
        nothing if nothing.is_empty() => "nothing that is named".to_owned(),
        lines => lines,
    }
}

fn returned(lines: &[ReturnedLine]) -> String {
    let line = |line: &ReturnedLine| match line.quantity {
        Some(quantity) => format!("{quantity} of line {}", name(&line.line)),
        None => format!("line {}", name(&line.line)),
    };
    match listed(lines.iter().map(line), lines.len()) {
        nothing if nothing.is_empty() => nothing,
        lines => format!(", giving back {lines}"),
    }
}

fn listed(names: impl Iterator<Item = String>, count: usize) -> String {
    let names = names.take(LINES_MAX).collect::<Vec<_>>().join(" + ");
    match count.checked_sub(LINES_MAX) {
        Some(more) if more > 0 => format!("{names} and {more} more"),
        Some(_) | None => names,
    }
}

/// What it belongs to: its most significant reference.
fn whose(notice: &Notice) -> String {
    notice.refs.iter().min().map(|first| format!(", {}", named(first))).unwrap_or_default()
}

fn named(reference: &Ref) -> String {
    format!("{} {}", reference.thing.as_str(), name(&reference.id))
}

/// Others' words within ours.
fn name(text: &str) -> String {
    one_line(text, NAME_CHARS)
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use keywright_providers::notice::{Customer, Period};

    use super::*;

    fn at(day: &str) -> DateTime<Utc> {
        format!("{day}T10:00:00Z").parse().unwrap()
    }

    fn eur(minor: i64) -> Option<Money> {
        Some(Money { minor, currency: "EUR".to_owned() })
    }

    fn line(quantity: u32, period: Option<Period>) -> Line {
        let item = vec!["price_pro".to_owned(), "prod_1".to_owned()];
        Line { line: "li_1".to_owned(), alias: Vec::new(), item, quantity, period }
    }

    fn told(kind: Kind) -> Notice {
        Notice {
            refs: vec![Ref::invoice("in_1"), Ref::subscription("sub_1")],
            occurred_at: at("2026-12-01"),
            line: None,
            kind,
            customer: None,
        }
    }

    fn paid(lines: Vec<Line>) -> Kind {
        Kind::Paid { payment: Ref::invoice("in_1"), amount: eur(4_900), lines }
    }

    #[test]
    fn a_payment_is_told_with_its_money_its_period_and_its_place() {
        let year = Period { start: Some(at("2026-12-01")), end: at("2027-12-01") };
        let notice = told(paid(vec![line(1, Some(year))]));
        let rest = "of 49.00 EUR for price_pro (2026-12-01 to 2027-12-01), subscription sub_1";
        assert_eq!(sentence(&notice, Place::Unknown), format!("Payment {rest}"));
        assert_eq!(sentence(&notice, Place::First), format!("First payment {rest}"));
        assert_eq!(sentence(&notice, Place::Later), format!("Renewal {rest}"));
        let end = Period { start: None, end: at("2027-12-01") };
        let notice = told(paid(vec![line(5, Some(end)), line(1, None)]));
        assert_eq!(
            sentence(&notice, Place::Unknown),
            "Payment of 49.00 EUR for 5 × price_pro (until 2027-12-01) + price_pro, subscription sub_1"
        );
    }

    #[test]
    fn every_kind_is_a_sentence() {
        let payment = || Ref::charge("ch_1");
        for (kind, text) in [
            (
                Kind::Trial { until: at("2026-12-15"), lines: vec![line(1, None)] },
                "Trial of price_pro until 2026-12-15",
            ),
            (
                Kind::Changed { lines: vec![line(5, None)], whole: false },
                "Change: now 5 × price_pro",
            ),
            (
                Kind::Canceled { at: Some(at("2027-12-01")) },
                "Cancellation: no renewal any more, it ends 2027-12-01",
            ),
            (Kind::Canceled { at: None }, "Cancellation: no renewal any more"),
            (Kind::Uncanceled, "The cancellation is taken back: it renews after all"),
            (Kind::Ended { at: at("2027-12-01") }, "The end, on 2027-12-01"),
            (Kind::PaymentFailed, "A renewal was not paid"),
            (
                Kind::Refunded {
                    refund: "re_1".into(),
                    payment: payment(),
                    amount: eur(100),
                    total: eur(350),
                    full: false,
                    lines: vec![ReturnedLine { line: "li_1".into(), quantity: Some(2) }],
                },
                "Refund of 1.00 EUR for charge ch_1, 3.50 EUR in all so far, giving back 2 of line li_1",
            ),
            (
                Kind::Refunded {
                    refund: "re_1".into(),
                    payment: payment(),
                    amount: None,
                    total: None,
                    full: true,
                    lines: Vec::new(),
                },
                "Full refund for charge ch_1",
            ),
            (
                Kind::RefundUndone { refund: "re_1".into(), payment: payment() },
                "The refund re_1 for charge ch_1 failed or was taken back",
            ),
            (
                Kind::Disputed {
                    dispute: "dp_1".into(),
                    payment: payment(),
                    state: DisputeState::Opened,
                },
                "The dispute dp_1 about charge ch_1 was opened",
            ),
            (Kind::Paused, "A pause"),
            (Kind::Resumed, "The end of a pause"),
            (
                Kind::Adjusted {
                    act: Act::SetExpiry { expires_at: at("2028-01-31") },
                    by: "ann".into(),
                    reason: None,
                },
                "ann set the expiry to 2028-01-31",
            ),
        ] {
            assert_eq!(
                sentence(&told(kind), Place::Unknown),
                format!("{text}, subscription sub_1")
            );
        }
        let act = Act::Issue { lines: vec![line(1, None)], expires_at: None };
        let given = Kind::Adjusted { act, by: "ann".into(), reason: Some("sorry".into()) };
        assert_eq!(
            sentence(&told(given), Place::Unknown),
            "ann gave price_pro, subscription sub_1 (sorry)"
        );
        assert_eq!(
            sentence(&told(Kind::Linked), Place::Unknown),
            "These belong together: invoice in_1, subscription sub_1"
        );
        let customer = Customer { provider_id: Some("cus_1".into()), ..Customer::default() };
        let notice = Notice { customer: Some(customer), ..told(Kind::Customer) };
        assert_eq!(sentence(&notice, Place::Unknown), "Details of the customer cus_1");
    }

    #[test]
    fn an_event_is_what_weighs_most_in_it() {
        assert_eq!(summary(&[]), None);
        let notices = [told(Kind::Linked), told(Kind::Paused), told(Kind::Customer)];
        assert_eq!(summary(&notices).as_deref(), Some("A pause, subscription sub_1, and 2 more"));
    }

    #[test]
    fn money_has_the_digits_of_its_currency() {
        let text = |minor, currency: &str| money(&Money { minor, currency: currency.to_owned() });
        assert_eq!(text(4_900, "EUR"), "49.00 EUR");
        assert_eq!(text(7, "EUR"), "0.07 EUR");
        assert_eq!(text(-7, "EUR"), "-0.07 EUR");
        assert_eq!(text(1_200, "JPY"), "1200 JPY");
        assert_eq!(text(1_234, "KWD"), "1.234 KWD");
        assert_eq!(text(0, "JPY"), "0 JPY");
        assert_eq!(text(i64::MIN, "EUR"), "-92233720368547758.08 EUR");
    }

    #[test]
    fn what_others_wrote_steers_nothing_and_ends() {
        let item = vec!["\u{202e}x\r\ny".repeat(200)];
        let lines = vec![Line { item, ..line(1, None) }; 9];
        let text = sentence(&told(paid(lines)), Place::Unknown);
        assert!(!text.contains(['\u{202e}', '\n']) && text.chars().count() < 1_000, "{text}");
        assert!(text.contains("and 4 more"), "{text}");
    }
}
