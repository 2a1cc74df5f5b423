use contracts::AccountId;
use serving::Result;
use sqlx::PgPool;

pub(crate) async fn set(pool: &PgPool, author: AccountId, target: AccountId, text: &str) -> Result<()> {
    sqlx::query!(
        "insert into notes (author, target, text) values ($1, $2, $3) on conflict (author, target) do update set text = excluded.text",
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
