//! How much libraries may write, whatever `RUST_LOG` asks for: below these levels some print what passes through them.

use tracing_subscriber::filter::{LevelFilter, Targets};

/// The beginnings of targets, and the most of them that is written.
const CAPS: [(&str, LevelFilter); 8] = [
    // Requests to the object store: as they are signed, with their headers, and what is answered.
    ("aws_", LevelFilter::INFO),
    // Why a request was refused, in words that may quote it.
    ("axum::rejection", LevelFilter::INFO),
    // Addresses, and proxies with what they are given.
    ("hyper", LevelFilter::INFO),
    ("reqwest", LevelFilter::INFO),
    // Answers of the API server that it cannot read, among them Secrets, and addresses.
    ("kube_client", LevelFilter::INFO),
    // Messages to people, as they are sent.
    ("tokio_tungstenite", LevelFilter::INFO),
    ("tungstenite", LevelFilter::INFO),
    // The store of `all` and of development: whole requests, with their signatures.
    ("s3s", LevelFilter::WARN),
];

/// What lines pass besides their own filter. That filter could be told of these targets, too, but whoever names a module of one
/// would be heard before it.
pub(crate) fn caps() -> Targets {
    Targets::new().with_default(LevelFilter::TRACE).with_targets(CAPS)
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::FilterExt;
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::{EnvFilter, Layer, fmt};

    use super::*;
    use crate::log_format::JsonLines;
    use crate::written::Written;

    #[test]
    fn what_libraries_may_write_is_not_for_a_filter_to_say() {
        let written = Written::default();
        let kept = written.clone();
        let filter = EnvFilter::try_new("trace,aws_sigv4::http_request=trace,s3s::ops=info").expect("a filter");
        let lines = fmt::layer().event_format(JsonLines).with_writer(move || kept.clone()).with_filter(filter.and(caps()));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            tracing::trace!(target: "aws_sigv4::http_request::sign", "signed by kilroy");
            tracing::debug!(target: "hyper_util::client", "called by kilroy");
            tracing::info!(target: "s3s::ops", "kept by kilroy");
            tracing::info!(target: "aws_config", "the region is set");
            tracing::trace!(target: "photo", "a photo is read");
        });
        let text = written.text();
        assert!(!text.contains("kilroy"), "{text}");
        assert_eq!(text.lines().count(), 2, "{text}");
    }
}
