//! Scripts: what happens in a simulated life, line by line.
//!
//! A line is `[WHEN] WHAT`; what follows `#` is for people. WHEN is
//!
//! - a date or time: `2026-02-01`, `2026-02-01T18:30:00Z`
//! - an interval after the line before: `+P1M`
//! - the expiry of that moment, or an interval from it: `expiry`, `expiry-P3D`, `expiry+PT12H`
//! - nothing: a minute after the line before
//!
//! WHAT is one of [`WORDS`]. Payments are counted from 1, and each is of 100.00.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use keywright_providers::notice::{Act, DisputeState};
use thiserror::Error;

use crate::rules::span::Interval;

/// What may stand on a line.
pub const WORDS: [&str; 22] = [
    "purchase [QUANTITY] [until DATE]",
    "renewal [QUANTITY] [until DATE]",
    "trial until DATE",
    "plan-change PRODUCT [QUANTITY]",
    "payment-failed",
    "cancel",
    "uncancel",
    "end",
    "pause",
    "resume",
    "refund PAYMENT [PERCENT%]",
    "dispute PAYMENT",
    "dispute-won PAYMENT",
    "dispute-lost PAYMENT",
    "activate",
    "renew [INTERVAL]",
    "set-expiry DATE",
    "suspend",
    "reinstate",
    "revoke",
    "purchase-again [QUANTITY] [until DATE]",
    "refund-failed PAYMENT",
];

/// One line of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: usize,
    /// As it was written, without the time and the comment.
    pub text: String,
    pub when: When,
    pub what: What,
}

/// When it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A minute after the line before.
    Next,
    At(DateTime<Utc>),
    After(Interval),
    /// At the expiry of that moment, or an interval before or after it.
    Expiry,
    BeforeExpiry(Interval),
    AfterExpiry(Interval),
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A payment: of the purchase or a renewal (`again`: of a further purchase).
    Paid {
        quantity: Option<u32>,
        until: Option<DateTime<Utc>>,
        again: bool,
    },
    Trial {
        until: DateTime<Utc>,
    },
    PlanChange {
        product: String,
        quantity: Option<u32>,
    },
    PaymentFailed,
    Cancel,
    Uncancel,
    End,
    Pause,
    Resume,
    Refund {
        payment: u32,
        percent: u32,
    },
    RefundFailed {
        payment: u32,
    },
    Dispute {
        payment: u32,
        state: DisputeState,
    },
    Support(Act),
}

/// A line that says nothing that can be done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {number}: {message}")]
pub struct BadLine {
    pub number: usize,
    pub message: String,
}

/// Reads a script.
///
/// # Errors
/// The first line that is wrong, and what would be right.
pub fn parse(text: &str) -> Result<Vec<Line>, BadLine> {
    let lines = (1..).zip(text.lines()).filter_map(|(number, line)| {
        let line = line.split('#').next().unwrap_or_default().trim();
        (!line.is_empty()).then_some((number, line))
    });
    lines
        .map(|(number, line)| {
            self::line(number, line).map_err(|message| BadLine { number, message })
        })
        .collect()
}

fn line(number: usize, line: &str) -> Result<Line, String> {
    let mut words = Words(line.split_whitespace().collect());
    let when = match words.first().map(when).transpose()?.flatten() {
        Some(when) => {
            words.next();
            when
        }
        None => When::Next,
    };
    let text = words.0.make_contiguous().join(" ");
    let what = what(&mut words)?;
    match words.first() {
        Some(word) => Err(format!("{word:?} is too much")),
        None => Ok(Line { number, text, when, what }),
    }
}

/// `None`: the word is no time, so it says what happens.
fn when(word: &str) -> Result<Option<When>, String> {
    let after = |text: &str| interval(text);
    if let Some(rest) = word.strip_prefix("expiry") {
        return match (rest.strip_prefix('+'), rest.strip_prefix('-')) {
            (Some(later), _) => after(later).map(|interval| Some(When::AfterExpiry(interval))),
            (_, Some(earlier)) => after(earlier).map(|interval| Some(When::BeforeExpiry(interval))),
            (None, None) if rest.is_empty() => Ok(Some(When::Expiry)),
            (None, None) => Ok(None),
        };
    }
    match (word.strip_prefix('+'), word.starts_with(|first: char| first.is_ascii_digit())) {
        (Some(later), _) => after(later).map(|interval| Some(When::After(interval))),
        (None, true) => time(word).map(|at| Some(When::At(at))),
        (None, false) => Ok(None),
    }
}

