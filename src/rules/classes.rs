//! Sets of names that mean one thing.

use std::collections::{BTreeMap, BTreeSet};

/// Names joined as they are told together. Each set is known by its smallest name, so that the
/// order of telling is no matter.
#[derive(Debug)]
pub(super) struct Classes<T> {
    ids: BTreeMap<T, usize>,
    names: Vec<T>,
    parents: Vec<usize>,
}

impl<T> Default for Classes<T> {
    fn default() -> Self {
        Self { ids: BTreeMap::new(), names: Vec::new(), parents: Vec::new() }
    }
}

impl<T: Ord + Copy> Classes<T> {
    /// These names mean one thing.
    pub(super) fn join(&mut self, names: impl IntoIterator<Item = T>) {
        let mut names = names.into_iter();
        let Some(first) = names.next() else { return };
        let mut root = self.enter(first);
        for name in names {
            let other = self.enter(name);
            root = self.unite(root, other);
        }
    }

    /// The smallest name of the set that `name` is in.
    pub(super) fn of(&self, name: T) -> T {
        let id = self.ids.get(&name).map(|id| self.root(*id));
        id.and_then(|id| self.names.get(id).copied()).unwrap_or(name)
    }

    /// Every set, by its smallest name.
    pub(super) fn groups(&self) -> BTreeMap<T, BTreeSet<T>> {
        let mut groups: BTreeMap<T, BTreeSet<T>> = BTreeMap::new();
        for name in self.ids.keys() {
            groups.entry(self.of(*name)).or_default().insert(*name);
        }
        groups
    }

    /// The root of a name, which is known from now on. What lies on the way to it is pointed
    /// straight at it, so that no way grows long.
    fn enter(&mut self, name: T) -> usize {
        let next = self.names.len();
        let id = *self.ids.entry(name).or_insert(next);
        if id == next {
            self.names.push(name);
            self.parents.push(id);
        }
        let root = self.root(id);
        if let Some(parent) = self.parents.get_mut(id) {
            *parent = root;
        }
        root
    }

    fn root(&self, id: usize) -> usize {
        let mut at = id;
        while let Some(up) = self.parents.get(at).copied().filter(|up| *up != at) {
            at = up;
        }
        at
    }

    fn unite(&mut self, one: usize, other: usize) -> usize {
        let (small, great) = match self.names.get(one) <= self.names.get(other) {
            true => (one, other),
            false => (other, one),
        };
        if let Some(parent) = self.parents.get_mut(great) {
            *parent = small;
        }
        small
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_known_by_its_smallest_name_in_whatever_order_it_was_joined() {
        let pairs = [["d", "c"], ["c", "b"], ["b", "a"], ["y", "x"]];
        for turn in 0..pairs.len() {
            let mut classes = Classes::default();
            for at in 0..pairs.len() {
                classes.join(pairs[(at + turn) % pairs.len()]);
            }
            assert_eq!(["a", "b", "c", "d"].map(|name| classes.of(name)), ["a"; 4]);
            assert_eq!(classes.of("y"), "x");
            assert_eq!(classes.of("never told"), "never told");
            assert_eq!(classes.groups()["a"], BTreeSet::from(["a", "b", "c", "d"]));
            assert_eq!(classes.groups().len(), 2);
        }
    }
}
