//! What happened, as marks. Where many happened close together they are one mark with a number.

use serde::Serialize;

use super::{LEFT, Scale, day};
use crate::support::life::{Entry, EntryKind, LicenseLife};

/// One thing that happened, or several that lie too close to be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    pub kind: &'static str,
    pub x: i64,
    pub count: usize,
    /// What it was, for a pointer that rests on it.
    pub title: String,
}

/// Marks are kept apart by slots of this width; each stands within its own.
const SLOT: i64 = 26;
/// A mark is never nearer to the end of its slot.
pub(super) const MARGIN: i64 = 8;

pub(super) fn marks(life: &LicenseLife, kinds: &[EntryKind], scale: Scale) -> Vec<Mark> {
    let wanted = life.entries.iter().filter(|entry| kinds.contains(&entry.kind));
    let mut slots: Vec<(i64, Vec<&Entry>)> = Vec::new();
    for entry in wanted {
        let slot = (scale.x(entry.at) - LEFT) / SLOT;
        match slots.iter_mut().find(|(known, _)| *known == slot) {
            Some((_, entries)) => entries.push(entry),
            None => slots.push((slot, vec![entry])),
        }
    }
    slots.iter().filter_map(|(slot, entries)| mark(*slot, entries, scale)).collect()
}

fn mark(slot: i64, entries: &[&Entry], scale: Scale) -> Option<Mark> {
    let (first, last) = (entries.first()?, entries.last()?);
    let start = LEFT + slot * SLOT;
    let place = (scale.x(first.at) + scale.x(last.at)) / 2;
    let x = place.clamp(start + MARGIN, start + SLOT - MARGIN);
    let title = match entries {
        [one] => format!("{}: {}", day(one.at), one.text),
        _ if day(first.at) == day(last.at) => {
            format!("{}: {} entries", day(first.at), entries.len())
        }
        _ => format!("{} to {}: {} entries", day(first.at), day(last.at), entries.len()),
    };
    let same = entries.iter().all(|entry| entry.kind == first.kind);
    let kind = if same { word(first.kind) } else { "several" };
    Some(Mark { kind, x, count: entries.len(), title })
}

fn word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Paid => "paid",
        EntryKind::Returned => "returned",
        EntryKind::Trial => "trial",
        EntryKind::Told => "told",
        EntryKind::Support => "support",
        EntryKind::Machine => "machine",
    }
}
