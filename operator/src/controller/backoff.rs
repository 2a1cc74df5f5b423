//! How long to wait after a failure: 5 s, doubling up to 5 min, for each resource by itself.
//!
//! Whatever happens to a resource starts its next try sooner: what a person changes may be what was wrong. But what the failed
//! try itself has written is seen a moment later, so the next one never begins within a second of it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use kube::runtime::reflector::ObjectRef;

use super::Guarded;

const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(300);
/// Between the end of a try that failed and the next one, whatever asks for it.
pub(super) const APART: Duration = Duration::from_secs(1);

/// What failed last, by namespace and name.
#[derive(Default)]
pub(super) struct Backoff(Mutex<HashMap<(Option<String>, String), Failures>>);

struct Failures {
    in_a_row: u32,
    last: Instant,
}

impl Backoff {
    /// Counts a failure; how long to wait. One that came further than the one before is the first of its kind.
    pub(super) fn failed(&self, platform: &ObjectRef<Guarded>, has_progressed: bool) -> Duration {
        let mut all = self.0.lock().expect("no holder panics");
        let before = all.get(&key(platform)).filter(|_| !has_progressed).map_or(0, |failures| failures.in_a_row);
        let failures = Failures { in_a_row: before.saturating_add(1), last: Instant::now() };
        let wait = wait(failures.in_a_row);
        all.insert(key(platform), failures);
        jittered(wait)
    }

    /// How many tries have failed since one succeeded or came further.
    pub(super) fn in_a_row(&self, platform: &ObjectRef<Guarded>) -> u32 {
        self.0.lock().expect("no holder panics").get(&key(platform)).map_or(0, |failures| failures.in_a_row)
    }

    /// How long no try may begin, if the last one failed just now.
    pub(super) fn rest(&self, platform: &ObjectRef<Guarded>) -> Option<Duration> {
        self.rest_at(platform, Instant::now())
    }

    fn rest_at(&self, platform: &ObjectRef<Guarded>, now: Instant) -> Option<Duration> {
        let all = self.0.lock().expect("no holder panics");
        let passed = now.saturating_duration_since(all.get(&key(platform))?.last);
        APART.checked_sub(passed).filter(|rest| !rest.is_zero())
    }

    /// Starts again from the beginning.
    pub(super) fn succeeded(&self, platform: &ObjectRef<Guarded>) {
        let (namespace, name) = key(platform);
        self.forget(namespace.as_deref(), &name);
    }

    /// Drops what is known of a platform.
    pub(super) fn forget(&self, namespace: Option<&str>, name: &str) {
        self.0.lock().expect("no holder panics").remove(&(namespace.map(str::to_owned), name.to_owned()));
    }
}

fn key(platform: &ObjectRef<Guarded>) -> (Option<String>, String) {
    (platform.namespace.clone(), platform.name.clone())
}

/// How long to wait after so many failures in a row.
pub(super) fn wait(failures: u32) -> Duration {
    FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST)
}

/// Up to a fifth sooner than `duration`, so that many platforms do not come back at the same moment, and none of them later.
pub(super) fn jittered(duration: Duration) -> Duration {
    duration.mul_f64(rand::random_range(0.8..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(name: &str) -> ObjectRef<Guarded> {
        ObjectRef::new(name).within("social")
    }

    #[test]
    fn the_wait_doubles_up_to_five_minutes() {
        let waits = [1, 2, 3, 6, 7, 40].map(|failures| wait(failures).as_secs());
        assert_eq!(waits, [5, 10, 20, 160, 300, 300]);
    }

    #[test]
    fn jitter_is_a_fifth_at_the_most_and_never_late() {
        for _ in 0..100 {
            let wait = jittered(Duration::from_secs(100));
            assert!(Duration::from_secs(80) <= wait && wait <= Duration::from_secs(100), "{wait:?}");
        }
    }

    #[test]
    fn a_success_resets_the_wait_of_that_platform_only() {
        let backoff = Backoff::default();
        for _ in 0..5 {
            backoff.failed(&platform("one"), false);
            backoff.failed(&platform("other"), false);
        }
        backoff.succeeded(&platform("one"));
        assert!(backoff.failed(&platform("one"), false) <= Duration::from_secs(6));
        assert!(backoff.failed(&platform("other"), false) >= Duration::from_secs(128));
    }

    #[test]
    fn a_failure_that_came_further_is_the_first_again() {
        let backoff = Backoff::default();
        for _ in 0..5 {
            backoff.failed(&platform("one"), false);
        }
        assert!(backoff.failed(&platform("one"), true) <= Duration::from_secs(6));
    }

    #[test]
    fn failures_are_counted_until_a_try_comes_further_or_succeeds() {
        let (backoff, one) = (Backoff::default(), platform("one"));
        let fail = |has_progressed| {
            backoff.failed(&one, has_progressed);
            backoff.in_a_row(&one)
        };
        assert_eq!([fail(false), fail(false), fail(true), fail(false)], [1, 2, 1, 2]);
        backoff.succeeded(&one);
        assert_eq!(backoff.in_a_row(&one), 0);
    }

    #[test]
    fn no_try_begins_within_a_second_of_one_that_failed_though_it_came_further() {
        let backoff = Backoff::default();
        let one = platform("one");
        for has_progressed in [false, true] {
            backoff.failed(&one, has_progressed);
            let now = Instant::now();
            assert!(backoff.rest_at(&one, now).is_some_and(|rest| rest <= APART));
            assert_eq!(backoff.rest_at(&platform("other"), now), None);
            assert_eq!(backoff.rest_at(&one, now + APART), None);
        }
        backoff.succeeded(&one);
        assert_eq!(backoff.rest(&one), None);
    }
}
