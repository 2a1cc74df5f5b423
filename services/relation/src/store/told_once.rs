use contracts::AccountId;
use serving::Result;
use sqlx::PgPool;

/// A block that is told.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    pub(crate) actor: AccountId,
    pub(crate) target: AccountId,
}

/// Was this told?
pub(crate) async fn is_told(pool: &PgPool, what: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from told_once where what = $1) as "told!""#, what).fetch_one(pool).await?)
}

/// Notes that this was told.
pub(crate) async fn mark(pool: &PgPool, what: &str) -> Result<()> {
    sqlx::query!("insert into told_once (what) values ($1) on conflict do nothing", what).execute(pool).await?;
    Ok(())
}

/// Some of all blocks, those after one of them.
pub(crate) async fn blocks_after(pool: &PgPool, after: Block, most: i64) -> Result<Vec<Block>> {
    Ok(sqlx::query_as!(
        Block,
        r#"select actor as "actor: AccountId", target as "target: AccountId" from blocks
           where (actor, target) > ($1::bigint, $2::bigint) order by actor, target limit $3"#,
        after.actor as AccountId,
        after.target as AccountId,
        most,
    )
    .fetch_all(pool)
    .await?)
}
