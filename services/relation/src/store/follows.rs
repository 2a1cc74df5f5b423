use contracts::AccountId;
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};

/// One row of a list of people.
pub(crate) struct Listed {
    pub(crate) id: i64,
    pub(crate) account: AccountId,
}

/// Follows; `false` if that was so before, `None` if one of the two blocks the other.
pub(crate) async fn insert(connection: &mut PgConnection, actor: AccountId, target: AccountId) -> Result<Option<bool>> {
    let blocked = sqlx::query_scalar!(
        r#"select exists (select from blocks where (actor = $1 and target = $2) or (actor = $2 and target = $1)) as "blocked!""#,
        actor as AccountId,
        target as AccountId,
    )
    .fetch_one(&mut *connection)
    .await?;
    if blocked {
        return Ok(None);
    }
    let inserted =
        sqlx::query!("insert into follows (actor, target) values ($1, $2) on conflict do nothing", actor as AccountId, target as AccountId)
            .execute(connection)
            .await?;
    Ok(Some(inserted.rows_affected() > 0))
}

/// Unfollows; `false` if there was nothing to undo.
pub(crate) async fn delete(connection: &mut PgConnection, actor: AccountId, target: AccountId) -> Result<bool> {
    let deleted = sqlx::query!("delete from follows where actor = $1 and target = $2", actor as AccountId, target as AccountId)
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected() > 0)
}

/// Who follows `target`, in the order of the page and one more than it holds.
pub(crate) async fn followers(pool: &PgPool, target: AccountId, page: &Page) -> Result<Vec<Listed>> {
    let listed = if page.ascending() {
        sqlx::query_as!(
            Listed,
            r#"select id, actor as "account: AccountId" from follows where target = $1 and id > $2 order by id limit $3"#,
            target as AccountId,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_as!(
            Listed,
            r#"select id, actor as "account: AccountId" from follows where target = $1 and id < $2 and id > $3 order by id desc limit $4"#,
            target as AccountId,
            page.before,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(listed)
}

/// Whom `actor` follows, in the order of the page and one more than it holds.
pub(crate) async fn following(pool: &PgPool, actor: AccountId, page: &Page) -> Result<Vec<Listed>> {
    let listed = if page.ascending() {
        sqlx::query_as!(
            Listed,
            r#"select id, target as "account: AccountId" from follows where actor = $1 and id > $2 order by id limit $3"#,
            actor as AccountId,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_as!(
            Listed,
            r#"select id, target as "account: AccountId" from follows where actor = $1 and id < $2 and id > $3 order by id desc limit $4"#,
            actor as AccountId,
            page.before,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(listed)
}
