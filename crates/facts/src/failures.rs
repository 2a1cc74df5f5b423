use std::error::Error;

use contracts::{AccountId, Service};
use serde_json::Value;
use sqlx::PgConnection;
use tracing::Span;

use crate::told::Told;

/// A fact that fails this often is parked.
const ATTEMPTS: i32 = 10;

/// Where facts have the words of people: those of a photo, and of the copy that was left of it.
const WORDS: [&str; 4] = ["/state/alt", "/state/credit", "/left/state/alt", "/left/state/credit"];

/// Why facts were not applied: the database refused, or the code panicked.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// Facts were not applied.
pub(crate) struct Failure {
    pub(crate) cause: Cause,
    /// In which they were to be applied, so that lines about it have its trace; none, if it did not come to that.
    pub(crate) span: Span,
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { cause: error.into(), span: Span::none() }
    }
}

impl Failure {
    /// Counts a statement that failed. What failed while facts were applied is counted there.
    pub(crate) fn count(&self) {
        if self.span.is_none()
            && let Some(error) = self.cause.downcast_ref::<sqlx::Error>()
        {
            database::failed(error);
        }
    }
}

/// What comes of others, by SQLSTATE: a lock that somebody holds, such as a migration that builds an index (lock_not_available), a
/// deadlock, a serialization failure, or a server that is being stopped or started.
const PASSING: [&str; 6] = ["55P03", "40P01", "40001", "57P01", "57P02", "57P03"];

/// Is it no word on the fact? Then it is waited for, however long that takes.
pub(crate) fn passes(failure: &Failure) -> bool {
    let Some(sqlx::Error::Database(error)) = failure.cause.downcast_ref() else { return false };
    error.code().is_some_and(|state| PASSING.contains(&&*state))
}

/// Counts that a fact could not be applied alone; `true` if that was once too often, and it is parked.
pub(crate) async fn count(connection: &mut PgConnection, producer: Service, told: &Told, failure: &Failure) -> sqlx::Result<bool> {
    let attempts: i32 = sqlx::query_scalar(
        "insert into fact_failures (producer, position, fact, attempts, error) values ($1, $2, $3, 1, $4)
         on conflict (producer, position) do update set attempts = fact_failures.attempts + 1, error = excluded.error,
             parked_at = case when fact_failures.attempts + 1 >= $5 then now() end
         returning attempts",
    )
    .bind(producer.name())
    .bind(told.position)
    .bind(without_words(&told.fact))
    .bind(failure.cause.to_string())
    .bind(ATTEMPTS)
    .fetch_one(connection)
    .await?;
    let is_parked = attempts >= ATTEMPTS;
    if is_parked {
        let (error, producer, position) = (&failure.cause, producer.name(), told.position);
        failure.span.in_scope(|| tracing::error!(%error, producer, position, "parked a fact that failed {attempts} times"));
    }
    Ok(is_parked)
}

/// What a fact says in ids: the row may stay for longer than the people of whom it is.
fn without_words(fact: &Value) -> Value {
    let mut fact = fact.clone();
    for place in WORDS {
        if let Some(words) = fact.pointer_mut(place) {
            *words = Value::from("");
        }
    }
    fact
}

/// Forgets the failures of facts that name an account, parked or not; for the service that consumes them, when it erases the account.
/// Call it last in the transaction: consumers lock these rows after all others.
///
/// # Errors
///
/// What went wrong with the database.
pub async fn forget(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<()> {
    sqlx::query(
        "delete from fact_failures
         where $1 in (fact ->> 'actor', fact ->> 'target', fact ->> 'owner', fact ->> 'author', fact ->> 'account')",
    )
    .bind(account.to_string())
    .execute(connection)
    .await
    .map(drop)
}
