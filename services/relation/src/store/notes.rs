use contracts::AccountId;
use serving::Result;
use sqlx::PgPool;

/// May `author` note something of `target`: have they already, or of fewer than `most`?
pub(crate) async fn has_room(pool: &PgPool, author: AccountId, target: AccountId, most: i64) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from notes where author = $1 and target = $2)
               or (select count(*) from (select from notes where author = $1 limit $3) counted) < $3 as "room!""#,
        author as AccountId,
        target as AccountId,
        most,
    )
    .fetch_one(pool)
    .await?)
}

pub(crate) async fn set(pool: &PgPool, author: AccountId, target: AccountId, text: &str) -> Result<()> {
    sqlx::query!(
        "insert into notes (author, target, text) select $1::bigint, $2::bigint, $3::text where not is_gone($1) and not is_gone($2)
         on conflict (author, target) do update set text = excluded.text",
        author as AccountId,
        target as AccountId,
        text,
    )
    .execute(pool)
    .await?;
    Ok(())
}

pub(crate) async fn delete(pool: &PgPool, author: AccountId, target: AccountId) -> Result<()> {
    sqlx::query!("delete from notes where author = $1 and target = $2", author as AccountId, target as AccountId).execute(pool).await?;
    Ok(())
}
