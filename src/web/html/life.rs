//! A license's life as a drawing: what was covered, what was taken back, when it stood still, and
//! what happened, on one line of time, from which the expiry can be read off.
//!
//! Only places and words are made here; the template makes SVG of them. All numbers are units of
//! the drawing, which is [`WIDTH`] wide; sizes of text are estimates on the safe side. The list
//! below the drawing tells the same in sentences, for those who cannot see it.

mod axis;
mod marks;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::rules::fold::Stretch;
use crate::support::life::{EntryKind, LicenseLife};

/// Everything that is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drawing {
    pub width: i64,
    pub height: i64,
    /// Where the line of time begins and ends.
    pub left: i64,
    pub right: i64,
    /// Where the lanes begin and end.
    pub top: i64,
    pub bottom: i64,
    /// Today and the expiry, each in a row of its own, so that they never meet.
    pub lines: Vec<Line>,
    pub lanes: Vec<Lane>,
    pub ticks: Vec<axis::Tick>,
}

/// A day to read off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub kind: &'static str,
    pub x: i64,
    /// Of its label.
    pub y: i64,
    pub label: String,
    /// `start`, `middle` or `end`: which part of the label stands at `x`.
    pub anchor: &'static str,
}

/// One row: its name, and what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lane {
    pub name: &'static str,
    /// Its middle.
    pub y: i64,
    pub bars: Vec<Bar>,
    pub marks: Vec<marks::Mark>,
}

/// A stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bar {
    pub kind: &'static str,
    pub x: i64,
    pub width: i64,
    /// It goes on beyond the drawing.
    pub open: bool,
    pub title: String,
}

pub const WIDTH: i64 = 960;

/// Room for the names of the lanes.
const LEFT: i64 = 96;
const RIGHT: i64 = WIDTH - 16;

/// The first baseline of a label.
const LABELS: i64 = 14;
/// From one label, or lane, to the next.
const LABEL_HEIGHT: i64 = 16;
const LANE_HEIGHT: i64 = 30;

/// A date that is further away than this is drawn at the edge: else all else were one dot.
const AHEAD_MAX: TimeDelta = TimeDelta::days(366 * 20);

/// The least that is drawn, so that a license of one minute is a line too.
const SPAN_MIN: TimeDelta = TimeDelta::hours(6);

/// From times to places.
#[derive(Debug, Clone, Copy)]
struct Scale {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// Draws a life, as it stands now.
#[must_use]
pub fn draw(life: &LicenseLife, now: DateTime<Utc>) -> Drawing {
    let scale = Scale::over(life, now);
    let mut lanes = Vec::new();
    let mut lane = |name, bars: Vec<Bar>, kinds: &[EntryKind]| {
        let marks = marks::marks(life, kinds, scale);
        if !bars.is_empty() || !marks.is_empty() {
            lanes.push(Lane { name, y: 0, bars, marks });
        }
    };
    lane("Covered", covered(life, scale), &[]);
    lane("Taken back", bars(&life.withdrawn, "withdrawn", None, scale), &[]);
    lane("Stopped", bars(&life.stopped, "stopped", Some(now), scale), &[]);
    lane("Payments", Vec::new(), &[EntryKind::Paid, EntryKind::Returned, EntryKind::Trial]);
    lane("Told", Vec::new(), &[EntryKind::Told]);
    lane("Support", Vec::new(), &[EntryKind::Support]);
    lane("Machines", Vec::new(), &[EntryKind::Machine]);
    let lines = lines(life, now, scale);
    let rows = i64::try_from(lines.len()).unwrap_or(0);
    let top = LABELS + rows * LABEL_HEIGHT - 6;
    let mut bottom = top;
    for lane in &mut lanes {
        lane.y = bottom + LANE_HEIGHT / 2;
        bottom += LANE_HEIGHT;
    }
    Drawing {
        width: WIDTH,
        height: bottom + 24,
        left: LEFT,
        right: RIGHT,
        top,
        bottom,
        lines,
        lanes,
        ticks: axis::ticks(scale),
    }
}

/// What is covered, and after it what still holds although nothing covers it.
fn covered(life: &LicenseLife, scale: Scale) -> Vec<Bar> {
    let license = &life.whole.license;
    let mut found = bars(&life.covered, "covered", None, scale);
    if let (Some(end), Some(valid)) = (license.expires_at, license.valid_until)
        && valid > end
    {
        let late = Stretch { from: end, until: Some(valid) };
        found.extend(bars(&[late], "late", None, scale));
    }
    found
}

/// What has no end goes on to `now` where it is told only until then, else beyond the drawing.
fn bars(
    stretches: &[Stretch],
    kind: &'static str,
    now: Option<DateTime<Utc>>,
    scale: Scale,
) -> Vec<Bar> {
    let bar = |one: &Stretch| {
        let until = one.until.or(now.map(|now| now.max(one.from)));
        let x = scale.x(one.from);
        let end = until.map_or(RIGHT, |until| scale.x(until));
        let open = until.is_none_or(|until| until > scale.until);
        let from = day(one.from);
        let title = match one.until {
            Some(until) => format!("{}: {from} to {}", words(kind), day(until)),
            None => format!("{}: since {from}, {}", words(kind), endless(kind)),
        };
        Bar { kind, x, width: (end - x).max(2), open, title }
    };
    stretches.iter().map(bar).collect()
}

fn words(kind: &str) -> &'static str {
    match kind {
        "covered" => "covered",
        "withdrawn" => "given and taken back",
        "stopped" => "suspended or revoked",
        _ => "still valid, by buffer or grace",
    }
}

