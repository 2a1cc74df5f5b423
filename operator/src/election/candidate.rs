//! What to do about a Lease. Pure: the time is an argument.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::ResourceExt;
use tokio::time::Instant;

use super::{DEADLINE, LEASE};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Make the Lease: there is none, and nobody can still hold one that was deleted.
    Create,
    /// Take it over: nobody holds it, or nobody has renewed it.
    Take,
    /// Renew it: it is ours.
    Renew,
    /// Look again later: another holds it, or did until somebody deleted it.
    Wait,
}

/// One that would hold the Lease, and what it has seen of it.
pub struct Candidate {
    identity: String,
    /// The version of the Lease that was seen last, and when it was first seen.
    seen: Option<(Option<String>, Instant)>,
    /// Since when there is none, though there was one.
    gone: Option<Instant>,
    /// When the last renewal that succeeded was asked for.
    renewed: Option<Instant>,
}

impl Candidate {
    /// A candidate that has seen nothing yet.
    pub fn new(identity: &str) -> Self {
        Self { identity: identity.to_owned(), seen: None, gone: None, renewed: None }
    }

    /// Its name in the Lease.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// What is due, given the Lease as it is at `now`.
    pub fn decide(&mut self, lease: Option<&Lease>, now: Instant) -> Decision {
        let Some(lease) = lease else { return self.without(now) };
        self.gone = None;
        let unchanged = self.unchanged(lease, now);
        let decision = decide(lease, &self.identity, unchanged);
        if decision == Decision::Wait {
            // Another bears it, by whatever way it came to it.
            self.renewed = None;
        }
        decision
    }

    /// Does this candidate hold `lease`, by its name?
    pub fn holds(&self, lease: &Lease) -> bool {
        holder(lease) == Some(&*self.identity)
    }

    /// A write of the Lease, asked for at `asked`, went through.
    pub fn written(&mut self, asked: Instant) {
        self.gone = None;
        self.renewed = Some(asked);
    }

    /// May it change anything else at `now`?
    pub fn may_write(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| now < deadline)
    }

    /// Until when it may; none if it has never renewed the Lease, or another bears it.
    pub fn deadline(&self) -> Option<Instant> {
        self.renewed.map(|asked| asked + DEADLINE)
    }

    /// What is due while there is no Lease. Its holder makes it again, and who has never known of one makes the first. Where somebody
    /// has deleted that of another, the other may write on for a while: as long as if it had ceased to renew it.
    fn without(&mut self, now: Instant) -> Decision {
        let is_first = self.seen.is_none() && self.renewed.is_none();
        if is_first || self.may_write(now) {
            return Decision::Create;
        }
        let gone = *self.gone.get_or_insert(now);
        if now.duration_since(gone) < LEASE { Decision::Wait } else { Decision::Create }
    }

    /// For how long it has seen `lease` as it is.
    fn unchanged(&mut self, lease: &Lease, now: Instant) -> Duration {
        let version = lease.resource_version();
        match &self.seen {
            Some((seen, since)) if *seen == version => now.duration_since(*since),
            _ => {
                self.seen = Some((version, now));
                Duration::ZERO
            }
        }
    }
}

/// What `identity` has to do about a Lease that it has seen as it is for `unchanged`.
fn decide(lease: &Lease, identity: &str, unchanged: Duration) -> Decision {
    match holder(lease) {
        Some(holder) if holder == identity => Decision::Renew,
        Some(_) if unchanged < LEASE => Decision::Wait,
        Some(_) | None => Decision::Take,
    }
}

fn holder(lease: &Lease) -> Option<&str> {
    let holder = lease.spec.as_ref()?.holder_identity.as_deref()?;
    Some(holder).filter(|holder| !holder.is_empty())
}

#[cfg(test)]
mod tests;
