//! The statuses that were written last. A watch may tell of one later than the next reconcile begins, and what is new in it would
//! be news once more: the same event, and another time at its conditions.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use kube::ResourceExt;

use crate::crd::{SocialPlatform, SocialPlatformStatus};

/// A status, and the version of the resource that has it.
struct Last {
    uid: Option<String>,
    version: Option<u64>,
    status: Option<SocialPlatformStatus>,
}

/// By namespace and name.
#[derive(Default)]
pub struct Written(Mutex<HashMap<(String, String), Last>>);

impl Written {
    /// A status was written: `resource` is the API server's answer.
    pub fn remember(&self, resource: &SocialPlatform) {
        let last = Last { uid: resource.uid(), version: version(resource), status: resource.status.clone() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key(resource), last);
    }

    /// `seen` as it was seen, but with the status that was written last, if it was seen before that.
    pub fn fresh(&self, seen: &SocialPlatform) -> SocialPlatform {
        let mut fresh = seen.clone();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get(&key(seen)) {
            Some(last) if last.uid == seen.uid() && is_older(version(seen), last.version) => fresh.status = last.status.clone(),
            Some(_) => _ = all.remove(&key(seen)),
            None => {}
        }
        fresh
    }

    /// A platform is gone.
    pub fn forget(&self, namespace: &str, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(namespace.to_owned(), name.to_owned()));
    }
}

fn key(resource: &SocialPlatform) -> (String, String) {
    (resource.namespace().unwrap_or_default(), resource.name_any())
}

/// Versions are numbers that grow (KEP-5504). Of one that is none, nothing is known to be older.
fn version(resource: &SocialPlatform) -> Option<u64> {
    resource.resource_version().and_then(|version| version.parse().ok())
}

fn is_older(seen: Option<u64>, last: Option<u64>) -> bool {
    seen.zip(last).is_some_and(|(seen, last)| seen < last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::minimal;

    fn seen(uid: &str, version: &str, running: &str) -> SocialPlatform {
        let mut resource = minimal();
        (resource.metadata.uid, resource.metadata.resource_version) = (Some(uid.to_owned()), Some(version.to_owned()));
        resource.status = Some(SocialPlatformStatus { version: Some(running.to_owned()), ..SocialPlatformStatus::default() });
        resource
    }

    fn runs(resource: &SocialPlatform) -> Option<&str> {
        resource.status.as_ref()?.version.as_deref()
    }

    #[test]
    fn what_was_seen_before_the_last_write_has_the_status_that_was_written() {
        let written = Written::default();
        written.remember(&seen("a", "100", "2.0.0"));
        assert_eq!(runs(&written.fresh(&seen("a", "99", "1.0.0"))), Some("2.0.0"));
        assert_eq!(runs(&written.fresh(&seen("a", "100", "2.0.0"))), Some("2.0.0"));
    }

    #[test]
    fn what_somebody_else_has_written_since_counts() {
        let written = Written::default();
        written.remember(&seen("a", "100", "2.0.0"));
        assert_eq!(runs(&written.fresh(&seen("a", "101", "edited"))), Some("edited"));
    }

    #[test]
    fn another_resource_of_the_name_begins_with_nothing() {
        let written = Written::default();
        written.remember(&seen("a", "100", "2.0.0"));
        assert_eq!(runs(&written.fresh(&seen("b", "50", "none"))), Some("none"));
        written.remember(&seen("a", "100", "2.0.0"));
        let of_it = minimal();
        written.forget(&of_it.namespace().unwrap_or_default(), &of_it.name_any());
        assert_eq!(runs(&written.fresh(&seen("a", "99", "1.0.0"))), Some("1.0.0"));
    }

    #[test]
    fn nothing_is_kept_once_the_watch_has_caught_up() {
        let written = Written::default();
        written.remember(&seen("a", "100", "2.0.0"));
        written.fresh(&seen("a", "100", "2.0.0"));
        assert!(written.0.lock().unwrap().is_empty());
    }
}
