//! Places: lines that their provider names by where they stand in the subscription.
//!
//! A line that has no id of its own is named by its place ([`Line::at`]), which moves when one
//! before it leaves. That every license goes on as what it is, such a line is known here by what
//! stands on it: whoever had an item keeps it, wherever it stands now. Where nobody had it, it has
//! replaced what stood at its place before: a plan change keeps the key.

use std::collections::BTreeMap;

use keywright_providers::Notice;
use keywright_providers::notice::{Kind, Line, Ref};

use super::fold::Told;
use super::payments::subscriptions;

/// The notices with each such line under the place that it had first; `None` where no
/// subscription has two of them. `told` stands in the one order of all folds.
pub(super) fn settled(told: &[&Told]) -> Option<Vec<Told>> {
    let two = |told: &&Told| {
        subscriptions(&told.notice).any(|of| placed(of, listed(&told.notice.kind)).nth(1).is_some())
    };
    told.iter().copied().find(two)?;
    let mut known: BTreeMap<&Ref, Seats<'_>> = BTreeMap::new();
    let each = told.iter().map(|told| {
        let notice = settle(&told.notice, &mut known);
        Told { notice, digest: told.digest, event_id: told.event_id }
    });
    Some(each.collect())
}

fn settle<'a>(told: &'a Notice, known: &mut BTreeMap<&'a Ref, Seats<'a>>) -> Notice {
    let mut notice = told.clone();
    for of in subscriptions(told) {
        let seats = known.entry(of).or_default();
        let lines: Vec<(usize, &Line)> = placed(of, listed(&told.kind)).collect();
        if !lines.is_empty() {
            seats.take(&lines, is_whole(&told.kind));
        }
        let settle = |name: &mut String| {
            let seat = place(of, name).and_then(|place| seats.named(place));
            if let Some(seat) = seat {
                *name = Line::at(of, seat);
            }
        };
        notice.line.iter_mut().for_each(settle);
        for line in listed_mut(&mut notice.kind) {
            std::iter::once(&mut line.line).chain(&mut line.alias).for_each(settle);
        }
    }
    notice
}

fn listed(kind: &Kind) -> &[Line] {
    match kind {
        Kind::Paid { lines, .. } | Kind::Trial { lines, .. } | Kind::Changed { lines, .. } => lines,
        _ => &[],
    }
}

fn listed_mut(kind: &mut Kind) -> &mut [Line] {
    match kind {
        Kind::Paid { lines, .. } | Kind::Trial { lines, .. } | Kind::Changed { lines, .. } => lines,
        _ => &mut [],
    }
}

/// Is what is not listed gone? A trial may be of some lines only.
fn is_whole(kind: &Kind) -> bool {
    matches!(kind, Kind::Paid { .. } | Kind::Changed { whole: true, .. })
}

/// The lines that are named by a place in this subscription.
fn placed<'a>(of: &Ref, lines: &'a [Line]) -> impl Iterator<Item = (usize, &'a Line)> {
    lines.iter().filter_map(move |line| {
        let mut names = std::iter::once(&line.line).chain(&line.alias);
        Some((names.find_map(|name| place(of, name))?, line))
    })
}

/// The place that [`Line::at`] wrote into a name.
fn place(of: &Ref, name: &str) -> Option<usize> {
    let place = name.strip_prefix(of.thing.as_str())?.strip_prefix(':')?;
    place.strip_prefix(of.id.as_str())?.strip_prefix('#')?.parse().ok()
}

/// Whoever ever had a place in one subscription.
#[derive(Default)]
struct Seats<'a>(Vec<Seat<'a>>);

struct Seat<'a> {
    /// Its first place, or the first that was free.
    name: usize,
    /// Where it stands now, if it does.
    place: Option<usize>,
    item: &'a [String],
}

/// How well a seat fits a line at a place: the closest first.
type Fit = fn(&Seat<'_>, usize, &Line) -> bool;
const FITS: [Fit; 5] = [
    |seat, place, line| seat.place == Some(place) && seat.is_of(line),
    |seat, _, line| seat.is_of(line),
    |seat, place, line| seat.place == Some(place) && seat.shares(line),
    |seat, _, line| seat.shares(line),
    |seat, place, _| seat.place == Some(place),
];

impl<'a> Seats<'a> {
    /// Gives each line its seat.
    fn take(&mut self, lines: &[(usize, &'a Line)], whole: bool) {
        let mut given: BTreeMap<usize, (usize, &'a Line)> = BTreeMap::new();
        let mut left = lines.to_vec();
        for fits in FITS {
            left.retain(|(place, line)| {
                let mut free = self.0.iter().enumerate().filter(|(at, _)| !given.contains_key(at));
                let seat = free.find(|(_, seat)| fits(seat, *place, line)).map(|(at, _)| at);
                seat.is_none_or(|at| given.insert(at, (*place, line)).is_some())
            });
        }
        for seat in &mut self.0 {
            let taken = given.values().any(|(place, _)| seat.place == Some(*place));
            seat.place = seat.place.filter(|_| !whole && !taken);
        }
        for (at, (place, line)) in given {
            if let Some(seat) = self.0.get_mut(at) {
                seat.place = Some(place);
                seat.item = if line.item.is_empty() { seat.item } else { &line.item };
            }
        }
        for (place, line) in left {
            let is_free = |name: &usize| self.0.iter().all(|seat| seat.name != *name);
            let name = std::iter::once(place).chain(0..).find(is_free).unwrap_or(place);
            self.0.push(Seat { name, place: Some(place), item: &line.item });
        }
    }

    fn named(&self, place: usize) -> Option<usize> {
        self.0.iter().find(|seat| seat.place == Some(place)).map(|seat| seat.name)
    }
}

impl Seat<'_> {
    fn is_of(&self, line: &Line) -> bool {
        self.item.first().is_some_and(|item| line.item.first() == Some(item))
    }

    fn shares(&self, line: &Line) -> bool {
        self.item.iter().any(|item| line.item.contains(item))
    }
}
