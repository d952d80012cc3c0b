//! Stretches of a license's time: what is covered, what was taken back, when it stood still.

use chrono::{DateTime, Utc};

use super::Moved;
use crate::rules::fold::{Step, StepKind, Stretch};
use crate::support::view::HistoryView;

/// What stands of the time that the steps gave, and what does not: money that went back, and what
/// an end or a shorter date cut off.
pub(super) fn periods(steps: &[Step], end: Option<DateTime<Utc>>) -> (Vec<Stretch>, Vec<Stretch>) {
    let (mut covered, mut withdrawn) = (Vec::new(), Vec::new());
    for step in steps {
        if let Some(end) = step.expires_at {
            cut(&mut covered, &mut withdrawn, end);
        }
        match (step.kind, step.covers) {
            (StepKind::Returned, Some(covers)) => withdrawn.push(covers),
            (_, Some(covers)) => covered.push(covers),
            (_, None) => {}
        }
    }
    if let Some(end) = end {
        cut(&mut covered, &mut withdrawn, end);
    }
    (covered, withdrawn)
}

/// Moves what lies after `end` from the one to the other.
fn cut(covered: &mut Vec<Stretch>, withdrawn: &mut Vec<Stretch>, end: DateTime<Utc>) {
    let whole = std::mem::take(covered);
    for stretch in whole {
        let past = stretch.until.is_none_or(|until| until > end);
        if past {
            withdrawn.push(Stretch { from: stretch.from.max(end), ..stretch });
        }
        let until = if past { Some(end) } else { stretch.until };
        if stretch.from < end {
            covered.push(Stretch { until, ..stretch });
        }
    }
}

/// When nobody could use it, by its history.
pub(super) fn stopped(history: &[&HistoryView]) -> Vec<Stretch> {
    let mut stopped: Vec<Stretch> = Vec::new();
    let mut since = None;
    for entry in history {
        let at = entry.cause.as_ref().map_or(entry.at, |cause| cause.occurred_at);
        match entry.action.as_str() {
            "suspended" | "revoked" | "withdrawn" => since = since.or(Some(at)),
            "reinstated" => {
                let from = since.take();
                stopped.extend(from.map(|from| Stretch { from, until: Some(at.max(from)) }));
            }
            _ => {}
        }
    }
    stopped.extend(since.map(|from| Stretch { from, until: None }));
    stopped
}

/// The last move of the date, if it was by a person.
pub(super) fn moved(history: &[&HistoryView]) -> Option<Moved> {
    let is_move = |entry: &&&HistoryView| matches!(&*entry.action, "renewed" | "shortened");
    let last = history.iter().rev().find(is_move).filter(|entry| entry.actor.is_some())?;
    let date = |name| last.detail.get(name)?.as_str()?.parse().ok();
    Some(Moved { from: date("from"), to: date("to") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(date: &str) -> DateTime<Utc> {
        format!("{date}T00:00:00Z").parse().unwrap()
    }

    /// A step at the beginning of what it covers.
    fn step(kind: StepKind, covers: Option<(&str, &str)>, end: &str) -> Step {
        let covers = covers.map(|(from, until)| Stretch { from: at(from), until: Some(at(until)) });
        Step {
            at: covers.map_or(at(end), |covers| covers.from),
            event_id: 1,
            kind,
            covers,
            text: String::new(),
            expires_at: Some(at(end)),
        }
    }

    fn told(stretches: &[Stretch]) -> Vec<String> {
        let day = |at: DateTime<Utc>| at.date_naive().to_string();
        let told = |one: &Stretch| {
            format!("{} to {}", day(one.from), one.until.map_or("ever".to_owned(), day))
        };
        stretches.iter().map(told).collect()
    }

    #[test]
    fn a_shorter_date_cuts_and_what_comes_later_goes_on_from_there() {
        let steps = [
            step(StepKind::Paid, Some(("2026-01-01", "2027-01-01")), "2027-01-01"),
            step(StepKind::Support, None, "2026-06-30"),
            step(StepKind::Paid, Some(("2026-06-30", "2027-06-30")), "2027-06-30"),
        ];
        let (covered, withdrawn) = periods(&steps, Some(at("2027-06-30")));
        assert_eq!(told(&covered), ["2026-01-01 to 2026-06-30", "2026-06-30 to 2027-06-30"]);
        assert_eq!(told(&withdrawn), ["2026-06-30 to 2027-01-01"]);
    }

    #[test]
    fn money_that_went_back_covers_nothing() {
        let steps = [
            step(StepKind::Paid, Some(("2026-01-01", "2027-01-01")), "2027-01-01"),
            step(StepKind::Returned, Some(("2027-01-01", "2028-01-01")), "2027-01-01"),
        ];
        let (covered, withdrawn) = periods(&steps, Some(at("2027-01-01")));
        assert_eq!(told(&covered), ["2026-01-01 to 2027-01-01"]);
        assert_eq!(told(&withdrawn), ["2027-01-01 to 2028-01-01"]);
    }

    #[test]
    fn what_never_ended_is_cut_by_a_date() {
        let ever = Stretch { from: at("2026-01-01"), until: None };
        let first = Step {
            covers: Some(ever),
            expires_at: None,
            ..step(StepKind::Paid, None, "2026-01-01")
        };
        let (covered, withdrawn) = periods(std::slice::from_ref(&first), None);
        assert_eq!((told(&covered), withdrawn.len()), (vec!["2026-01-01 to ever".to_owned()], 0));
        let steps = [first, step(StepKind::Support, None, "2026-03-01")];
        let (covered, withdrawn) = periods(&steps, Some(at("2026-03-01")));
        assert_eq!(told(&covered), ["2026-01-01 to 2026-03-01"]);
        assert_eq!(told(&withdrawn), ["2026-03-01 to ever"]);
    }
}
