use contracts::AccountId;
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// Which of two blocks the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks {
    pub(crate) blocking: bool,
    pub(crate) blocked_by: bool,
}

pub(crate) async fn between(connection: &mut PgConnection, actor: AccountId, target: AccountId) -> Result<Blocks> {
    Ok(sqlx::query_as!(
        Blocks,
        r#"select exists (select from blocks where actor = $1 and target = $2) as "blocking!",
               exists (select from blocks where actor = $2 and target = $1) as "blocked_by!""#,
        actor as AccountId,
        target as AccountId,
    )
    .fetch_one(connection)
    .await?)
}

/// Must `other` be kept from the viewer: is `other` hidden from everybody, or does either of the two block the other?
pub(crate) async fn severed(pool: &PgPool, viewer: Option<AccountId>, other: AccountId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select is_hidden($2)
               or exists (select from blocks where actor = $1 and target = $2)
               or exists (select from blocks where actor = $2 and target = $1) as "severed!""#,
        viewer as Option<AccountId>,
        other as AccountId,
    )
    .fetch_one(pool)
    .await?)
}

/// May `actor` block `target`: do they already, or block fewer than `most`?
pub(crate) async fn has_room(connection: &mut PgConnection, actor: AccountId, target: AccountId, most: i64) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from blocks where actor = $1 and target = $2)
               or (select count(*) from (select from blocks where actor = $1 limit $3) counted) < $3 as "room!""#,
        actor as AccountId,
        target as AccountId,
        most,
    )
    .fetch_one(connection)
    .await?)
}

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
