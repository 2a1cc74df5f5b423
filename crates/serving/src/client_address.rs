//! Where a request comes from, as far as the trusted proxies say.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;

/// The client's address: the entry of `X-Forwarded-For` that the outermost trusted proxy wrote, else the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    pub(crate) fn find(headers: &HeaderMap, peer: SocketAddr, trusted_hops: usize) -> Self {
        // Bytes, since a caller may put any before those of a proxy: a line that is no text still ends in what the proxy wrote.
        let lines = headers.get_all("x-forwarded-for").into_iter();
        let entries: Vec<&[u8]> = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).collect();
        // Each proxy appends whom it saw, so the last entries are ours to trust and the first is the caller's to invent.
        let seen = trusted_hops.checked_sub(1).and_then(|skip| entries.into_iter().rev().nth(skip));
        Self(seen.and_then(parse).unwrap_or(peer.ip()))
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

/// Reads an entry as proxies write it: an address, some with the port, and IPv6 in brackets or not.
fn parse(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim();
    if let Ok(address) = entry.parse() {
        return Some(address);
    }
    if let Ok(with_port) = entry.parse::<SocketAddr>() {
        return Some(with_port.ip());
    }
    let in_brackets: Ipv6Addr = entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok()?;
    Some(in_brackets.into())
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
    use http::HeaderValue;

    use super::*;

    fn find_in(lines: &[&[u8]], hops: usize) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line).unwrap());
        }
        ClientAddress::find(&headers, "10.0.0.1:5".parse().unwrap(), hops).0.to_string()
    }

    fn find(forwarded: &str, hops: usize) -> String {
        find_in(&[forwarded.as_bytes()], hops)
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
    fn no_byte_of_a_caller_hides_what_a_proxy_wrote() {
        assert_eq!(find_in(&[b"\xff, 1.2.3.4"], 1), "1.2.3.4");
        assert_eq!(find_in(&[b"\xe9\xff,,, ,1.2.3.4,10.0.0.9"], 2), "1.2.3.4");
        assert_eq!(find_in(&[b"6.6.6.6, \xff", b"1.2.3.4"], 1), "1.2.3.4");
        assert_eq!(find_in(&[b"6.6.6.6", b"\xff, 1.2.3.4", b"10.0.0.9"], 2), "1.2.3.4");
        assert_eq!(find_in(&[b"1.2.3.4, \xff"], 1), "10.0.0.1", "an entry that is no text is nobody's");
    }

    #[test]
    fn an_entry_may_have_a_port_and_brackets() {
        for (entry, address) in [
            ("1.2.3.4:567", "1.2.3.4"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:567", "2001:db8::1"),
            ("1.2.3.4:", "10.0.0.1"),
            ("[1.2.3.4]", "10.0.0.1"),
            ("[2001:db8::1", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(find(&format!("6.6.6.6, {entry}"), 1), address, "{entry:?}");
        }
    }

    #[test]
    fn an_ipv6_customer_is_one_network() {
        let network = |text: &str| ClientAddress(text.parse().unwrap()).network();
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:1.2.3.4"), network("1.2.3.4"));
    }
}
