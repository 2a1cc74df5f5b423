use serving::Result;
use sqlx::PgPool;

/// Seconds between a key's publication and its first signature: longer than anybody keeps the set of keys.
const AHEAD: f64 = 600.0;
/// Seconds for which a key stays published after its successor took over: the last token that it signed has expired by then.
const BEHIND: f64 = 1200.0;

pub(crate) struct SealedKey {
    pub(crate) kid: String,
    pub(crate) private_key: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
}

pub(crate) struct Known {
    pub(crate) kid: String,
    pub(crate) private_key: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
    /// Its time to sign has come.
    pub(crate) signs: bool,
}

/// All keys, the newest first.
pub(crate) async fn all(pool: &PgPool) -> Result<Vec<Known>> {
    Ok(sqlx::query_as!(
        Known,
        r#"select kid, private_key, public_key, signs_from <= clock_timestamp() as "signs!" from signing_keys order by signs_from desc, kid"#,
    )
    .fetch_all(pool)
    .await?)
}

/// Is it time for the next key? `life` is how many seconds a key signs.
pub(crate) async fn is_due(pool: &PgPool, life: f64) -> Result<bool> {
    let due = sqlx::query_scalar!(
        r#"select not exists (select from signing_keys where signs_from > clock_timestamp() - make_interval(secs => $1)) as "due!""#,
        life - AHEAD,
    );
    Ok(due.fetch_one(pool).await?)
}

/// Adds the next key, if there is still none. Of replicas that try at the same time, one does. The very first signs at
/// once: there is nobody who could know another.
pub(crate) async fn insert_next(pool: &PgPool, key: &SealedKey, life: f64) -> Result<()> {
    let mut tx = pool.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock(hashtext('auth.signing_keys'))").execute(&mut *tx).await?;
    sqlx::query!(
        "insert into signing_keys (kid, private_key, public_key, signs_from)
         select $1, $2, $3,
             case when exists (select from signing_keys) then clock_timestamp() + make_interval(secs => $4) else clock_timestamp() end
         where not exists (select from signing_keys where signs_from > clock_timestamp() - make_interval(secs => $5))",
        key.kid,
        key.private_key,
        key.public_key,
        AHEAD,
        life - AHEAD,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Adds a key that signs at once, because none of these opens; unless there is another one by now. One that waits for its time
/// does not open either, and has signed nothing: it goes.
pub(crate) async fn insert_at_once(pool: &PgPool, key: &SealedKey, none_of: &[Known]) -> Result<()> {
    let none_of: Vec<String> = none_of.iter().map(|known| known.kid.clone()).collect();
    let mut tx = pool.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock(hashtext('auth.signing_keys'))").execute(&mut *tx).await?;
    sqlx::query!("delete from signing_keys where signs_from > clock_timestamp() and kid = any ($1)", &none_of[..])
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "insert into signing_keys (kid, private_key, public_key, signs_from) select $1, $2, $3, clock_timestamp()
         where not exists (select from signing_keys where kid <> all ($4))",
        key.kid,
        key.private_key,
        key.public_key,
        &none_of[..],
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Forgets keys whose last token has expired.
pub(crate) async fn delete_retired(pool: &PgPool) -> Result<()> {
    sqlx::query!(
        "delete from signing_keys old where exists (
             select from signing_keys next
             where next.signs_from > old.signs_from and next.signs_from < clock_timestamp() - make_interval(secs => $1))",
        BEHIND,
    )
    .execute(pool)
    .await?;
    Ok(())
}
