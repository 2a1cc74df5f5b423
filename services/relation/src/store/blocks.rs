use contracts::AccountId;
use serving::Result;
use sqlx::PgConnection;

/// Blocks; `false` if that was so before.
pub(crate) async fn insert(connection: &mut PgConnection, actor: AccountId, target: AccountId) -> Result<bool> {
    let inserted =
        sqlx::query!("insert into blocks (actor, target) values ($1, $2) on conflict do nothing", actor as AccountId, target as AccountId)
            .execute(connection)
            .await?;
    Ok(inserted.rows_affected() > 0)
}

/// Unblocks; `false` if there was nothing to undo.
pub(crate) async fn delete(connection: &mut PgConnection, actor: AccountId, target: AccountId) -> Result<bool> {
    let deleted = sqlx::query!("delete from blocks where actor = $1 and target = $2", actor as AccountId, target as AccountId)
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected() > 0)
}

pub(crate) async fn exists(connection: &mut PgConnection, actor: AccountId, target: AccountId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from blocks where actor = $1 and target = $2) as "exists!""#,
        actor as AccountId,
        target as AccountId,
    )
    .fetch_one(connection)
    .await?)
}
