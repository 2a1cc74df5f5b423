use std::error::Error;

use contracts::Service;
use sqlx::PgConnection;
use tracing::Span;

use crate::told::Told;

/// A fact that fails this often is parked.
const ATTEMPTS: i32 = 10;

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
    .bind(&told.fact)
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
