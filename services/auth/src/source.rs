//! Where a request comes from, as far as it is counted and kept.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serving::ClientAddress;

/// The network of a caller, as the trusted proxies say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source(ClientAddress);

impl Source {
    /// What attempts are counted by: the address, of IPv6 the /64.
    pub(crate) fn network(&self) -> String {
        self.0.network().to_string()
    }

    /// What is kept in the log of security events: enough to tell one's own network from another, and no single household.
    pub(crate) fn prefix(&self) -> String {
        match self.0.0.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}::/48")
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        ClientAddress::from_request_parts(parts, state).await.map(Self)
    }
}

#[cfg(test)]
impl Source {
    /// This address.
    pub(crate) fn of(address: &str) -> Self {
        Self(ClientAddress(address.parse().unwrap()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_a_network() {
        assert_eq!(Source::of("192.0.2.77").prefix(), "192.0.2.0/24");
        assert_eq!(Source::of("::ffff:192.0.2.77").prefix(), "192.0.2.0/24");
        assert_eq!(Source::of("2001:db8:1:2:3:4:5:6").prefix(), "2001:db8:1::/48");
        assert_eq!(Source::of("::1").prefix(), "0:0:0::/48");
    }

    #[test]
    fn a_customer_with_many_addresses_is_one_source() {
        assert_eq!(Source::of("2001:db8:1:2::1").network(), Source::of("2001:db8:1:2:ffff::9").network());
        assert_ne!(Source::of("192.0.2.1").network(), Source::of("192.0.2.2").network());
    }
}
