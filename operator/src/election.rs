//! Which of several operators works: the one that holds the Lease.
//!
//! ```text
//!   holder    renews every 2 s ──► may write for 10 s after the last renewal was *asked for*
//!   others    watch for a change ► take the Lease over when they saw none for 15 s
//! ```
//!
//! The two spans are measured with each one's own clock, and only as durations, so clocks need not agree. The Lease is
//! written with the `resourceVersion` that was read: of two that take it over at once, one gets a conflict. A lease cannot
//! fence, so the client refuses every write once the ten seconds are over ([`Fence`]), and the process ends: whatever it
//! knew may be stale.
//!
//! A Lease that somebody deletes is made again by its holder. The others wait for that as long as for a renewal; only one that begins
//! just then takes the next Lease for the first.

mod candidate;
mod fence;

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, ObjectMeta, PostParams};
use kube::{Client, ResourceExt};
use tokio::time::Instant;

use crate::connection::within;
pub use candidate::{Candidate, Decision};
pub use fence::{Fence, Fenced, NotHeld};

/// Others may take a Lease over that they saw no change of for this long.
pub const LEASE: Duration = Duration::from_secs(15);
/// The holder writes nothing more when its last renewal is this old.
pub const DEADLINE: Duration = Duration::from_secs(10);
/// How often the holder renews, and the others look.
const PERIOD: Duration = Duration::from_secs(2);
/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(5);

/// The Lease was lost: another operator may be working.
#[derive(Debug, thiserror::Error)]
#[error("failed to renew Lease {lease} for {} s: another operator may work by now, so this one ends", DEADLINE.as_secs())]
pub struct Lost {
    lease: String,
}

/// One operator's part in the election.
pub struct Election {
    api: Api<Lease>,
    lease: String,
    candidate: Candidate,
    fence: Fence,
}

impl Election {
    /// Stands for `lease` in `namespace` under the name `identity`, which no other may bear. `client` must not retry by
    /// itself, nor be fenced.
    pub fn new(client: Client, namespace: &str, lease: &str, identity: &str, fence: Fence) -> Self {
        let api = Api::namespaced(client, namespace);
        Self { api, lease: lease.to_owned(), candidate: Candidate::new(identity), fence }
    }

    /// Resolves when the Lease is held; calls `seen` each time that the API server has answered.
    pub async fn win(&mut self, mut seen: impl FnMut()) {
        loop {
            match self.step().await {
                Ok(true) => {
                    tracing::info!(lease = self.lease, identity = self.candidate.identity(), "this operator works from now on");
                    return seen();
                }
                Ok(false) => seen(),
                Err(error) => tracing::warn!(%error, lease = self.lease, "failed to look at the Lease; it is tried again"),
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    /// Renews until it cannot: when its time is over nothing may be written any more, whether the API server has answered or not.
    pub async fn hold(&mut self) -> Lost {
        while let Some(deadline) = self.candidate.deadline() {
            let renewal = async {
                tokio::time::sleep(PERIOD).await;
                self.step().await
            };
            let renewed = tokio::time::timeout_at(deadline, renewal).await;
            match renewed {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => tracing::warn!(lease = self.lease, "another operator has taken the Lease over"),
                Ok(Err(error)) => tracing::warn!(%error, lease = self.lease, "failed to renew the Lease; it is tried again"),
                Err(_) => break,
            }
        }
        self.fence.close();
        Lost { lease: self.lease.clone() }
    }

    /// Gives the Lease back, so that nobody has to wait for it. Nothing may be written any more before this is called.
    pub async fn release(self) {
        self.fence.close();
        let Ok(Some(lease)) = self.read().await else { return };
        if !self.candidate.holds(&lease) {
            return;
        }
        let spec = LeaseSpec { holder_identity: None, lease_duration_seconds: Some(1), ..lease.spec.clone().unwrap_or_default() };
        let released = Lease { spec: Some(spec), ..lease };
        if let Err(error) = within(REQUEST, self.api.replace(&self.lease, &PostParams::default(), &released)).await {
            tracing::warn!(%error, "failed to give the Lease back; the others wait until it has run out");
        }
    }

    /// Looks, and does what is due; whether the Lease is held now.
    async fn step(&mut self) -> kube::Result<bool> {
        let lease = self.read().await?;
        // Before the request: the others count from when it arrives, which is later.
        let asked = Instant::now();
        let decision = self.candidate.decide(lease.as_ref(), asked);
        let wanted = match (decision, lease) {
            (Decision::Wait, _) => return Ok(false),
            (Decision::Create, _) => self.made(),
            (Decision::Take, Some(lease)) => self.renewed(lease, true),
            (Decision::Renew, Some(lease)) => self.renewed(lease, false),
            (Decision::Take | Decision::Renew, None) => return Ok(false),
        };
        let params = PostParams::default();
        let written = match decision {
            Decision::Create => within(REQUEST, self.api.create(&params, &wanted)).await,
            _ => within(REQUEST, self.api.replace(&self.lease, &params, &wanted)).await,
        };
        match written {
            Ok(_) => {
                self.candidate.written(asked);
                self.fence.open_until(asked + DEADLINE);
                Ok(true)
            }
            // Somebody was faster; the next look says who.
            Err(kube::Error::Api(status)) if status.is_conflict() || status.is_already_exists() => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn read(&self) -> kube::Result<Option<Lease>> {
        within(REQUEST, self.api.get_opt(&self.lease)).await
    }

    fn made(&self) -> Lease {
        let metadata = ObjectMeta { name: Some(self.lease.clone()), ..ObjectMeta::default() };
        self.renewed(Lease { metadata, spec: None }, true)
    }

    fn renewed(&self, lease: Lease, is_new: bool) -> Lease {
        let now = MicroTime(Timestamp::now());
        let before = lease.spec.clone().unwrap_or_default();
        let transitions = before.lease_transitions.unwrap_or(0);
        let spec = LeaseSpec {
            holder_identity: Some(self.candidate.identity().to_owned()),
            lease_duration_seconds: i32::try_from(LEASE.as_secs()).ok(),
            acquire_time: if is_new { Some(now.clone()) } else { before.acquire_time.clone() },
            lease_transitions: Some(if is_new && lease.resource_version().is_some() { transitions + 1 } else { transitions }),
            renew_time: Some(now),
            ..before
        };
        Lease { spec: Some(spec), ..lease }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::pending;

    use http::{Method, Request, Response};
    use kube::client::Body;
    use tower::service_fn;

    use super::*;

    #[tokio::test]
    async fn one_that_gets_no_answer_ends_at_its_deadline_and_writes_nothing_more() {
        let silent = service_fn(|_: Request<Body>| pending::<Result<Response<Body>, Infallible>>());
        let fence = Fence::default();
        let mut election = Election::new(Client::new(silent, "social"), "social", "operator", "me", fence.clone());
        // It asks again in two seconds, and has one left then.
        let renewed = Instant::now() - Duration::from_secs(7);
        election.candidate.written(renewed);
        // For longer than it may hold the Lease: so it has to be closed.
        fence.open_until(renewed + DEADLINE * 2);
        let lost = tokio::time::timeout_at(renewed + LEASE, election.hold()).await;
        let held = renewed.elapsed();
        assert!(lost.is_ok(), "another may work by now");
        assert!(held >= DEADLINE && held < DEADLINE + Duration::from_millis(3500), "it held the Lease for {held:?}");
        assert!(!fence.lets_through(&Method::PATCH));
    }
}
