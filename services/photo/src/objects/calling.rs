//! A call of the object store, measured and marked however it ends.

use std::time::Instant;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use tracing::{Instrument, Span};

use crate::metrics;

/// The `error.type` of a call whose caller did not wait for the answer.
const CANCELLED: &str = "cancelled";
/// That of a call which the store did not answer, or not in time.
const UNREACHABLE: &str = "unreachable";

/// A call from its beginning to its end. Its future is dropped when whoever waits for the answer hangs up, which they do when the
/// store takes long: so what is dropped is measured, too.
pub(super) struct Calling<'a> {
    start: Instant,
    method: &'static str,
    /// Host and port of the store.
    server: (&'a str, u16),
    span: Span,
    failure: Option<String>,
}

impl<'a> Calling<'a> {
    pub(super) fn begin(method: &'static str, server: (&'a str, u16), span: Span) -> Self {
        Self { start: Instant::now(), method, server, span, failure: Some(CANCELLED.to_owned()) }
    }

    /// Waits for the answer, in the span.
    pub(super) async fn answered<T, E>(mut self, request: impl Future<Output = Result<T, SdkError<E>>>) -> Result<T, SdkError<E>>
    where
        E: ProvideErrorMetadata,
    {
        let result = request.instrument(self.span.clone()).await;
        self.failure = result.as_ref().err().map(|error| error.code().unwrap_or(UNREACHABLE).to_owned());
        result
    }
}

impl Drop for Calling<'_> {
    fn drop(&mut self) {
        if let Some(failure) = &self.failure {
            self.span.record("otel.status_code", "ERROR");
            self.span.record("error.type", failure.as_str());
        }
        metrics::called(self.method, self.server, self.start.elapsed(), self.failure.as_deref());
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};
    use std::{fs, future};

    use aws_sdk_s3::operation::put_object::PutObjectError;
    use tempfile::NamedTempFile;
    use tracing::field;
    use tracing_subscriber::fmt;
    use tracing_subscriber::fmt::format::FmtSpan;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// What the span of a call says when it ends, which was looked at once, and then dropped.
    fn said_of(request: impl Future<Output = Result<(), SdkError<PutObjectError>>>) -> String {
        let written = NamedTempFile::new().expect("a file");
        let file = written.reopen().expect("it is there");
        let lines = fmt::layer().with_ansi(false).with_span_events(FmtSpan::CLOSE).with_writer(file);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let span = tracing::info_span!("s3", otel.status_code = field::Empty, error.type = field::Empty);
            let mut call = Box::pin(Calling::begin("PutObject", ("store", 9000), span).answered(request));
            let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        });
        fs::read_to_string(written.path()).expect("lines are text")
    }

    #[test]
    fn a_call_whose_caller_hangs_up_is_an_error_and_an_answered_one_is_none() {
        let cancelled = said_of(future::pending());
        assert!(cancelled.contains("error.type=\"cancelled\"") && cancelled.contains("ERROR"), "{cancelled}");
        let late = said_of(future::ready(Err(SdkError::timeout_error("late"))));
        assert!(late.contains("error.type=\"unreachable\"") && late.contains("ERROR"), "{late}");
        let answered = said_of(future::ready(Ok(())));
        assert!(answered.contains("close") && !answered.contains("error.type="), "{answered}");
    }
}
