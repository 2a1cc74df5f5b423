//! What photo counts beside requests: pictures, bytes, and calls of the object store.

use std::sync::LazyLock;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};

/// A decoded picture of the largest size takes seconds.
const SECONDS: [f64; 12] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0];
/// As the semantic conventions advise for `rpc.*.call.duration`.
const CALL_SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

static WORK: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    let about = "Time to decode a picture and to encode it anew, by outcome: kept or refused.";
    histogram("socialplatform.photo.processing.duration", about, &SECONDS)
});
static WAIT: LazyLock<Histogram<f64>> =
    LazyLock::new(|| histogram("socialplatform.photo.processing.wait", "Time that a picture waited for a worker.", &SECONDS));
static S3: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    let about = "Duration of calls of the object store, up to the head of the answer.";
    histogram("rpc.client.call.duration", about, &CALL_SECONDS)
});

static PICTURES: LazyLock<UpDownCounter<i64>> = LazyLock::new(|| {
    let about = "Pictures that are processed or wait for it.";
    let name = "socialplatform.photo.processing.pictures";
    telemetry::meter().i64_up_down_counter(name).with_unit("{picture}").with_description(about).build()
});
static REFUSED: LazyLock<Counter<u64>> = LazyLock::new(|| {
    let about = "Uploads that gave no picture, by reason.";
    telemetry::meter().u64_counter("socialplatform.photo.refused").with_unit("{upload}").with_description(about).build()
});
static STORED: LazyLock<Counter<u64>> = LazyLock::new(|| {
    let about = "Bytes of pictures written to the object store.";
    telemetry::meter().u64_counter("socialplatform.photo.stored").with_unit("By").with_description(about).build()
});
static SWEPT: LazyLock<Counter<u64>> = LazyLock::new(|| {
    let about = "Blobs that no row knew and the sweep deleted.";
    telemetry::meter().u64_counter("socialplatform.photo.swept").with_unit("{blob}").with_description(about).build()
});
/// Every replica counts the same rows, so a sum over replicas means nothing; take the largest.
static MISSING: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    let about = "Blobs whose objects are not in the bucket as they should be.";
    telemetry::meter().u64_gauge("socialplatform.photo.missing").with_unit("{blob}").with_description(about).build()
});
static OPEN: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    let about = "Whether the bucket shows what is in it to somebody without a key: one, or zero.";
    telemetry::meter().u64_gauge("socialplatform.photo.bucket.open").with_description(about).build()
});

fn histogram(name: &'static str, about: &'static str, bounds: &[f64]) -> Histogram<f64> {
    telemetry::meter().f64_histogram(name).with_unit("s").with_description(about).with_boundaries(bounds.to_vec()).build()
}

/// A picture that is being processed or waits for it, until dropped.
pub(crate) struct Counted;

impl Counted {
    pub(crate) fn new() -> Self {
        PICTURES.add(1, &[]);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        PICTURES.add(-1, &[]);
    }
}

/// A picture's turn came.
pub(crate) fn waited(time: Duration) {
    WAIT.record(time.as_secs_f64(), &[]);
}

/// A picture was processed.
pub(crate) fn worked(time: Duration, kept: bool) {
    WORK.record(time.as_secs_f64(), &[KeyValue::new("outcome", if kept { "kept" } else { "refused" })]);
}

/// An upload gave no picture.
pub(crate) fn refused(reason: &'static str) {
    REFUSED.add(1, &[KeyValue::new("reason", reason)]);
}

/// Bytes were written.
pub(crate) fn stored(bytes: i64) {
    STORED.add(u64::try_from(bytes).unwrap_or_default(), &[]);
}

/// The sweep went through. Nothing found is counted too, so that a graph begins at zero.
pub(crate) fn swept(blobs: usize) {
    SWEPT.add(blobs as u64, &[]);
}

/// So many blobs have lost their objects.
pub(crate) fn missing(blobs: i64) {
    MISSING.record(u64::try_from(blobs).unwrap_or_default(), &[]);
}

/// Whether the bucket shows what is in it to anybody.
pub(crate) fn exposed(exposed: bool) {
    OPEN.record(exposed.into(), &[]);
}

/// A call of the object store, at this host and port, ended; `code` is the store's own word for what went wrong, or one of ours if it
/// said none.
pub(crate) fn called(method: &'static str, (host, port): (&str, u16), time: Duration, code: Option<&str>) {
    let mut labels = vec![
        KeyValue::new("rpc.system.name", "aws-api"),
        KeyValue::new("rpc.method", format!("S3/{method}")),
        KeyValue::new("server.address", host.to_owned()),
        KeyValue::new("server.port", i64::from(port)),
    ];
    labels.extend(code.map(|code| KeyValue::new("error.type", known(code))));
    S3.record(time.as_secs_f64(), &labels);
}

/// What stores answer is text from outside; as labels the words must be few. `_OTHER` is the conventions' own.
fn known(code: &str) -> &'static str {
    const KNOWN: [&str; 12] = [
        "AccessDenied",
        "InternalError",
        "InvalidAccessKeyId",
        "NoSuchBucket",
        "NoSuchKey",
        "NotFound",
        "RequestTimeout",
        "ServiceUnavailable",
        "SignatureDoesNotMatch",
        "SlowDown",
        "cancelled",
        "unreachable",
    ];
    KNOWN.into_iter().find(|known| *known == code).unwrap_or("_OTHER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_were_changed_are_told_from_rights_that_were() {
        for word in ["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"] {
            assert_eq!(known(word), word);
        }
        assert_eq!(known("SomethingElse"), "_OTHER");
    }

    #[test]
    fn no_answer_is_told_from_one_that_nobody_waited_for() {
        assert_eq!(["cancelled", "unreachable"].map(known), ["cancelled", "unreachable"]);
    }
}
