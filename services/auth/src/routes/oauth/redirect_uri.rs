//! Where an app may be answered: https, or the person's own machine on any port (RFC 8252, section 7.3).

use url::{Host, Url};

/// Longer ones are no addresses that somebody would want.
const MOST_BYTES: usize = 1000;

/// May an app register this?
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    if text.len() > MOST_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("an address has at most 1000 visible ASCII characters");
    }
    let url = Url::parse(text).map_err(|_| "this is no whole URL")?;
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err("leave out fragment, user and password");
    }
    match url.scheme() {
        "https" if is_plain(&url) => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        _ => Err("use https, or http with 127.0.0.1, [::1] or localhost"),
    }
}

/// Its host goes into a header of ours and may have no character that means something there.
fn is_plain(url: &Url) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    match url.host() {
        Some(Host::Domain(name)) => name.bytes().all(plain),
        host => host.is_some(),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// On the person's own machine anything could answer, whatever app it says it is.
pub(super) fn is_own_machine(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.scheme() == "http" && is_loopback(&url))
}

/// Is it one of those that the app registered, to the letter? Only a port of the person's own machine may differ.
pub(super) fn is_registered(registered: &[String], asked: &str) -> bool {
    let portless = |text: &str| {
        let mut url = Url::parse(text).ok().filter(|url| url.scheme() == "http" && is_loopback(url))?;
        url.set_port(None).ok().map(|()| url)
    };
    let asked_portless = portless(asked);
    let plain = check(asked).is_ok();
    plain && registered.iter().any(|known| known == asked || (asked_portless.is_some() && portless(known) == asked_portless))
}

/// The address with these parameters added to its query.
pub(super) fn with(text: &str, parameters: &[(&str, &str)]) -> Option<String> {
    let mut url = Url::parse(text).ok()?;
    url.query_pairs_mut().extend_pairs(parameters);
    Some(url.into())
}

/// The host, for people, and what a page that leads there has to allow in its `form-action`.
pub(super) fn host_and_source(text: &str) -> Option<(String, String)> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?.to_owned();
    // A policy has no way to name an IPv6 address.
    let source = match url.host() {
        Some(Host::Ipv6(_)) => format!("{}:", url.scheme()),
        _ => url.origin().ascii_serialization(),
    };
    Some((host, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_ones_own_machine() {
        for good in
            ["https://app.test/back", "https://app.test:8443/?a=b", "http://127.0.0.1/back", "http://[::1]:9/", "http://localhost:1/x"]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        let long = format!("https://app.test/{}", "x".repeat(1000));
        for bad in [
            "http://app.test/back",
            "https://app.test/#fragment",
            "https://user@app.test/",
            "javascript:alert(1)",
            "data:text/html,x",
            "app:/back",
            "/back",
            "",
            "https://app.test/\n",
            "https://a;b/",
            "https://a'b/",
            "http://127.0.0.1.app.test/",
            &long,
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_a_port_of_ones_own_machine_may_differ() {
        let registered = ["https://app.test/back".to_owned(), "http://127.0.0.1/back".to_owned()];
        for good in ["https://app.test/back", "http://127.0.0.1/back", "http://127.0.0.1:51234/back"] {
            assert!(is_registered(&registered, good), "{good}");
        }
        for bad in [
            "https://app.test/back/",
            "https://app.test/back?x",
            "https://app.test:444/back",
            "https://APP.test/back",
            "https://app.test.evil.test/back",
            "http://127.0.0.1:51234/other",
            "http://localhost:51234/back",
            "http://127.0.0.2:51234/back",
            "https://127.0.0.1/back",
            "",
        ] {
            assert!(!is_registered(&registered, bad), "{bad}");
        }
    }

    #[test]
    fn parameters_are_added_to_those_that_are_there() {
        let url = with("https://app.test/back?keep=1", &[("code", "a b&c")]).unwrap();
        assert_eq!(url, "https://app.test/back?keep=1&code=a+b%26c");
    }
}
