//! Where a request comes from, as far as the trusted proxies say.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;

/// The client's address: the entry of `X-Forwarded-For` that the outermost trusted proxy wrote, else the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    pub(crate) fn find(headers: &HeaderMap, peer: SocketAddr, trusted_hops: usize) -> Self {
        let entries = headers.get_all("x-forwarded-for").into_iter().filter_map(|value| value.to_str().ok());
        let entries: Vec<&str> = entries.flat_map(|line| line.split(',')).map(str::trim).collect();
        // Each proxy appends whom it saw, so the last entries are ours to trust and the first is the caller's to invent.
        let seen = trusted_hops.checked_sub(1).and_then(|skip| entries.iter().rev().nth(skip));
        Self(seen.and_then(|entry| entry.parse().ok()).unwrap_or(peer.ip()))
    }

    /// What limits count by: an IPv6 customer holds a /64 and can call from any address of it.
    pub fn network(self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V6(address) => {
                let prefix = u128::from(address) & !u128::from(u64::MAX);
                IpAddr::V6(prefix.into())
            }
            v4 => v4,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Calls inside one process have no address.
        Ok(parts.extensions.get().copied().unwrap_or(Self(IpAddr::V4(Ipv4Addr::LOCALHOST))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(forwarded: &str, hops: usize) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", forwarded.parse().unwrap());
        ClientAddress::find(&headers, "10.0.0.1:5".parse().unwrap(), hops).0.to_string()
    }

    #[test]
    fn only_entries_of_trusted_proxies_count() {
        assert_eq!(find("6.6.6.6, 1.2.3.4", 0), "10.0.0.1");
        assert_eq!(find("6.6.6.6, 1.2.3.4", 1), "1.2.3.4");
        assert_eq!(find("6.6.6.6, 1.2.3.4, 10.0.0.9", 2), "1.2.3.4");
        assert_eq!(find("1.2.3.4", 3), "10.0.0.1");
        assert_eq!(find("nonsense", 1), "10.0.0.1");
    }

    #[test]
    fn an_ipv6_customer_is_one_network() {
        let network = |text: &str| ClientAddress(text.parse().unwrap()).network();
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:1.2.3.4"), network("1.2.3.4"));
    }
}
