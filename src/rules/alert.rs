//! The alert digest: when somebody is written that something needs a person, and when that all is
//! well again. State and time in, owed word out.
//!
//! - What is new is told once it has lasted for [`LASTING`], and within a quarter of an hour, but
//!   no two digests come within [`APART`].
//! - What was told and has grown is told again after a day; what just stays, after a week.
//! - When everything has been well for [`WELL`], that is told once.
//! - When all is well nothing is sent, and nothing either of what was mended before it was told.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// What lasts less than this mends itself.
pub const LASTING: TimeDelta = TimeDelta::minutes(5);

/// Between two digests at least.
pub const APART: TimeDelta = TimeDelta::hours(1);

/// Until what was told and has grown is told again, and until what is over counts as new when it
/// comes back.
pub const AGAIN: TimeDelta = TimeDelta::days(1);

/// Until what only stays is told again.
pub const REMINDED: TimeDelta = TimeDelta::days(7);

/// So long all must be well before that is told.
pub const WELL: TimeDelta = TimeDelta::hours(1);

/// Something that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Trouble {
    /// Events that failed.
    Failed { account: String, reason: String },
    /// Events that wait for too long.
    Waiting { account: String, reason: String },
    /// Mails that were given up.
    Mail,
    /// Sales of which nobody has told an address.
    Address,
    /// Licenses that a person suspended or revoked, and that somebody goes on paying for.
    Paid,
    /// Messages that a hook did not take.
    Hook { hook: String },
    /// An account that is silent.
    Silent { account: String },
    /// Events of an account that were never told, and found in the provider's list.
    Missed { account: String },
}

/// Some of that, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    #[serde(flatten)]
    pub trouble: Trouble,
    pub count: usize,
    /// There are more than were counted.
    pub more: bool,
    pub since: Option<DateTime<Utc>>,
}

/// What was told so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// How many words were sent: each has its number, so that of two nodes one sends it.
    pub number: u64,
    /// Since when there is something that was not told.
    pub noticed_at: Option<DateTime<Utc>>,
    /// When trouble was told last.
    pub told_at: Option<DateTime<Utc>>,
    /// What was told, and how much of it.
    pub told: Vec<Found>,
    /// Trouble was told, and not yet that it is over.
    pub open: bool,
    /// Since when all is well, while trouble is told.
    pub well_since: Option<DateTime<Utc>>,
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// This needs a person.
    Trouble(Vec<Found>),
    /// What was told is over.
    Well,
}

/// What follows from what is found now.
#[must_use]
pub fn step(state: &State, found: &[Found], now: DateTime<Utc>) -> (State, Option<Word>) {
    if found.is_empty() { well(state, now) } else { trouble(state, found, now) }
}

fn well(state: &State, now: DateTime<Utc>) -> (State, Option<Word>) {
    let mut next = State { noticed_at: None, ..state.clone() };
    if !state.open {
        return (next, None);
    }
    let since = *next.well_since.get_or_insert(now);
    if now - since < WELL {
        return (next, None);
    }
    (next.open, next.well_since) = (false, None);
    next.number += 1;
    (next, Some(Word::Well))
}

fn trouble(state: &State, found: &[Found], now: DateTime<Utc>) -> (State, Option<Word>) {
    let mut next = State { well_since: None, ..state.clone() };
    let passed = |wait: TimeDelta| state.told_at.is_none_or(|told_at| now - told_at >= wait);
    // What was over for long enough is new when it comes back.
    if passed(AGAIN) {
        let over = |told: &Found| !found.iter().any(|one| one.trouble == told.trouble);
        next.told.retain(|told| state.open && !over(told));
    }
    let told = |one: &Found| next.told.iter().find(|told| told.trouble == one.trouble);
    let is_new = found.iter().any(|one| told(one).is_none());
    let grown = found.iter().any(|one| told(one).is_some_and(|told| one.count > told.count));
    next.noticed_at = is_new.then(|| state.noticed_at.unwrap_or(now));
    let lasting = next.noticed_at.is_some_and(|noticed_at| now - noticed_at >= LASTING);
    let due = (lasting && passed(APART)) || (grown && passed(AGAIN)) || passed_long(&next, now);
    if !due {
        return (next, None);
    }
    let known: Vec<Found> = next.told.drain(..).collect();
    next.told = found.to_vec();
    // What is over just now is still known, for a day.
    let over = |old: &Found| !found.iter().any(|one| one.trouble == old.trouble);
    next.told.extend(known.into_iter().filter(over));
    next.number += 1;
    (next.noticed_at, next.told_at, next.open) = (None, Some(now), true);
    (next, Some(Word::Trouble(found.to_vec())))
}

