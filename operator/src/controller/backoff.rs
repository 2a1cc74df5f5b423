//! How long to wait after a failure: 5 s, doubling up to 5 min, for each resource by itself.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use kube::runtime::reflector::ObjectRef;

use super::Guarded;

const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(300);

/// Failures in a row, by namespace and name.
#[derive(Default)]
pub(super) struct Backoff(Mutex<HashMap<(Option<String>, String), u32>>);

impl Backoff {
    /// Counts a failure; how long to wait.
    pub(super) fn failed(&self, platform: &ObjectRef<Guarded>) -> Duration {
        let mut failures = self.0.lock().expect("no holder panics");
        let failures = failures.entry(key(platform)).or_default();
        *failures += 1;
        jittered(wait(*failures))
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

fn wait(failures: u32) -> Duration {
    FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST)
}

/// Within a fifth of `duration`, so that many platforms do not come back at the same moment.
pub(super) fn jittered(duration: Duration) -> Duration {
    duration.mul_f64(rand::random_range(0.8..=1.2))
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
    fn jitter_stays_within_a_fifth() {
        for _ in 0..100 {
            let wait = jittered(Duration::from_secs(100));
            assert!((80..=120).contains(&wait.as_secs()), "{wait:?}");
        }
    }

    #[test]
    fn a_success_resets_the_wait_of_that_platform_only() {
        let backoff = Backoff::default();
        for _ in 0..5 {
            backoff.failed(&platform("one"));
            backoff.failed(&platform("other"));
        }
        backoff.succeeded(&platform("one"));
        assert!(backoff.failed(&platform("one")) <= Duration::from_secs(6));
        assert!(backoff.failed(&platform("other")) >= Duration::from_secs(128));
    }
}
