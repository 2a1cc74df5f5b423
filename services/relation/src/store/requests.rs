use contracts::AccountId;
use serving::Result;
use sqlx::PgConnection;

/// Asks to follow; `false` if that was so before.
pub(crate) async fn insert(connection: &mut PgConnection, actor: AccountId, target: AccountId, withheld: bool) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into follow_requests (actor, target, withheld) values ($1, $2, $3) on conflict do nothing",
        actor as AccountId,
        target as AccountId,
        withheld,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() > 0)
}

/// Takes a request away; says whether it was withheld, `None` if there was none.
pub(crate) async fn delete(connection: &mut PgConnection, actor: AccountId, target: AccountId) -> Result<Option<bool>> {
    Ok(sqlx::query_scalar!(
        "delete from follow_requests where actor = $1 and target = $2 returning withheld",
        actor as AccountId,
        target as AccountId,
    )
    .fetch_optional(connection)
    .await?)
}

/// Takes a request away that its target knows of; `false` if there was none.
pub(crate) async fn take(connection: &mut PgConnection, actor: AccountId, target: AccountId) -> Result<bool> {
    let taken = sqlx::query!(
        "delete from follow_requests where actor = $1 and target = $2 and not withheld",
        actor as AccountId,
        target as AccountId,
    )
    .execute(connection)
    .await?;
    Ok(taken.rows_affected() > 0)
}
