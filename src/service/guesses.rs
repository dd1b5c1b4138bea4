//! Who guesses passwords. Failures are counted under three keys, for names that exist and for names
//! that do not, before a password is hashed.
//!
//! An address from which an account has been logged in to before is a known place of it. There, only
//! the failures at this very place count against it: who fails elsewhere, however often, cannot keep
//! the owner out. A new password makes a new account of it: its failures and its known places are
//! forgotten, in every process.
//!
//! In memory and bounded; a restart forgets everything, and each process counts for itself.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::throttle::{Limits, Throttle, Wait, network};

/// Keys that each throttle remembers at most: 4 MB.
const KEYS: usize = 65_536;

/// Wrong passwords for one account from one address: GB/T 22239 wants a limit and a time-out.
const PER_PLACE: Limits = Limits {
    allowed: 5,
    window: TimeDelta::hours(4),
    cool_down: TimeDelta::minutes(15),
    longest: TimeDelta::hours(4),
    keys: KEYS,
};

/// Wrong passwords for one account from all places that are not known of it. Grows little: the owner
/// may be at a new place.
const PER_ACCOUNT: Limits = Limits {
    allowed: 50,
    window: TimeDelta::hours(1),
    cool_down: TimeDelta::minutes(15),
    longest: TimeDelta::hours(1),
    keys: KEYS,
};

/// Wrong passwords from one address, behind which a whole office may sit.
const PER_ADDRESS: Limits = Limits {
    allowed: 100,
    window: TimeDelta::minutes(15),
    cool_down: TimeDelta::minutes(15),
    longest: TimeDelta::hours(1),
    keys: KEYS,
};

/// Known places of one account; the one not used for longest is given up for a new one.
const PLACES: usize = 8;

/// Accounts whose known places are remembered.
const ACCOUNTS: usize = 8192;

/// What is remembered of those who log in.
#[derive(Debug)]
pub struct Guesses {
    by_place: Throttle,
    by_account: Throttle,
    by_address: Throttle,
    known: Mutex<Known>,
}

/// Where each account has been logged in to, the latest place last.
#[derive(Debug, Default)]
struct Known(HashMap<Vec<u8>, Places>);

/// The places of one account, and when it was last logged in to.
type Places = (DateTime<Utc>, VecDeque<Vec<u8>>);

impl Known {
    fn has(&self, account: &[u8], network: &[u8]) -> bool {
        self.0.get(account).is_some_and(|(_, places)| places.iter().any(|place| place == network))
    }

    fn add(&mut self, account: Vec<u8>, network: Vec<u8>, now: DateTime<Utc>) {
        if self.0.len() >= ACCOUNTS && !self.0.contains_key(&account) {
            let oldest = self.0.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(account, _)| account.clone()) {
                self.0.remove(&oldest);
            }
        }
        let (used, places) = self.0.entry(account).or_default();
        *used = now;
        places.retain(|place| *place != network);
        if places.len() >= PLACES {
            places.pop_front();
        }
        places.push_back(network);
    }
}

/// What began to cool down with a failure: the moment to raise an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoolDown {
    /// One account at one address.
    Place,
    /// One account, at all addresses that are not known of it.
    Account,
    /// One address.
    Address,
}

impl CoolDown {
    /// What it is called in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Place => "an account at an address",
            Self::Account => "an account",
            Self::Address => "an address",
        }
    }
}

/// A password that is about to be checked. It is counted as a failure until it is said to be none.
#[must_use]
#[derive(Debug)]
pub struct Guess {
    account: Vec<u8>,
    place: Vec<u8>,
    network: Vec<u8>,
    /// Was it counted for the account, and for the address?
    counted: (bool, bool),
    began: Vec<CoolDown>,
}

impl Guess {
    /// The password was wrong. Gives what has to cool down from now on.
    #[must_use]
    pub fn wrong(self) -> Vec<CoolDown> {
        self.began
    }
}

impl Default for Guesses {
    fn default() -> Self {
        Self {
            by_place: Throttle::new(PER_PLACE),
            by_account: Throttle::new(PER_ACCOUNT),
            by_address: Throttle::new(PER_ADDRESS),
            known: Mutex::default(),
        }
    }
}

impl Guesses {
    /// May a password of this name be tried from this address? Counts a failure ahead. `epoch` is
    /// the number of the account's password, 0 for a name that does not exist.
    ///
    /// # Errors
    /// For how long to wait; nothing is counted.
    pub fn attempt(
        &self,
        name: &str,
        epoch: i64,
        address: IpAddr,
        now: DateTime<Utc>,
    ) -> Result<Guess, Wait> {
        let network = network(address);
        let account = [&epoch.to_be_bytes(), name.as_bytes()].concat();
        let place = [&[u8::from(network.len() > 4)], &network[..], &account[..]].concat();
        let known = self.known().has(&account, &network);
        let mut guess =
            Guess { account, place, network, counted: (false, false), began: Vec::new() };
        // At a known place the address is counted, and not asked.
        match self.by_address.attempt(&guess.network, now) {
            Ok(began) => {
                guess.counted.1 = true;
                guess.began.extend(began.map(|_| CoolDown::Address));
            }
            Err(_) if known => {}
            Err(wait) => return Err(wait),
        }
        if !known {
            match self.by_account.attempt(&guess.account, now) {
                Ok(began) => {
                    guess.counted.0 = true;
                    guess.began.extend(began.map(|_| CoolDown::Account));
                }
                Err(wait) => return Err(self.withdrawn(&guess, wait)),
            }
        }
        match self.by_place.attempt(&guess.place, now) {
            Ok(began) => guess.began.extend(began.map(|_| CoolDown::Place)),
            Err(wait) => return Err(self.withdrawn(&guess, wait)),
        }
        Ok(guess)
    }

