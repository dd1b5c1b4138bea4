//! How much one caller may ask in a minute: a thin layer over governor, which counts.
//!
//! An operation has one policy (its entry in the route table). Who shows a good token is counted by
//! his account, everybody else by his address. A token that is not known yet costs its address one
//! request before its signature is looked at, so a flood of forged ones is stopped first.
//!
//! The count is a generic cell rate (GCRA): a whole minute's quota may come at once and then comes
//! back evenly. Each server counts for itself.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage as _, HttpRequest, web};
use governor::clock::{Clock, FakeRelativeClock};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};

use super::client::client_address;
use super::edge::Edge;
use super::problem::{Fault, Problem};
use super::rules::rule_of;
use crate::config::transport::Quotas;
use crate::domain::ids::UserId;
use crate::domain::text_enum::text_enum;

text_enum! {
    /// A quota that operations share.
    pub enum Policy in "policy" {
        Reads = "reads" : "查询" / "reading",
        Writes = "writes" : "变更" / "changing",
        Login = "login" : "登录" / "logging in",
        Lookup = "lookup" : "公众查询" / "public look-up",
        Exports = "exports" : "导出" / "exporting",
    }
}

/// The window of every quota, in seconds.
const WINDOW: u32 = 60;

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// A user.
    User(UserId),
    /// An address, or the /64 around it: whoever has one IPv6 address has that many.
    Network(u128),
}

impl Caller {
    /// The caller at an address.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self::Network(match address.to_canonical() {
            IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
            IpAddr::V6(address) => address.to_bits() >> 64 << 64,
        })
    }
}

/// The time that limiters go by. It runs on, whatever the legal clock is set to.
#[derive(Clone, Debug)]
pub enum Watch {
    /// Since this instant.
    Running(Instant),
    /// By hand, for tests.
    Set(FakeRelativeClock),
}

impl Watch {
    /// One that runs.
    #[must_use]
    pub fn running() -> Self {
        Self::Running(Instant::now())
    }
}

impl Clock for Watch {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        match self {
            Self::Running(start) => start.elapsed().into(),
            Self::Set(clock) => clock.now(),
        }
    }
}

/// Tables among which callers are spread, so that two of them seldom wait for each other.
const SHARDS: usize = 32;

/// Callers that one of them holds. 32 × 1024 of 32 bytes are a megabyte for each policy.
const SHARD_SIZE: usize = 1024;

/// What each caller has used. Full, a table forgets the half that has used least, which is the idle
/// first: many addresses cannot make it grow, and who asks much is not forgotten for it.
struct Used {
    shards: Vec<Mutex<HashMap<Caller, u64>>>,
    hasher: RandomState,
}

impl Used {
    fn new() -> Self {
        let shards = std::iter::repeat_with(Mutex::default).take(SHARDS).collect();
        Self { shards, hasher: RandomState::new() }
    }

    fn forget_half(shard: &mut HashMap<Caller, u64>) {
        let mut times: Vec<u64> = shard.values().copied().collect();
        let (_, median, _) = times.select_nth_unstable(SHARD_SIZE / 2);
        let median = *median;
        shard.retain(|_, time| *time > median);
    }
}

impl StateStore for Used {
    type Key = Caller;

    fn measure_and_replace<T, F, E>(&self, caller: &Caller, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let at = usize::try_from(self.hasher.hash_one(caller)).unwrap_or_default() % SHARDS;
        let Some(shard) = self.shards.get(at) else {
            return measure(None).map(|(outcome, _)| outcome);
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let (outcome, time) = measure(shard.get(caller).copied().map(Nanos::from))?;
        if shard.len() >= SHARD_SIZE && !shard.contains_key(caller) {
            Self::forget_half(&mut shard);
        }
        shard.insert(*caller, time.as_u64());
        Ok(outcome)
    }
}

/// What a request has cost, for its headers.
#[derive(Clone, Debug)]
pub struct Charge {
    policy: Policy,
    policy_header: HeaderValue,
    remaining: u32,
    seconds: u64,
}

struct Limiter {
    policy: Policy,
    quota: NonZeroU32,
    header: HeaderValue,
    watch: Watch,
    counter: RateLimiter<Caller, Used, Watch, StateInformationMiddleware>,
}

impl Limiter {
    fn new(policy: Policy, quota: NonZeroU32, watch: &Watch) -> Option<Self> {
        let spacing = Duration::from_secs(u64::from(WINDOW)) / quota.get();
        let rate = Quota::with_period(spacing)?.allow_burst(quota);
        let header = HeaderValue::from_str(&format!("\"{policy}\";q={quota};w={WINDOW}")).ok()?;
        let counter = RateLimiter::new(rate, Used::new(), watch.clone());
        Some(Self { policy, quota, header, watch: watch.clone(), counter })
    }

    fn charge(&self, caller: Caller) -> Result<Charge, Charge> {
        let charge = |remaining, seconds| Charge {
            policy: self.policy,
            policy_header: self.header.clone(),
            remaining,
            seconds,
        };
        match self.counter.check_key(&caller) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = u64::from(self.quota.get().saturating_sub(remaining));
                let whole = (used * u64::from(WINDOW)).div_ceil(u64::from(self.quota.get()));
                Ok(charge(remaining, whole))
            }
            Err(until) => {
                let wait = until.wait_time_from(self.watch.now());
                // Rounded up: never earlier than the next request is taken.
                Err(charge(0, wait.as_secs() + u64::from(wait.subsec_nanos() > 0)))
            }
        }
    }
}

