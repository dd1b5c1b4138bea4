//! Cases as they were read last, so that one that has not changed since need not be fetched and put
//! together again (docs/adr/0025-cases-that-are-known.md). Every read asks the database for the version
//! all the same; what it says is what is answered.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::ids::Version;

/// How many bytes of documents are remembered in each of the two generations.
const BYTES: usize = 4 << 20;

/// What was read of some keys, and in which version. The younger generation takes what is read; when
/// it is full the older one is forgotten, and it takes that one's place. What is asked for again moves
/// into the younger.
#[derive(Debug)]
pub(super) struct Known<K, V> {
    bytes: usize,
    generations: Mutex<Generations<K, V>>,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, Remembered<V>>,
    old: HashMap<K, Remembered<V>>,
    /// Bytes of the documents of the younger.
    weight: usize,
}

#[derive(Debug)]
struct Remembered<V> {
    version: Version,
    value: Arc<V>,
    bytes: usize,
}

impl<K: Copy + Eq + Hash, V> Default for Known<K, V> {
    fn default() -> Self {
        Self::of(BYTES)
    }
}

impl<K: Copy + Eq + Hash, V> Known<K, V> {
    /// Remembers so many bytes of documents in each generation.
    fn of(bytes: usize) -> Self {
        let generations = Generations { young: HashMap::new(), old: HashMap::new(), weight: 0 };
        Self { bytes, generations: Mutex::new(generations) }
    }

    /// What is remembered of these keys.
    pub(super) fn of_these(&self, keys: &[K]) -> HashMap<K, (Version, Arc<V>)> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let found = keys.iter().filter_map(|key| Some((*key, generations.get(*key, self.bytes)?)));
        found.collect()
    }

    /// Remembers what was made of a document of so many bytes, unless a later version is remembered.
    pub(super) fn remember(&self, key: K, version: Version, value: &Arc<V>, bytes: usize) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.version(key) < Some(version) {
            let one = Remembered { version, value: Arc::clone(value), bytes };
            generations.put(key, one, self.bytes);
        }
    }
}

impl<K: Copy + Eq + Hash, V> Generations<K, V> {
    fn version(&self, key: K) -> Option<Version> {
        self.young.get(&key).or_else(|| self.old.get(&key)).map(|found| found.version)
    }

    fn get(&mut self, key: K, limit: usize) -> Option<(Version, Arc<V>)> {
        if let Some(found) = self.young.get(&key) {
            return Some((found.version, Arc::clone(&found.value)));
        }
        let found = self.old.remove(&key)?;
        let answer = (found.version, Arc::clone(&found.value));
        self.put(key, found, limit);
        Some(answer)
    }

    fn put(&mut self, key: K, one: Remembered<V>, limit: usize) {
        if self.weight + one.bytes > limit {
            self.old = mem::take(&mut self.young);
            self.weight = 0;
        }
        self.old.remove(&key);
        self.weight += one.bytes;
        if let Some(before) = self.young.insert(key, one) {
            self.weight -= before.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(known: &Known<u8, &str>, keys: &[u8]) -> Vec<(u8, i64)> {
        let mut found: Vec<_> =
            known.of_these(keys).into_iter().map(|(key, (version, _))| (key, version.0)).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn the_latest_version_is_remembered_whoever_comes_last() {
        let known = Known::of(100);
        known.remember(1, Version(3), &Arc::new("third"), 10);
        known.remember(1, Version(2), &Arc::new("second"), 10);
        assert_eq!(versions(&known, &[1, 2]), [(1, 3)]);
        known.remember(1, Version(4), &Arc::new("fourth"), 10);
        assert_eq!(*known.of_these(&[1])[&1].1, "fourth");
    }

    #[test]
    fn what_nobody_asks_for_is_forgotten_and_what_is_asked_for_stays() {
        let known = Known::of(30);
        for key in 0..3 {
            known.remember(key, Version(1), &Arc::new("read once"), 10);
        }
        // The younger generation is full: the next one makes it the older.
        for key in 3..20 {
            known.remember(key, Version(1), &Arc::new("read once"), 10);
            assert_eq!(versions(&known, &[0]), [(0, 1)], "asked for all the time");
        }
        assert_eq!(versions(&known, &[1, 2, 3]), []);
        let held = known.generations.lock().unwrap();
        assert!(held.young.len() <= 3 && held.old.len() <= 3);
        assert_eq!(held.weight, held.young.len() * 10);
    }

    #[test]
    fn what_is_too_large_is_the_only_one() {
        let known = Known::of(30);
        known.remember(1, Version(1), &Arc::new("small"), 10);
        known.remember(2, Version(1), &Arc::new("large"), 1000);
        known.remember(3, Version(1), &Arc::new("small"), 10);
        let held = known.generations.lock().unwrap();
        assert_eq!((held.young.len(), held.weight, held.old.len()), (1, 10, 1));
    }
}