    /// The password was right: its owner is here, and this place is known from now on.
    pub fn right(&self, guess: Guess, now: DateTime<Utc>) {
        self.by_place.succeeded(&guess.place);
        self.take_back_shared(&guess);
        self.known().add(guess.account, guess.network, now);
    }

    /// The password could not be checked.
    pub fn take_back(&self, guess: &Guess) {
        self.by_place.take_back(&guess.place);
        self.take_back_shared(guess);
    }

    /// What others count under, too, loses only this one.
    fn take_back_shared(&self, guess: &Guess) {
        let (account, address) = guess.counted;
        if account {
            self.by_account.take_back(&guess.account);
        }
        if address {
            self.by_address.take_back(&guess.network);
        }
    }

    fn withdrawn(&self, guess: &Guess, wait: Wait) -> Wait {
        self.take_back_shared(guess);
        wait
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn right(guesses: &Guesses, name: &str, address: IpAddr) {
        guesses.right(guesses.attempt(name, 1, address, at(0)).unwrap(), at(0));
    }

    #[test]
    fn five_wrong_ones_lock_one_place_and_longer_each_time() {
        let guesses = Guesses::default();
        let mut now = at(0);
        for minutes in [15, 30, 60, 120, 240, 240] {
            for count in 1..=5 {
                let began = guesses.attempt("li", 1, address(1), now).unwrap().wrong();
                assert_eq!(began.contains(&CoolDown::Place), count == 5, "{count}");
            }
            let wait = guesses.attempt("li", 1, address(1), now).unwrap_err();
            assert_eq!(wait.until, now + TimeDelta::minutes(minutes));
            let elsewhere = guesses.attempt("li", 1, address(2), now).unwrap();
            guesses.take_back(&elsewhere);
            let other = guesses.attempt("wang", 1, address(1), now).unwrap();
            guesses.take_back(&other);
            let renewed = guesses.attempt("li", 2, address(1), now).unwrap();
            guesses.take_back(&renewed);
            now = wait.until;
        }
    }

    #[test]
    fn many_places_lock_an_account_but_for_known_places() {
        let guesses = Guesses::default();
        right(&guesses, "li", address(1));
        for count in 1..=50 {
            let began = guesses.attempt("li", 1, address(100 + count / 4), at(1)).unwrap().wrong();
            assert_eq!(began, if count == 50 { vec![CoolDown::Account] } else { vec![] });
        }
        assert_eq!(guesses.attempt("li", 1, address(99), at(1)).unwrap_err().until, at(16));
        right(&guesses, "li", address(1));
        assert!(guesses.attempt("li", 1, address(99), at(1)).is_err(), "it stays locked elsewhere");
        let other = guesses.attempt("wang", 1, address(99), at(1)).unwrap();
        guesses.take_back(&other);
        assert!(guesses.attempt("li", 1, address(99), at(16)).is_ok());
    }

    #[test]
    fn an_address_is_locked_but_not_for_those_who_are_known_there() {
        let guesses = Guesses::default();
        right(&guesses, "li", address(1));
        for count in 1..=100 {
            let began = guesses.attempt(&format!("n{count}"), 0, address(1), at(1)).unwrap();
            assert_eq!(began.wrong(), if count == 100 { vec![CoolDown::Address] } else { vec![] });
        }
        assert_eq!(guesses.attempt("wang", 1, address(1), at(1)).unwrap_err().until, at(16));
        right(&guesses, "li", address(1));
        assert!(guesses.attempt("wang", 1, address(1), at(1)).is_err(), "his success unlocks none");
        assert!(guesses.attempt("wang", 1, address(1), at(16)).is_ok());
    }

    #[test]
    fn successes_and_refusals_leave_nothing_behind() {
        let guesses = Guesses::default();
        for _ in 0..200 {
            right(&guesses, "li", address(1));
            right(&guesses, "wang", address(1));
        }
        for _ in 0..5 {
            let _ = guesses.attempt("zhao", 1, address(1), at(0)).unwrap().wrong();
        }
        for _ in 0..200 {
            assert!(guesses.attempt("zhao", 1, address(1), at(0)).is_err());
        }
        assert!(guesses.attempt("zhao", 1, address(2), at(0)).is_ok(), "refusals count nowhere");
        assert!(guesses.attempt("sun", 1, address(1), at(0)).is_ok());
    }

    #[test]
    fn known_places_are_bounded() {
        let guesses = Guesses::default();
        for last in 0..200 {
            right(&guesses, "li", address(last));
        }
        for number in 0..ACCOUNTS {
            let account = format!("n{number}").into_bytes();
            guesses.known().add(account, vec![1], at(i64::try_from(number).unwrap() + 1));
        }
        let known = guesses.known();
        assert_eq!(known.0.len(), ACCOUNTS);
        assert!(known.0.values().all(|(_, places)| places.len() <= PLACES));
    }
}