/// The limiters of all policies; one that is missing is without limit.
#[derive(Default)]
pub struct Limits(Vec<Limiter>);

impl Limits {
    /// Limiters for these quotas.
    #[must_use]
    pub fn new(quotas: &Quotas, watch: &Watch) -> Self {
        let of = |policy: Policy| match policy {
            Policy::Reads => quotas.reads,
            Policy::Writes => quotas.writes,
            Policy::Login => quotas.login,
            Policy::Lookup => quotas.lookup,
            Policy::Exports => quotas.exports,
        };
        let limiter = |policy: &Policy| Limiter::new(*policy, of(*policy)?, watch);
        Self(Policy::ALL.iter().filter_map(limiter).collect())
    }

    /// Counts one request. None when the policy is without limit.
    ///
    /// # Errors
    /// The quota is used up; says when the next request is taken.
    pub fn charge(&self, policy: Policy, caller: Caller) -> Result<Option<Charge>, Charge> {
        let limiter = self.0.iter().find(|limiter| limiter.policy == policy);
        limiter.map(|limiter| limiter.charge(caller)).transpose()
    }
}

/// Counts a request by the policy of its operation.
///
/// # Errors
/// The quota is used up: 429.
pub fn charge(request: &HttpRequest, caller: impl FnOnce() -> Caller) -> Result<(), Problem> {
    let Some(edge) = request.app_data::<web::Data<Edge>>() else { return Ok(()) };
    let Some(policy) = rule_of(request).and_then(|rule| rule.policy) else { return Ok(()) };
    if edge.limits.0.is_empty() {
        return Ok(());
    }
    let (charge, refused) = match edge.limits.charge(policy, caller()) {
        Ok(None) => return Ok(()),
        Ok(Some(charge)) => (charge, None),
        Err(charge) => {
            let problem = Problem::new(Fault::QuotaExceeded)
                .violating(charge.policy.as_str())
                .header(actix_web::http::header::RETRY_AFTER, charge.seconds.to_string());
            (charge, Some(problem))
        }
    };
    request.extensions_mut().insert(charge);
    refused.map_or(Ok(()), Err)
}

/// Counts a request by the address from which it came.
///
/// # Errors
/// As [`charge`].
pub fn charge_address(request: &HttpRequest) -> Result<(), Problem> {
    charge(request, || Caller::at(client_address(request)))
}

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Says what a request has cost and what is left (draft-ietf-httpapi-ratelimit-headers).
pub fn mark(headers: &mut HeaderMap, charge: &Charge) {
    let Charge { policy, policy_header, remaining, seconds } = charge;
    headers.insert(POLICY, policy_header.clone());
    if let Ok(value) = HeaderValue::from_str(&format!("\"{policy}\";r={remaining};t={seconds}")) {
        headers.insert(LIMIT, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(reads: u32) -> (Limits, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let quotas = Quotas { reads: NonZeroU32::new(reads), ..Quotas::default() };
        (Limits::new(&quotas, &Watch::Set(clock.clone())), clock)
    }

    fn at(address: &str) -> Caller {
        Caller::at(address.parse().unwrap())
    }

    #[test]
    fn a_quota_is_used_up_and_comes_back_evenly() {
        let (limits, clock) = limits(6);
        let ask = || limits.charge(Policy::Reads, at("192.0.2.1"));
        for left in (0..6).rev() {
            let charge = ask().unwrap().unwrap();
            assert_eq!((charge.remaining, charge.seconds), (left, (6 - u64::from(left)) * 10));
        }
        assert_eq!(ask().unwrap_err().seconds, 10);
        clock.advance(Duration::from_millis(9_500));
        assert_eq!(ask().unwrap_err().seconds, 1, "rounded up");
        clock.advance(Duration::from_millis(500));
        assert_eq!(ask().unwrap().unwrap().remaining, 0);
        assert!(ask().is_err());
        clock.advance(Duration::from_mins(10));
        assert_eq!(ask().unwrap().unwrap().remaining, 5, "no more than a whole quota");
        assert!(limits.charge(Policy::Reads, at("192.0.2.2")).is_ok(), "another caller");
        assert!(limits.charge(Policy::Writes, at("192.0.2.1")).unwrap().is_none(), "no limit");
    }

    #[test]
    fn an_ipv6_network_is_one_caller() {
        assert_eq!(at("2001:db8:0:1::1"), at("2001:db8:0:1:ffff::2"));
        assert_ne!(at("2001:db8:0:1::1"), at("2001:db8:0:2::1"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
    }

    #[test]
    fn many_addresses_do_not_grow_the_table_or_free_the_greedy() {
        let (limits, clock) = limits(60);
        let used = Used::new();
        let greedy = at("192.0.2.1");
        for _ in 0..60 {
            limits.charge(Policy::Reads, greedy).unwrap();
        }
        for other in 0..200_000_u64 {
            let caller = Caller::Network(u128::from(other) << 64);
            limits.charge(Policy::Reads, caller).unwrap();
            used.measure_and_replace::<_, _, ()>(&caller, |_| Ok(((), other.into()))).unwrap();
        }
        let held: usize = used.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!((SHARDS * SHARD_SIZE / 4..=SHARDS * SHARD_SIZE).contains(&held), "{held}");
        assert!(limits.charge(Policy::Reads, greedy).is_err(), "still refused");
        clock.advance(Duration::from_mins(1));
        assert!(limits.charge(Policy::Reads, greedy).is_ok());
    }
}
