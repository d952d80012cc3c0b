//! Things that are told of several times, under one name.

use std::collections::BTreeMap;

/// Counts how often a name has come before.
#[derive(Debug)]
pub struct Occurrences<K>(BTreeMap<K, usize>);

impl<K> Default for Occurrences<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Occurrences<K> {
    pub fn before(&mut self, name: K) -> usize {
        let count = self.0.entry(name).or_default();
        let earlier = *count;
        *count += 1;
        earlier
    }
}
