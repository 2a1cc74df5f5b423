//! How long the operator waits for the API server. Without limits, one connection that stays open and silent would keep it waiting
//! for ever, while others still renew the Lease and the probes still answer.

use std::time::Duration;

use kube::Config;

/// How long nothing may come over a connection that waits for something. The longest that the API server has nothing to say is a
/// watch: it ends one after 290 s, and kube gives up one that it has not ended after 295.
const SILENCE: Duration = Duration::from_secs(300);

/// The same, with the operator's own limits.
pub fn limited(mut config: Config) -> Config {
    config.read_timeout = Some(SILENCE);
    // The time counts from the request, and not from when its connection was last used.
    config.reset_reader_on_write = true;
    // What fails is tried again by the reconcile that it belongs to, whose waits grow; and a write that is repeated out of
    // sight could come after the Lease was lost.
    config.default_retry = false;
    config
}

/// A request that is not answered within `limit` is a request that failed.
pub async fn within<T>(limit: Duration, request: impl Future<Output = kube::Result<T>>) -> kube::Result<T> {
    match tokio::time::timeout(limit, request).await {
        Ok(result) => result,
        Err(elapsed) => Err(kube::Error::Service(Box::new(elapsed))),
    }
}

#[cfg(test)]
mod tests {
    use kube::Client;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_connection_that_stays_silent_is_given_up_but_no_watch_that_has_nothing_to_say() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = limited(Config::new(format!("http://{address}").parse().unwrap()));
        assert!(config.read_timeout.is_some_and(|silence| silence > Duration::from_secs(295)), "{:?}", config.read_timeout);
        assert!(config.reset_reader_on_write, "a connection that was idle for a minute would have a minute less");
        config.read_timeout = config.read_timeout.map(|silence| silence / 3000);
        // No authority is needed, nor asked for those of the machine.
        config.root_cert = Some(Vec::new());
        let client = Client::try_from(config).unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(10), client.list_api_groups()).await;
        assert!(answer.expect("it is given up").is_err());
    }
}