fn endless(kind: &str) -> &'static str {
    match kind {
        "stopped" => "still",
        _ => "without an end",
    }
}

/// Today, and the end: the two that one looks for.
fn lines(life: &LicenseLife, now: DateTime<Utc>, scale: Scale) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut line = |kind, at: DateTime<Utc>, label: String| {
        let x = scale.x(at);
        let y = LABELS + i64::try_from(lines.len()).unwrap_or(0) * LABEL_HEIGHT;
        let half = length(&label) / 2;
        let anchor = match () {
            () if x - half < LEFT => "start",
            () if x + half > RIGHT => "end",
            () => "middle",
        };
        lines.push(Line { kind, x, y, label, anchor });
    };
    line("today", now, format!("today {}", day(now)));
    if let Some(end) = life.whole.license.expires_at {
        let label = if end < now { "expired" } else { "expires" };
        let beyond = if end > scale.until { " →" } else { "" };
        line("end", end, format!("{label} {}{beyond}", day(end)));
    }
    lines
}

/// How long a label is at most, in units of the drawing.
fn length(label: &str) -> i64 {
    i64::try_from(label.chars().count()).unwrap_or(0) * 7
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

impl Scale {
    /// Everything that happened, today, and the end, with a little room around.
    fn over(life: &LicenseLife, now: DateTime<Utc>) -> Self {
        let license = &life.whole.license;
        let far = now + AHEAD_MAX;
        let stretches = || life.covered.iter().chain(&life.withdrawn).chain(&life.stopped);
        let from = life.entries.iter().map(|entry| entry.at).chain(stretches().map(|one| one.from));
        let from = from.fold(license.starts_at.min(now), DateTime::min);
        let ends = stretches().filter_map(|one| one.until);
        let ends = ends.chain(life.entries.iter().map(|entry| entry.at));
        let ends = ends.chain(license.expires_at).chain(license.valid_until);
        let until = ends.map(|end| end.min(far)).fold(now, DateTime::max);
        let span = (until - from).max(SPAN_MIN);
        // What has no end is seen to go on.
        let ahead = if license.expires_at.is_none() { span / 4 } else { span / 25 };
        Self { from: from - span / 50, until: from + span + ahead }
    }

    /// Where that time is; what lies outside is at the edge.
    fn x(self, at: DateTime<Utc>) -> i64 {
        let span = (self.until - self.from).num_seconds().max(1);
        let since = (at.clamp(self.from, self.until) - self.from).num_seconds();
        LEFT + since * (RIGHT - LEFT) / span
    }

    fn span(self) -> TimeDelta {
        self.until - self.from
    }
}

#[cfg(test)]
mod tests;
