//! `[retention]`: how long what is not needed any more is kept.

use super::fault::{Key, Report};
use super::section::{section, table};
use super::settings::RetentionSettings;
use crate::rules::span::Interval;

/// For how long contents are kept; `None`: for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Bodies, headers and answers of events that are applied or ignored.
    pub event_bodies: Option<Interval>,
    /// The text of mails that were sent.
    pub mail_bodies: Option<Interval>,
    /// Messages that hooks took.
    pub hooks: Option<Interval>,
    /// Machines that gave up their seat.
    pub released_activations: Option<Interval>,
    /// Answers remembered for idempotency keys.
    pub idempotency: Option<Interval>,
}

/// Somebody asks about a delivery, or wants it replayed, days after it.
const CONTENT_MIN: Interval = Interval::days(7);

/// A repetition with the same key comes within the day.
const ANSWER_MIN: Interval = Interval::days(1);

/// Reads `[retention]`.
pub(super) fn retention(report: &mut Report<'_>) -> Retention {
    let key = Key::of(&["retention"]);
    let written = table(report, &key);
    let settings: RetentionSettings = section(report, &key, written, &[]);
    let mut kept = |name: &str, age: Option<Interval>, least: Interval| {
        let age = age?;
        if age.after(chrono::DateTime::UNIX_EPOCH, 1) < least.after(chrono::DateTime::UNIX_EPOCH, 1)
        {
            report.add(&key.at(name), format!("is {age}; write at least {least}"));
            return None;
        }
        Some(age)
    };
    Retention {
        event_bodies: kept("event_bodies", settings.event_bodies, CONTENT_MIN),
        mail_bodies: kept("mail_bodies", settings.mail_bodies, CONTENT_MIN),
        hooks: kept("hooks", settings.hooks, CONTENT_MIN),
        released_activations: kept(
            "released_activations",
            settings.released_activations,
            CONTENT_MIN,
        ),
        idempotency: kept("idempotency", settings.idempotency, ANSWER_MIN),
    }
}
