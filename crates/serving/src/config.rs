use std::net::SocketAddr;

use clap::builder::RangedU64ValueParser;

/// How a service listens, and what it lets a caller do.
#[derive(Clone, Debug, clap::Args)]
pub struct ServingConfig {
    /// The address that the gateway reaches.
    #[arg(long, env = "PUBLIC_ADDR", default_value = "127.0.0.1:8080")]
    pub public_addr: SocketAddr,
    /// The address of probes, metrics and internal calls. Never expose it to people.
    #[arg(long, env = "PRIVATE_ADDR", default_value = "127.0.0.1:9090")]
    pub private_addr: SocketAddr,
    /// How many proxies stand in front, each adding one entry to `X-Forwarded-For`. With 0 that header and `X-Forwarded-Proto`
    /// are ignored: a caller could write anything into them.
    #[arg(long, env = "TRUSTED_PROXY_HOPS", default_value_t = 0)]
    pub trusted_proxy_hops: usize,
    /// Requests a second that one address may make, after a burst of ten seconds' worth. More get a 429.
    #[arg(long, env = "RATE_PER_ADDRESS", default_value_t = 500)]
    pub rate_per_address: u32,
    /// Requests a second that one signed-in account may make, after a burst of ten seconds' worth.
    #[arg(long, env = "RATE_PER_ACCOUNT", default_value_t = 50)]
    pub rate_per_account: u32,
    /// Largest request body in bytes. Photos and lists of people have limits of their own.
    #[arg(long, env = "MAX_BODY_BYTES", default_value_t = 128 * 1024)]
    pub max_body_bytes: usize,
    /// Seconds that one request may take.
    #[arg(long, env = "REQUEST_TIMEOUT_SECONDS", default_value_t = 30)]
    pub request_timeout_seconds: u64,
    /// Seconds that one upload may take, over a slow line.
    #[arg(long, env = "UPLOAD_TIMEOUT_SECONDS", default_value_t = 300)]
    pub upload_timeout_seconds: u64,
    /// Seconds for which a client may take nothing of an answer before its connection is ended. The kernel says that something was
    /// taken only when a third of its buffer is free, which may have 4 MiB, and so does that of a gateway: much less ends slow lines.
    #[arg(long, env = "READ_STALL_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    pub read_stall_seconds: u64,
    /// Connections open at once; more wait in the kernel's queue.
    #[arg(long, env = "MAX_CONNECTIONS", default_value_t = 4096, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub max_connections: usize,
    /// Seconds to go on serving after SIGTERM, while load balancers learn that this replica is going.
    #[arg(long, env = "DRAIN_SECONDS", default_value_t = 0)]
    pub drain_seconds: u64,
    /// Seconds that what is in flight has to end after that; what has not ended by then is cut off. A little more than a request
    /// may take; an upload may take longer.
    #[arg(long, env = "FINISH_SECONDS", default_value_t = 35)]
    pub finish_seconds: u64,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        serving: ServingConfig,
    }

    #[test]
    fn a_service_takes_one_connection_at_the_least() {
        let parsed = |flag: &str| Flags::try_parse_from(["service", flag]).map(|flags| flags.serving.max_connections);
        assert_eq!(parsed("--max-connections=1").unwrap(), 1);
        assert!(parsed("--max-connections=0").is_err());
    }
}
