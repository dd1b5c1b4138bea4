//! Counting failed guesses: after so many failures of one key (an account, a case, an address) it
//! has to wait. In memory and bounded; time is a parameter.
//!
//! What holds, however many keys an attacker uses:
//!
//! - **Memory** is bounded by [`Limits::keys`] records of about 60 bytes each.
//! - **The record of the key under attack stays.** A full table gives up what no longer counts
//!   first, then keys that need not wait before keys that must, then those with the fewest failures,
//!   then those that failed longest ago. So a key with n failures is pushed out only when as many
//!   other keys as its share of the table holds have failed n times each: to get one guess more than
//!   allowed costs about [`Limits::keys`] failures elsewhere. The shares are chosen by a keyed hash
//!   of this process, so nobody can aim at one.
//! - **No personal data**: a key is kept as a keyed 128-bit digest only.
//! - **At once is not more**: [`Throttle::attempt`] checks and counts in one step, so a hundred
//!   guesses in flight together are not a hundred guesses.
//!
//! What does not hold: a restart forgets everything, and each process counts for itself.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// How many failures, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The failures after which a key has to wait; at least 1.
    pub allowed: u32,
    /// A key without a failure for this long starts anew. Counts from the end of a cool-down.
    pub window: TimeDelta,
    /// How long the first cool-down is. Each that follows within the window is twice as long.
    pub cool_down: TimeDelta,
    /// The longest cool-down; the same as the first for one that never grows.
    pub longest: TimeDelta,
    /// The most keys that are remembered.
    pub keys: usize,
}

/// The key has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Until then.
    pub until: DateTime<Utc>,
}

impl Wait {
    /// Whole seconds from now on, one at least: what `Retry-After` says.
    #[must_use]
    pub fn seconds(self, now: DateTime<Utc>) -> i64 {
        (self.until - now).num_seconds().saturating_add(1).max(1)
    }
}

/// What is counted as one address: for IPv6 the network of 64 bits, of which one line has all.
#[must_use]
pub fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().into_iter().take(8).collect(),
    }
}

/// What is known of one key.
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    /// Failures since the last cool-down.
    failures: u32,
    /// Cool-downs so far.
    rounds: u32,
    /// The last failure.
    last: DateTime<Utc>,
    /// The end of the last cool-down.
    until: Option<DateTime<Utc>>,
}

impl Record {
    fn wait(&self, now: DateTime<Utc>) -> Option<Wait> {
        self.until.filter(|until| now < *until).map(|until| Wait { until })
    }

    /// Has it gone without a failure for so long that it counts no more?
    fn is_over(&self, now: DateTime<Utc>, window: TimeDelta) -> bool {
        now >= later(self.until.map_or(self.last, |until| until.max(self.last)), window)
    }

    /// How much would be lost with it: the least is given up first.
    fn worth(&self, now: DateTime<Utc>) -> (bool, u32, u32, DateTime<Utc>) {
        (self.wait(now).is_some(), self.rounds, self.failures, self.last)
    }
}

/// A key as it is kept.
type Digest = [u64; 2];

type Shard = HashMap<Digest, Record>;

/// Parts of the table, each with a lock of its own.
const SHARDS: usize = 32;

/// Counts failures by key.
pub struct Throttle {
    limits: Limits,
    hashes: [RandomState; 2],
    shards: [Mutex<Shard>; SHARDS],
    cool_downs: AtomicU64,
    evicted: AtomicU64,
}

