//! Statements that failed. sqlx reports a statement alike however it ends, so its own span cannot say; the span of
//! whatever asked for it does, and a counter.

use std::sync::LazyLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Counter;

static ERRORS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_counter("db.client.operation.errors")
        .with_unit("{error}")
        .with_description("Statements of requests, jobs and facts that failed, by class: that of PostgreSQL's SQLSTATE, or a word.")
        .build()
});

static TIMEOUTS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_counter("db.client.connection.timeouts")
        .with_unit("{timeout}")
        .with_description("Requests, jobs and facts that waited for a connection of the pool and got none.")
        .build()
});

/// Makes the counter of timeouts begin at zero, so that the first one is seen as a rise.
pub(crate) fn begin() {
    TIMEOUTS.add(0, &[]);
}

/// Notes that a statement failed, on the current span and in the metric. Call it where the error is answered or kept;
/// one that was expected, such as a constraint with an answer of its own, is no failure.
pub fn failed(error: &sqlx::Error) {
    let state = error.as_database_error().and_then(|error| error.code());
    if let Some(state) = &state {
        telemetry::refused_by_database(state);
    }
    if matches!(error, sqlx::Error::PoolTimedOut) {
        TIMEOUTS.add(1, &[]);
    }
    ERRORS.add(1, &[KeyValue::new("class", class(error, state.as_deref()))]);
}

/// The first two signs of the SQLSTATE; where there is none, what stood in the way.
fn class(error: &sqlx::Error, state: Option<&str>) -> String {
    use sqlx::Error as E;
    let word = match error {
        E::Database(_) => state.and_then(|state| state.get(..2)).unwrap_or("other"),
        E::Io(_) | E::Tls(_) | E::WorkerCrashed => "connection",
        E::PoolTimedOut | E::PoolClosed => "pool",
        _ => "other",
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_answer_of_postgresql_has_a_class_too() {
        assert_eq!(class(&sqlx::Error::PoolTimedOut, None), "pool");
        assert_eq!(class(&std::io::Error::other("reset").into(), None), "connection");
        assert_eq!(class(&sqlx::Error::RowNotFound, None), "other");
    }
}
