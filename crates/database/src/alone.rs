use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};

/// The right to do something that one replica does at a time. It ends when this is dropped, and when the process does.
#[must_use = "it ends when it is dropped"]
pub struct Alone {
    _session: PoolConnection<Postgres>,
}

/// Takes the right to do `what`, for longer than a transaction may take; `None` while another replica has it. Until it is dropped, it
/// keeps a connection of the pool.
///
/// # Errors
///
/// What went wrong with the database.
pub async fn alone(pool: &PgPool, what: &str) -> sqlx::Result<Option<Alone>> {
    let mut connection = pool.acquire().await?;
    // The lock is the session's: the pool would give it to somebody else.
    connection.close_on_drop();
    let locked: bool =
        sqlx::query_scalar("select pg_try_advisory_lock(hashtext('alone'), hashtext($1))").bind(what).fetch_one(&mut *connection).await?;
    Ok(locked.then_some(Alone { _session: connection }))
}
