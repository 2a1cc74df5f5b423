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
/// How many tries come to an object that cannot be written, and for how long, before that is told: what goes by itself is no news, and the
/// webhook of somebody else that is down is answered for in the same way.
const TRIES: u32 = 3;
const UNTOLD: Duration = Duration::from_secs(15);

/// What failed last, by namespace and name.
#[derive(Default)]
pub(super) struct Backoff(Mutex<HashMap<(Option<String>, String), Failures>>);

struct Failures {
    in_a_row: u32,
    last: Instant,
    /// Of an object that all that comes after it waits for.
    unwritten: Option<Unwritten>,
}

#[derive(Clone, Copy)]
struct Unwritten {
    tries: u32,
    since: Instant,
}

/// How far a try came that failed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tried {
    /// It wrote something, so it is another failure than the one before.
    pub(super) has_progressed: bool,
    /// Whether an object could not be written that others wait for; not known of one that came to none.
    pub(super) is_held_up: Option<bool>,
}

impl Backoff {
    /// Counts a failure; how long to wait. One that came further than the one before is the first of its kind.
    pub(super) fn failed(&self, platform: &ObjectRef<Guarded>, tried: Tried) -> Duration {
        self.failed_at(platform, tried, Instant::now())
    }

    fn failed_at(&self, platform: &ObjectRef<Guarded>, tried: Tried, now: Instant) -> Duration {
        let mut all = self.0.lock().expect("no holder panics");
        let before = all.get(&key(platform));
        let in_a_row = before.filter(|_| !tried.has_progressed).map_or(0, |failures| failures.in_a_row).saturating_add(1);
        let known = before.and_then(|failures| failures.unwritten);
        let unwritten = match (tried.is_held_up, known.filter(|_| !tried.has_progressed)) {
            (Some(true), Some(Unwritten { tries, since })) => Some(Unwritten { tries: tries.saturating_add(1), since }),
            (Some(true), None) => Some(Unwritten { tries: 1, since: now }),
            (Some(false), _) => None,
            (None, _) => known,
        };
        let failures = Failures { in_a_row, last: now, unwritten };
        let wait = wait(failures.in_a_row);
        all.insert(key(platform), failures);
        jittered(wait)
    }

    /// Would the next try that comes no further be one too many to keep it from people?
    pub(super) fn is_news(&self, platform: &ObjectRef<Guarded>) -> bool {
        self.is_news_at(platform, Instant::now())
    }

    fn is_news_at(&self, platform: &ObjectRef<Guarded>, now: Instant) -> bool {
        let all = self.0.lock().expect("no holder panics");
        let unwritten = all.get(&key(platform)).and_then(|failures| failures.unwritten);
        unwritten.is_some_and(|it| it.tries + 1 >= TRIES && now.saturating_duration_since(it.since) >= UNTOLD)
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

    const HELD_UP: Tried = Tried { has_progressed: false, is_held_up: Some(true) };
    const LATE: Tried = Tried { has_progressed: false, is_held_up: Some(false) };

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
            backoff.failed(&platform("one"), HELD_UP);
            backoff.failed(&platform("other"), HELD_UP);
        }
        backoff.succeeded(&platform("one"));
        assert!(backoff.failed(&platform("one"), HELD_UP) <= Duration::from_secs(6));
        assert!(backoff.failed(&platform("other"), HELD_UP) >= Duration::from_secs(128));
    }

    #[test]
    fn a_failure_that_came_further_is_the_first_again() {
        let backoff = Backoff::default();
        for _ in 0..5 {
            backoff.failed(&platform("one"), HELD_UP);
        }
        assert!(backoff.failed(&platform("one"), Tried { has_progressed: true, ..HELD_UP }) <= Duration::from_secs(6));
    }

    #[test]
    fn an_object_that_is_not_written_is_news_once_that_is_no_accident() {
        let (backoff, one) = (Backoff::default(), platform("one"));
        let begun = Instant::now();
        let fail = |second, tried: Tried| {
            let now = begun + Duration::from_secs(second);
            backoff.failed_at(&one, tried, now);
            backoff.is_news_at(&one, now + APART)
        };
        assert_eq!([fail(0, HELD_UP), fail(5, HELD_UP), fail(10, HELD_UP)], [false; 3], "it may go by itself");
        assert!(!fail(13, Tried { has_progressed: true, ..HELD_UP }), "it came further");
        assert_eq!([fail(20, HELD_UP), fail(30, HELD_UP)], [false, true]);
        assert!(fail(40, Tried::default()), "of this one nothing is known");
        assert!(!fail(50, Tried { is_held_up: Some(false), ..HELD_UP }), "it is written");
        assert_eq!([fail(60, LATE), fail(90, LATE), fail(120, LATE)], [false; 3], "nothing waits for these");
    }

    #[test]
    fn no_try_begins_within_a_second_of_one_that_failed_though_it_came_further() {
        let backoff = Backoff::default();
        let one = platform("one");
        for has_progressed in [false, true] {
            backoff.failed(&one, Tried { has_progressed, ..HELD_UP });
            let now = Instant::now();
            assert!(backoff.rest_at(&one, now).is_some_and(|rest| rest <= APART));
            assert_eq!(backoff.rest_at(&platform("other"), now), None);
            assert_eq!(backoff.rest_at(&one, now + APART), None);
        }
        backoff.succeeded(&one);
        assert_eq!(backoff.rest(&one), None);
    }
}
