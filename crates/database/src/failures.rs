//! Statements that failed. sqlx reports a statement alike however it ends, so whoever has its error says so: on the
//! statement's own span, on the span of whatever asked for it, and in a counter.

use std::borrow::Cow;
use std::error::Error;
use std::io;
use std::sync::LazyLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Counter;

static ERRORS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_counter("socialplatform.database.errors")
        .with_unit("{error}")
        .with_description("Statements that failed, by class: that of PostgreSQL's SQLSTATE, or a word.")
        .build()
});

static TIMEOUTS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_counter("db.client.connection.timeouts")
        .with_unit("{timeout}")
        .with_description("Requests, jobs, facts and loops that waited for a connection of the pool and got none.")
        .build()
});

/// Makes the counter of timeouts begin at zero, so that the first one is seen as a rise.
pub(crate) fn begin() {
    TIMEOUTS.add(0, &[telemetry::pool_name()]);
}

/// Notes on the statement's own span that it failed. One that was expected, such as a constraint with an answer of its
/// own, is a failure of the statement and of nothing else; for others, [`failed`] does it.
pub fn refused(error: &sqlx::Error) {
    match error {
        sqlx::Error::Database(error) => {
            if let Some(state) = error.code().filter(|state| is_of_a_statement(state)) {
                telemetry::statement_failed(Some(&state));
            }
        }
        sqlx::Error::Io(error) if is_cut_off(error.kind()) => telemetry::statement_failed(None),
        // The statement itself went well, or there was none: no connection was to be had.
        _ => {}
    }
}

/// Is it no answer to somebody who connects? Then there was no statement.
fn is_of_a_statement(state: &str) -> bool {
    let of_connecting = ["08", "28"].iter().any(|class| state.starts_with(class)) || ["3D000", "53300", "57P03"].contains(&state);
    !of_connecting
}

/// Did a connection end that was there?
fn is_cut_off(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as K;
    matches!(kind, K::UnexpectedEof | K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe)
}

/// Notes that a statement failed, on its span, on the current one and in the metric. Call it where the error is answered
/// or kept, before the next statement; one that was expected is only [`refused`].
pub fn failed(error: &sqlx::Error) {
    refused(error);
    let state = error.as_database_error().and_then(|error| error.code());
    if let Some(state) = &state {
        telemetry::refused_by_database(state);
    }
    if matches!(error, sqlx::Error::PoolTimedOut) {
        TIMEOUTS.add(1, &[telemetry::pool_name()]);
    }
    ERRORS.add(1, &[KeyValue::new("class", class(error, state.as_deref()))]);
}

/// What may be told of an error where it is sent on, such as on a span: of what PostgreSQL refused the SQLSTATE, for there may be values
/// in its message, and of others what they say.
pub fn said(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Database(refused)) => refused.code().map_or_else(|| "refused".to_owned(), Cow::into_owned),
        _ => error.to_string(),
    }
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

    #[test]
    fn what_is_said_of_an_error_that_postgresql_did_not_make_are_its_own_words() {
        assert_eq!(said(&sqlx::Error::RowNotFound), sqlx::Error::RowNotFound.to_string());
        assert_eq!(said(&std::io::Error::other("reset")), "reset");
    }

    #[test]
    fn what_is_said_to_somebody_who_connects_is_no_word_on_a_statement() {
        assert!(["28P01", "53300", "57P03", "08006"].iter().all(|state| !is_of_a_statement(state)));
        assert!(["23505", "42P01", "57014", "40001"].iter().all(|state| is_of_a_statement(state)));
    }
}
