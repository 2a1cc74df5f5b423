//! Whether the work of a span went well.

use opentelemetry::trace::Status;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Writes on the current span how PostgreSQL refused a statement that was part of it: by its SQLSTATE.
pub fn refused_by_database(state: &str) {
    Span::current().set_attribute("db.response.status_code", state.to_owned());
}

/// Does `work` and marks the current span when it fails: for work that no caller waits for, such as jobs and facts. `said` is what
/// may leave of its error; the words of a database may not, for there may be values of people in them.
pub async fn recorded<T, E>(work: impl Future<Output = Result<T, E>>, said: impl FnOnce(&E) -> String) -> Result<T, E> {
    let result = work.await;
    if let Err(error) = &result {
        let span = Span::current();
        span.set_status(Status::error(said(error)));
        // The conventions' word for an error whose kinds have no names of their own.
        span.set_attribute("error.type", "_OTHER");
    }
    result
}
