use contracts::Service;
use sqlx::PgConnection;

use crate::told::Told;

/// A fact that fails this often is parked.
const ATTEMPTS: i32 = 10;

/// Why facts were not applied: the database refused, or the code panicked.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Counts that a fact could not be applied alone; `true` if that was once too often, and it is parked.
pub(crate) async fn count(connection: &mut PgConnection, producer: Service, told: &Told, error: &Failure) -> sqlx::Result<bool> {
    let attempts: i32 = sqlx::query_scalar(
        "insert into fact_failures (producer, position, fact, attempts, error) values ($1, $2, $3, 1, $4)
         on conflict (producer, position) do update set attempts = fact_failures.attempts + 1, error = excluded.error,
             parked_at = case when fact_failures.attempts + 1 >= $5 then now() end
         returning attempts",
    )
    .bind(producer.name())
    .bind(told.position)
    .bind(&told.fact)
    .bind(error.to_string())
    .bind(ATTEMPTS)
    .fetch_one(connection)
    .await?;
    let is_parked = attempts >= ATTEMPTS;
    if is_parked {
        tracing::error!(%error, producer = producer.name(), position = told.position, "parked a fact that failed {attempts} times");
    }
    Ok(is_parked)
}