fn what(words: &mut Words<'_>) -> Result<What, String> {
    let Some(word) = words.next() else {
        return Err(format!("says when and not what; {}", known()));
    };
    Ok(match word {
        "purchase" | "renewal" => paid(words, false)?,
        "purchase-again" => paid(words, true)?,
        "trial" => match words.until()? {
            Some(until) => What::Trial { until },
            None => return Err("a trial needs its end: trial until 2026-03-01".to_owned()),
        },
        "plan-change" => {
            let product = words.next().ok_or("needs a product: plan-change acme-pro")?;
            What::PlanChange { product: product.to_owned(), quantity: words.quantity()? }
        }
        "payment-failed" => What::PaymentFailed,
        "cancel" => What::Cancel,
        "uncancel" => What::Uncancel,
        "end" => What::End,
        "pause" => What::Pause,
        "resume" => What::Resume,
        "refund" => What::Refund { payment: words.payment()?, percent: words.percent()? },
        "refund-failed" => What::RefundFailed { payment: words.payment()? },
        "dispute" => dispute(words, DisputeState::Opened)?,
        "dispute-won" => dispute(words, DisputeState::Won)?,
        "dispute-lost" => dispute(words, DisputeState::Lost)?,
        "activate" => What::Support(Act::Activate),
        "renew" => {
            let interval = words.next().map(interval).transpose()?;
            What::Support(Act::Renew { interval: interval.map(String::from) })
        }
        "set-expiry" => {
            let date = words.next().ok_or("needs a date: set-expiry 2027-01-01")?;
            What::Support(Act::SetExpiry { expires_at: time(date)? })
        }
        "suspend" => What::Support(Act::Suspend),
        "reinstate" => What::Support(Act::Reinstate),
        "revoke" => What::Support(Act::Revoke),
        other => return Err(format!("{other:?} is nothing that happens; {}", known())),
    })
}

fn known() -> String {
    format!("write one of: {}", WORDS.join(", "))
}

fn paid(words: &mut Words<'_>, again: bool) -> Result<What, String> {
    let quantity = words.quantity()?;
    Ok(What::Paid { quantity, until: words.until()?, again })
}

fn dispute(words: &mut Words<'_>, state: DisputeState) -> Result<What, String> {
    Ok(What::Dispute { payment: words.payment()?, state })
}

fn interval(text: &str) -> Result<Interval, String> {
    text.parse().map_err(|why| format!("{text:?} {why}"))
}

/// A date is its first instant.
///
/// # Errors
/// What would be right.
pub fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let date =
        || text.parse::<NaiveDate>().ok().map(|date| date.and_time(NaiveTime::MIN).and_utc());
    let time = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    time.or_else(date)
        .ok_or_else(|| format!("{text:?} is not a time; write 2026-02-01, or 2026-02-01T18:30:00Z"))
}

/// The words of a line that are not read yet.
struct Words<'a>(std::collections::VecDeque<&'a str>);

