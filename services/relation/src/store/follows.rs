use contracts::AccountId;
use serving::Result;
use sqlx::PgConnection;

/// Does `actor` follow `target`, be it withheld?
pub(crate) async fn exists(connection: &mut PgConnection, actor: AccountId, target: AccountId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from follows where actor = $1 and target = $2) as "exists!""#,
        actor as AccountId,
        target as AccountId,
    )
    .fetch_one(connection)
    .await?)
}

/// Does `actor` follow `target`, and may `target` know?
pub(crate) async fn is_known(connection: &mut PgConnection, actor: AccountId, target: AccountId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from follows where actor = $1 and target = $2 and not withheld) as "exists!""#,
        actor as AccountId,
        target as AccountId,
    )
    .fetch_one(connection)
    .await?)
}

/// Follows, which was not so before.
pub(crate) async fn insert(connection: &mut PgConnection, actor: AccountId, target: AccountId, withheld: bool) -> Result<()> {
    sqlx::query!("insert into follows (actor, target, withheld) values ($1, $2, $3)", actor as AccountId, target as AccountId, withheld,)
        .execute(connection)
        .await?;
    Ok(())
}

/// Unfollows; says whether it was withheld, `None` if there was nothing to undo.
pub(crate) async fn delete(connection: &mut PgConnection, actor: AccountId, target: AccountId) -> Result<Option<bool>> {
    Ok(sqlx::query_scalar!(
        "delete from follows where actor = $1 and target = $2 returning withheld",
        actor as AccountId,
        target as AccountId,
    )
    .fetch_optional(connection)
    .await?)
}
