//! Silence: when an account has been quiet for much longer than is usual for it.
//!
//! What is usual is read from its last weeks, a day at a time: a shop that sells every day, an
//! office that rests on weekends, a vendor whose renewals come once a month. Of an account that
//! tells little nothing is known, and its silence means nothing.

use chrono::TimeDelta;

/// The days that are looked back on.
pub const DAYS: u16 = 35;

/// Fewer days with events than this say nothing.
const HEARD_MIN: usize = 5;

/// Who was not heard of on both sides of a weekend may rest on it.
const WEEK: usize = 8;
const WEEKEND: usize = 2;

/// How long after its last event an account's silence is strange; `None`: it never is. `heard`
/// says of each day, oldest first, whether there were events.
///
/// Where none passed without: a day. Else twice the longest quiet time, and a day.
#[must_use]
pub fn patience(heard: &[bool]) -> Option<TimeDelta> {
    let first = heard.iter().position(|heard| *heard)?;
    let last = heard.iter().rposition(|heard| *heard)?;
    let known = heard.get(first..=last)?;
    if known.iter().filter(|heard| **heard).count() < HEARD_MIN {
        return None;
    }
    let quiet = known.split(|heard| *heard).map(<[bool]>::len).max().unwrap_or_default();
    let quiet = if known.len() < WEEK { quiet.max(WEEKEND) } else { quiet };
    Some(TimeDelta::days(i64::try_from(2 * quiet + 1).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A letter a day: `x` where there were events.
    fn days(text: &str) -> Option<i64> {
        let heard: Vec<bool> = text.chars().map(|day| day == 'x').collect();
        patience(&heard).map(|patience| patience.num_days())
    }

    #[test]
    fn who_sells_every_day_is_missed_after_one() {
        assert_eq!(days("xxxxxxxxxxxxxx"), Some(1));
    }

    #[test]
    fn who_rests_on_weekends_is_not_missed_on_one() {
        assert_eq!(days("xxxxx..xxxxx.."), Some(5));
    }

    #[test]
    fn the_silence_itself_makes_nobody_patient() {
        assert_eq!(days("xxxxxxxxxxxxxx......."), Some(1));
    }

    #[test]
    fn who_was_heard_of_for_less_than_a_week_may_rest_on_weekends_too() {
        assert_eq!(days("........xxxxxxx"), Some(5));
        assert_eq!(days(".......xxxxxxxx"), Some(1));
    }

    #[test]
    fn of_who_tells_little_nothing_is_known() {
        assert_eq!(days(""), None);
        assert_eq!(days("..............."), None);
        assert_eq!(days("x.............x"), None, "renewals once a month");
        assert_eq!(days("xxxx"), None);
    }
}
