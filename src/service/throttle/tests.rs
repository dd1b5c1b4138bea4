use super::*;

const LIMITS: Limits = Limits {
    allowed: 5,
    window: TimeDelta::hours(1),
    cool_down: TimeDelta::minutes(30),
    longest: TimeDelta::hours(4),
    keys: 640,
};

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + minutes * 60, 0).unwrap()
}

fn fail(throttle: &Throttle, key: &[u8], times: u32, now: DateTime<Utc>) -> Option<Wait> {
    (0..times).fold(None, |_, _| throttle.failed(key, now))
}

#[test]
fn the_fifth_failure_begins_a_cool_down_and_only_that_one_says_so() {
    let throttle = Throttle::new(LIMITS);
    assert_eq!(fail(&throttle, b"a", 4, at(0)), None);
    assert_eq!(throttle.check(b"a", at(0)), Ok(()));
    assert_eq!(throttle.failed(b"a", at(1)), Some(Wait { until: at(31) }));
    assert_eq!(throttle.check(b"a", at(30)), Err(Wait { until: at(31) }));
    assert_eq!(throttle.failed(b"a", at(30)), None, "a failure within it does not prolong it");
    assert_eq!(throttle.check(b"a", at(31)), Ok(()));
    assert_eq!(throttle.check(b"b", at(2)), Ok(()), "another key does not wait");
    assert_eq!(throttle.cool_downs(), 1);
}

#[test]
fn every_cool_down_within_the_window_is_twice_as_long_up_to_the_longest() {
    let throttle = Throttle::new(LIMITS);
    let mut now = at(0);
    let mut minutes = Vec::new();
    for _ in 0..6 {
        let wait = fail(&throttle, b"a", 5, now).unwrap();
        minutes.push((wait.until - now).num_minutes());
        now = wait.until;
    }
    assert_eq!(minutes, [30, 60, 120, 240, 240, 240]);
    let later = now + LIMITS.window;
    assert_eq!(fail(&throttle, b"a", 5, later).unwrap().until - later, LIMITS.cool_down);
}

#[test]
fn very_many_cool_downs_do_not_overflow() {
    let limits = Limits { longest: TimeDelta::MAX, allowed: 0, ..LIMITS };
    let throttle = Throttle::new(limits);
    let mut now = at(0);
    for _ in 0..100 {
        now = throttle.failed(b"a", now).map_or(now, |wait| wait.until);
    }
    assert!(throttle.check(b"a", DateTime::<Utc>::MAX_UTC).is_ok());
}

#[test]
fn failures_are_forgotten_after_a_window_without_one() {
    let throttle = Throttle::new(LIMITS);
    fail(&throttle, b"a", 4, at(0));
    assert_eq!(throttle.failed(b"a", at(60)), None, "the four are forgotten");
    fail(&throttle, b"b", 4, at(0));
    assert!(throttle.failed(b"b", at(59)).is_some(), "they are not yet");
}

#[test]
fn a_clock_that_goes_back_frees_nobody() {
    let throttle = Throttle::new(LIMITS);
    fail(&throttle, b"a", 5, at(100));
    assert_eq!(throttle.check(b"a", at(50)), Err(Wait { until: at(130) }));
    fail(&throttle, b"b", 4, at(100));
    assert!(throttle.failed(b"b", at(50)).is_some());
}

#[test]
fn success_forgets_the_failures() {
    let throttle = Throttle::new(LIMITS);
    fail(&throttle, b"a", 4, at(0));
    throttle.succeeded(b"a");
    assert_eq!(fail(&throttle, b"a", 4, at(1)), None);
    assert!(throttle.failed(b"a", at(1)).is_some());
}

#[test]
fn an_attempt_counts_ahead_and_can_be_taken_back() {
    let throttle = Throttle::new(LIMITS);
    for _ in 0..20 {
        assert_eq!(throttle.attempt(b"a", at(0)), Ok(None));
        throttle.take_back(b"a");
    }
    assert!(throttle.is_empty(), "nothing is left of what was taken back");
    for _ in 0..4 {
        assert_eq!(throttle.attempt(b"a", at(0)), Ok(None));
    }
    let wait = Wait { until: at(30) };
    assert_eq!(throttle.attempt(b"a", at(0)), Ok(Some(wait)), "the fifth may still be tried");
    assert_eq!(throttle.attempt(b"a", at(0)), Err(wait), "while it is, no sixth may");
    throttle.take_back(b"a");
    assert_eq!(throttle.check(b"a", at(0)), Ok(()));
    let wait = Wait { until: at(31) };
    assert_eq!(throttle.attempt(b"a", at(1)), Ok(Some(wait)), "the other four stayed");
}

#[test]
fn a_hundred_attempts_at_once_are_five() {
    let throttle = Throttle::new(LIMITS);
    let tried = std::thread::scope(|scope| {
        let tries: Vec<_> =
            (0..100).map(|_| scope.spawn(|| throttle.attempt(b"a", at(0)).is_ok())).collect();
        tries.into_iter().filter_map(|each| each.join().ok()).filter(|tried| *tried).count()
    });
    assert_eq!(tried, 5);
}

#[test]
fn a_million_keys_neither_grow_the_table_nor_free_the_key_under_attack() {
    let throttle = Throttle::new(LIMITS);
    fail(&throttle, b"waits", 5, at(0));
    fail(&throttle, b"four", 4, at(0));
    fail(&throttle, b"two", 2, at(0));
    for key in 0..1_000_000_u32 {
        throttle.failed(&key.to_be_bytes(), at(1));
    }
    assert!(throttle.len() <= LIMITS.keys, "{}", throttle.len());
    assert!(throttle.evicted() > 990_000);
    assert!(throttle.check(b"waits", at(2)).is_err());
    assert!(throttle.failed(b"four", at(2)).is_some());
    assert_eq!(fail(&throttle, b"two", 2, at(2)), None);
    assert!(throttle.failed(b"two", at(2)).is_some());
}

/// To push out a key with four failures an attacker has to fail four times with as many other keys
/// as the table holds: what it costs, so that it stays true.
#[test]
fn pushing_a_key_out_costs_as_many_failures_as_the_table_is_large() {
    let throttle = Throttle::new(LIMITS);
    fail(&throttle, b"target", 4, at(0));
    let mut spent = 0_u64;
    for key in 0..u32::MAX {
        fail(&throttle, &key.to_be_bytes(), 4, at(1));
        spent += 4;
        let digest = throttle.digest(b"target");
        if !throttle.shard(digest).contains_key(&digest) {
            break;
        }
    }
    // Which part of the table fills first is chance; half of the mean is far from it.
    assert!(spent > 4 * LIMITS.keys as u64 / 2, "{spent}");
}

#[test]
fn what_is_over_makes_room_before_anything_that_counts() {
    let throttle = Throttle::new(Limits { keys: 0, ..LIMITS });
    for key in 0..1000_u32 {
        fail(&throttle, &key.to_be_bytes(), 4, at(0));
    }
    assert_eq!(throttle.len(), SHARDS, "there is room for one in each part at least");
    let evicted = throttle.evicted();
    for key in 5000..5020_u32 {
        throttle.failed(&key.to_be_bytes(), at(60));
    }
    let again = throttle.evicted() - evicted;
    assert!(again < 20, "{again}: the old ones were over");
}

#[test]
fn nothing_of_a_key_is_printed() {
    let throttle = Throttle::new(LIMITS);
    throttle.failed(b"220102199003071235", at(0));
    assert!(!format!("{throttle:?}").contains("220102"));
}
