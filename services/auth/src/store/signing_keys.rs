use serving::Result;
use sqlx::PgPool;

pub(crate) struct SealedKey {
    pub(crate) kid: String,
    pub(crate) private_key: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
}

/// All keys, the newest first.
pub(crate) async fn all(pool: &PgPool) -> Result<Vec<SealedKey>> {
    Ok(sqlx::query_as!(SealedKey, "select kid, private_key, public_key from signing_keys order by created_at desc").fetch_all(pool).await?)
}

/// Adds the first key. Of replicas that start at the same time, one makes it.
pub(crate) async fn insert_first(pool: &PgPool, key: &SealedKey) -> Result<()> {
    let mut tx = pool.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock(hashtext('auth.signing_keys'))").execute(&mut *tx).await?;
    sqlx::query!(
        "insert into signing_keys (kid, private_key, public_key) select $1, $2, $3 where not exists (select from signing_keys)",
        key.kid,
        key.private_key,
        key.public_key,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}
