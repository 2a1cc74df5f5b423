use contracts::{AccountId, SessionId};
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// A session, its row locked until the transaction ends.
pub(crate) struct Session {
    pub(crate) account: AccountId,
    pub(crate) handle: String,
    pub(crate) secret: Vec<u8>,
    pub(crate) generation: i32,
    /// The current generation is younger than the grace for its predecessor.
    pub(crate) in_grace: bool,
    /// Neither ended nor expired.
    pub(crate) alive: bool,
}

pub(crate) async fn insert(connection: &mut PgConnection, account: AccountId, secret: &[u8]) -> Result<SessionId> {
    let id = sqlx::query_scalar!(
        r#"insert into sessions (account_id, secret) values ($1, $2) returning id as "id: SessionId""#,
        account as AccountId,
        secret,
    )
    .fetch_one(connection)
    .await?;
    Ok(id)
}

/// Finds and locks a session. `grace` is in seconds.
pub(crate) async fn lock(connection: &mut PgConnection, id: SessionId, grace: f64) -> Result<Option<Session>> {
    Ok(sqlx::query_as!(
        Session,
        r#"select account_id as "account: AccountId", accounts.handle, secret, generation,
               rotated_at > clock_timestamp() - make_interval(secs => $2) as "in_grace!",
               ended_at is null and expires_at > clock_timestamp() as "alive!"
           from sessions join accounts on accounts.id = account_id
           where sessions.id = $1 for update of sessions"#,
        id as SessionId,
        grace,
    )
    .fetch_optional(connection)
    .await?)
}

pub(crate) async fn rotate(connection: &mut PgConnection, id: SessionId) -> Result<()> {
    sqlx::query!("update sessions set generation = generation + 1, rotated_at = clock_timestamp() where id = $1", id as SessionId)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends a session, and tells every service that its access tokens are worth nothing from now on.
pub(crate) async fn end(connection: &mut PgConnection, id: SessionId) -> Result<()> {
    sqlx::query!("update sessions set ended_at = clock_timestamp() where id = $1 and ended_at is null", id as SessionId)
        .execute(&mut *connection)
        .await?;
    // Kept a little longer than the longest life of an access token, whatever the clocks say.
    sqlx::query!(
        "insert into revocations (session_id, expires_at) values ($1, now() + interval '15 minutes') on conflict do nothing",
        id as SessionId,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("select pg_notify($1, '')", identity::REVOCATIONS_CHANNEL).execute(connection).await?;
    Ok(())
}

/// Deletes sessions and revocations that can no longer matter.
pub(crate) async fn delete_expired(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from revocations where expires_at < now() - interval '1 minute'").execute(pool).await?;
    sqlx::query!("delete from sessions where expires_at < now() or ended_at < now() - interval '1 day'").execute(pool).await?;
    Ok(())
}
