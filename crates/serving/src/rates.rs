//! How often one caller may ask.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::{ClientAddress, Problem, ServingConfig};

/// Token buckets by address and by account, in this process; each holds ten seconds' worth.
#[derive(Clone)]
pub struct Rates(Arc<Buckets>);

struct Buckets {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    accounts: DefaultKeyedRateLimiter<i64>,
}

impl Rates {
    /// Buckets of the configured sizes.
    pub fn new(config: &ServingConfig) -> Self {
        let quota = |per_second: u32| {
            let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
            Quota::per_second(rate).allow_burst(rate.saturating_mul(NonZeroU32::new(10).expect("ten is not zero")))
        };
        Self(Arc::new(Buckets {
            addresses: RateLimiter::keyed(quota(config.rate_per_address)),
            accounts: RateLimiter::keyed(quota(config.rate_per_account)),
        }))
    }

    /// One request of an address.
    pub fn check_address(&self, address: ClientAddress) -> Result<(), Problem> {
        check(self.0.addresses.check_key(&address.network()))
    }

    /// One request of an account whose token was verified.
    pub fn check_account(&self, account: i64) -> Result<(), Problem> {
        check(self.0.accounts.check_key(&account))
    }

    /// Forgets callers whose buckets are full again, so that memory follows the callers of now, not of ever.
    pub async fn forget_idle_callers(&self) {
        loop {
            tokio::time::sleep(Duration::from_secs(60)).await;
            self.0.addresses.retain_recent();
            self.0.accounts.retain_recent();
        }
    }
}

fn check<P>(outcome: Result<P, governor::NotUntil<governor::clock::QuantaInstant>>) -> Result<(), Problem> {
    outcome.map(drop).map_err(|wait| Problem::too_many_requests(wait.wait_time_from(DefaultClock::default().now())))
}