/// It was told, it is still there, and that was long ago.
fn passed_long(state: &State, now: DateTime<Utc>) -> bool {
    !state.told.is_empty() && state.told_at.is_some_and(|told_at| now - told_at >= REMINDED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(reason: &str, count: usize) -> Found {
        let trouble = Trouble::Failed { account: "shop".to_owned(), reason: reason.to_owned() };
        Found { trouble, count, more: false, since: None }
    }

    /// Looks every five minutes, as the service does; says after how many minutes it wrote what.
    struct Watch {
        state: State,
        minute: i64,
    }

    impl Watch {
        fn new() -> Self {
            Self { state: State::default(), minute: 0 }
        }

        /// What is written while this is found, for so many minutes.
        fn sees(&mut self, found: &[Found], minutes: i64) -> Vec<(i64, &'static str)> {
            let mut words = Vec::new();
            let end = self.minute + minutes;
            while self.minute < end {
                let at = DateTime::UNIX_EPOCH + TimeDelta::minutes(self.minute);
                let (state, word) = step(&self.state, found, at);
                self.state = state;
                words.extend(word.map(|word| {
                    let name = match word {
                        Word::Trouble(_) => "trouble",
                        Word::Well => "well",
                    };
                    (self.minute, name)
                }));
                self.minute += 5;
            }
            words
        }
    }

    const DAY: i64 = 24 * 60;

    #[test]
    fn while_all_is_well_nothing_is_written() {
        assert_eq!(Watch::new().sees(&[], 90 * DAY), []);
    }

    #[test]
    fn the_first_trouble_is_told_within_a_quarter_of_an_hour() {
        let mut watch = Watch::new();
        watch.sees(&[], 60);
        let words = watch.sees(&[failed("unknown_product", 1)], 60);
        assert!(matches!(words.as_slice(), [(60..=75, "trouble")]), "{words:?}");
    }

    #[test]
    fn what_mends_itself_is_told_to_nobody() {
        let mut watch = Watch::new();
        assert_eq!(watch.sees(&[failed("unknown_product", 1)], 5), []);
        assert_eq!(watch.sees(&[], 7 * DAY), []);
        assert_eq!(watch.sees(&[failed("unknown_product", 1)], 5), [], "nor the next time");
    }

    #[test]
    fn what_grows_is_told_once_a_day_and_what_stays_once_a_week() {
        let mut watch = Watch::new();
        let mut words = Vec::new();
        for hour in 0..72 {
            words.extend(watch.sees(&[failed("unknown_product", hour + 1)], 60));
        }
        assert_eq!(words.len(), 3, "{words:?}");
        let words = watch.sees(&[failed("unknown_product", 72)], 21 * DAY);
        assert!((3..=4).contains(&words.len()), "{words:?}");
    }

    #[test]
    fn another_kind_is_told_at_once_but_not_within_the_hour() {
        let mut watch = Watch::new();
        let one = failed("unknown_product", 1);
        assert_eq!(watch.sees(std::slice::from_ref(&one), 10).len(), 1);
        let both = [one, failed("api_refused", 1)];
        let words = watch.sees(&both, 12 * 60);
        assert!(matches!(words.as_slice(), [(65..=70, "trouble")]), "{words:?}");
    }

    #[test]
    fn when_it_is_over_that_is_told_once() {
        let mut watch = Watch::new();
        watch.sees(&[failed("unknown_product", 1)], 30);
        assert_eq!(watch.sees(&[], 30 * DAY), [(90, "well")]);
    }

    #[test]
    fn what_comes_and_goes_writes_no_more_than_twice_a_day() {
        let mut watch = Watch::new();
        let mut words = Vec::new();
        for _ in 0..7 * 12 {
            words.extend(watch.sees(&[failed("unknown_product", 1)], 30));
            words.extend(watch.sees(&[], 90));
        }
        assert!(words.len() <= 2 * 7 + 1, "{words:?}");
        assert!(words.len() >= 7, "nor is it forgotten: {words:?}");
    }

    #[test]
    fn each_word_has_the_next_number() {
        let mut watch = Watch::new();
        watch.sees(&[failed("unknown_product", 1)], 30);
        assert_eq!(watch.state.number, 1);
        watch.sees(&[], 120);
        assert_eq!(watch.state.number, 2);
    }

    #[test]
    fn the_state_is_kept_as_json() {
        let mut watch = Watch::new();
        watch.sees(
            &[failed("unknown_product", 1), Found { trouble: Trouble::Mail, ..failed("", 3) }],
            30,
        );
        let text = serde_json::to_string(&watch.state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&text).unwrap(), watch.state);
        assert_eq!(serde_json::from_str::<State>("{}").unwrap(), State::default());
    }
}
