use serving::Result;
use sqlx::PgPool;

pub(crate) struct Counted {
    pub(crate) count: i32,
    /// Seconds until counting begins anew.
    pub(crate) wait: f64,
}

/// Counts one more; what was counted longer than `seconds` ago is forgotten.
pub(crate) async fn count(pool: &PgPool, kind: &str, place: i32, seconds: f64) -> Result<Counted> {
    Ok(sqlx::query_as!(
        Counted,
        r#"insert into attempts as known (kind, place, count, until) values ($1, $2, 1, now() + make_interval(secs => $3))
           on conflict on constraint attempts_pkey do update
           set count = case when known.until > now() then least(known.count, 1000000) + 1 else 1 end,
               until = case when known.until > now() then known.until else excluded.until end
           returning count as "count!", extract(epoch from until - now())::float8 as "wait!""#,
        kind,
        place,
        seconds,
    )
    .fetch_one(pool)
    .await?)
}

pub(crate) async fn give_back(pool: &PgPool, kind: &str, place: i32) -> Result<()> {
    sqlx::query!("update attempts set count = count - 1 where kind = $1 and place = $2 and count > 0", kind, place).execute(pool).await?;
    Ok(())
}

pub(crate) async fn forget(pool: &PgPool, kind: &str, place: i32) -> Result<()> {
    sqlx::query!("delete from attempts where kind = $1 and place = $2", kind, place).execute(pool).await?;
    Ok(())
}

/// Deletes what counts no more.
pub(crate) async fn delete_old(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from attempts where until < now()").execute(pool).await?;
    Ok(())
}