impl Throttle {
    /// A throttle that remembers nothing yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            hashes: [RandomState::new(), RandomState::new()],
            shards: std::array::from_fn(|_| Mutex::default()),
            cool_downs: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
        }
    }

    /// May this key be tried now? Counts nothing.
    ///
    /// # Errors
    /// It has to wait.
    pub fn check(&self, key: &[u8], now: DateTime<Utc>) -> Result<(), Wait> {
        let digest = self.digest(key);
        let wait = self.shard(digest).get(&digest).and_then(|record| record.wait(now));
        wait.map_or(Ok(()), Err)
    }

    /// This key has failed. Gives the cool-down when this failure begins one: the moment to raise an
    /// alarm. A failure within a cool-down does not make it longer.
    pub fn failed(&self, key: &[u8], now: DateTime<Utc>) -> Option<Wait> {
        let digest = self.digest(key);
        self.count(&mut self.shard(digest), digest, now)
    }

    /// Checks this key and counts a failure ahead, in one step. When it was none, say so by
    /// [`Throttle::succeeded`] or [`Throttle::take_back`]. Gives the cool-down that begins if it
    /// stays a failure.
    ///
    /// # Errors
    /// It has to wait; nothing is counted.
    pub fn attempt(&self, key: &[u8], now: DateTime<Utc>) -> Result<Option<Wait>, Wait> {
        let digest = self.digest(key);
        let mut shard = self.shard(digest);
        match shard.get(&digest).and_then(|record| record.wait(now)) {
            Some(wait) => Err(wait),
            None => Ok(self.count(&mut shard, digest, now)),
        }
    }

    /// This key has succeeded: its failures are forgotten. Only for a key that none but its owner can
    /// make succeed. With an address, an attacker would wipe his failures by a success of his own.
    pub fn succeeded(&self, key: &[u8]) {
        let digest = self.digest(key);
        self.shard(digest).remove(&digest);
    }

    /// What [`Throttle::attempt`] counted ahead was no failure; the others of this key stay.
    pub fn take_back(&self, key: &[u8]) {
        let digest = self.digest(key);
        let mut shard = self.shard(digest);
        let Some(record) = shard.get_mut(&digest) else { return };
        if record.failures == 0 && record.until.is_some() {
            // It was the one that began the cool-down.
            record.until = None;
            record.rounds = record.rounds.saturating_sub(1);
            record.failures = self.limits.allowed.max(1);
        }
        record.failures = record.failures.saturating_sub(1);
        if record.failures == 0 && record.rounds == 0 {
            shard.remove(&digest);
        }
    }

    /// The cool-downs that have begun since the start.
    #[must_use]
    pub fn cool_downs(&self) -> u64 {
        self.cool_downs.load(Ordering::Relaxed)
    }

    /// The records that still counted and were given up for want of room since the start. When it
    /// grows, somebody fails with very many keys.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    /// The keys that are remembered now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Is no key remembered?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn digest(&self, key: &[u8]) -> Digest {
        let [first, second] = &self.hashes;
        [first.hash_one(key), second.hash_one(key)]
    }

    fn shard(&self, [first, _]: Digest) -> MutexGuard<'_, Shard> {
        let at = usize::try_from(first).unwrap_or_default() % SHARDS;
        // There is one at every such place.
        lock(self.shards.get(at).unwrap_or(&self.shards[0]))
    }

    fn count(&self, shard: &mut Shard, digest: Digest, now: DateTime<Utc>) -> Option<Wait> {
        if !shard.contains_key(&digest) {
            self.make_room(shard, now);
        }
        let limits = &self.limits;
        let record = shard.entry(digest).or_default();
        if record.is_over(now, limits.window) {
            *record = Record::default();
        }
        record.last = record.last.max(now);
        if record.wait(now).is_some() {
            return None;
        }
        record.failures += 1;
        if record.failures < limits.allowed.max(1) {
            return None;
        }
        let doubled = 1_i32.checked_shl(record.rounds.min(30)).unwrap_or(i32::MAX);
        let cool_down = limits.cool_down.checked_mul(doubled).unwrap_or(limits.longest);
        let until = later(now, cool_down.min(limits.longest));
        *record = Record {
            failures: 0,
            rounds: record.rounds.saturating_add(1),
            last: record.last,
            until: Some(until),
        };
        self.cool_downs.fetch_add(1, Ordering::Relaxed);
        Some(Wait { until })
    }

    /// Makes room for one more record. A full part of the table is walked once for each new key,
    /// which is bounded by its size.
    fn make_room(&self, shard: &mut Shard, now: DateTime<Utc>) {
        let room = (self.limits.keys / SHARDS).max(1);
        if shard.len() < room {
            return;
        }
        shard.retain(|_, record| !record.is_over(now, self.limits.window));
        if shard.len() < room {
            return;
        }
        let least = shard.iter().min_by_key(|(_, record)| record.worth(now)).map(|(key, _)| *key);
        if let Some(key) = least {
            shard.remove(&key);
            self.evicted.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl std::fmt::Debug for Throttle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Throttle").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A thread that died while it held the lock has left a whole record or none.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn later(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    at.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests;