impl<'a> Words<'a> {
    fn first(&self) -> Option<&'a str> {
        self.0.front().copied()
    }

    fn next(&mut self) -> Option<&'a str> {
        self.0.pop_front()
    }

    fn quantity(&mut self) -> Result<Option<u32>, String> {
        let Some(word) = self.first().filter(|word| *word != "until") else { return Ok(None) };
        self.next();
        let quantity = word.parse().ok().filter(|quantity| *quantity > 0);
        quantity.map(Some).ok_or_else(|| format!("{word:?} is not a quantity; write 5"))
    }

    fn until(&mut self) -> Result<Option<DateTime<Utc>>, String> {
        if self.first() != Some("until") {
            return Ok(None);
        }
        self.next();
        let date = self.next().ok_or("until needs a date: until 2027-01-01")?;
        time(date).map(Some)
    }

    fn payment(&mut self) -> Result<u32, String> {
        let word = self.next().ok_or("needs the number of a payment, from 1")?;
        let number = word.parse().ok().filter(|number| *number > 0);
        number.ok_or_else(|| format!("{word:?} is not the number of a payment; they count from 1"))
    }

    /// Of the payment; all of it where nothing is said.
    fn percent(&mut self) -> Result<u32, String> {
        let Some(word) = self.next() else { return Ok(100) };
        let number = word.strip_suffix('%').and_then(|number| number.parse().ok());
        let percent = number.filter(|percent| (1..=100).contains(percent));
        percent.ok_or_else(|| format!("{word:?} is not a part of a payment; write 40%"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Line {
        let lines = parse(text).unwrap();
        assert_eq!(lines.len(), 1);
        lines.into_iter().next().unwrap()
    }

    #[test]
    fn a_line_says_when_and_what() {
        let line = one("\n  2026-02-01 renewal   # the first\n");
        let paid = |quantity, until| What::Paid { quantity, until, again: false };
        assert_eq!((line.number, line.text.as_str()), (2, "renewal"));
        assert_eq!(
            (line.when, line.what),
            (When::At(time("2026-02-01").unwrap()), paid(None, None))
        );
        assert_eq!(
            one("2026-02-01T18:30:00+02:00 end").when,
            When::At(time("2026-02-01T16:30:00Z").unwrap())
        );
        let month: Interval = "P1M".parse().unwrap();
        for (text, when) in [
            ("+P1M refund 2", When::After(month)),
            ("expiry refund 2", When::Expiry),
            ("expiry+P1M refund 2", When::AfterExpiry(month)),
            ("expiry-P1M refund 2", When::BeforeExpiry(month)),
            ("refund 2", When::Next),
        ] {
            let line = one(text);
            assert_eq!(
                (line.when, line.what),
                (when, What::Refund { payment: 2, percent: 100 }),
                "{text}"
            );
        }
        assert_eq!(one("purchase 5 until 2027-01-01").what, paid(Some(5), time("2027-01-01").ok()));
        assert_eq!(one("refund 1 40%").what, What::Refund { payment: 1, percent: 40 });
        let set = Act::SetExpiry { expires_at: time("2027-01-01").unwrap() };
        assert_eq!(one("set-expiry 2027-01-01").what, What::Support(set));
        let added = Act::Renew { interval: Some("P14D".to_owned()) };
        assert_eq!(one("renew P2W").what, What::Support(added));
    }

    #[test]
    fn every_word_that_is_offered_can_be_said() {
        for words in WORDS {
            let said = words
                .replace(['[', ']'], "")
                .replace("QUANTITY", "2")
                .replace("DATE", "2027-01-01")
                .replace("PRODUCT", "pro")
                .replace("PAYMENT", "1")
                .replace("PERCENT", "50")
                .replace("INTERVAL", "P1M");
            assert_eq!(one(&said).text, said);
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_line_and_with_what_would_be_right() {
        for (text, message) in [
            (
                "purchase\n\nrenwal",
                "line 3: \"renwal\" is nothing that happens; write one of: purchase",
            ),
            ("2026-02-30 renewal", "line 1: \"2026-02-30\" is not a time; write 2026-02-01"),
            ("+1M renewal", "line 1: \"1M\" is not an ISO 8601 duration"),
            ("expiry+P1.5M end", "line 1: \"P1.5M\" has a fraction"),
            ("+P1M", "line 1: says when and not what"),
            ("purchase many", "line 1: \"many\" is not a quantity"),
            ("purchase 0", "line 1: \"0\" is not a quantity"),
            ("purchase until", "line 1: until needs a date"),
            ("trial", "line 1: a trial needs its end"),
            ("refund", "line 1: needs the number of a payment"),
            ("refund 0", "line 1: \"0\" is not the number of a payment"),
            ("refund 1 140%", "line 1: \"140%\" is not a part of a payment"),
            ("plan-change", "line 1: needs a product"),
            ("set-expiry", "line 1: needs a date"),
            ("cancel now", "line 1: \"now\" is too much"),
        ] {
            let told = parse(text).unwrap_err().to_string();
            assert!(told.starts_with(message), "{text:?}: {told}");
        }
    }
}
