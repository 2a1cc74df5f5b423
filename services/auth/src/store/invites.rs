use contracts::AccountId;
use jiff::Timestamp;
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};

pub(crate) struct Invite {
    pub(crate) id: i64,
    pub(crate) uses: i32,
    pub(crate) most_uses: i32,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// Makes an invite that is good for so many days.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    code_hash: &[u8],
    made_by: AccountId,
    most_uses: i32,
    days: i32,
) -> Result<Invite> {
    Ok(sqlx::query_as!(
        Invite,
        "insert into invites (code_hash, made_by, most_uses, expires_at)
         values ($1, $2, $3, clock_timestamp() + make_interval(days => $4)) returning id, uses, most_uses, created_at, expires_at",
        code_hash,
        made_by as AccountId,
        most_uses,
        days,
    )
    .fetch_one(connection)
    .await?)
}

/// How many invites of somebody can still be used.
pub(crate) async fn open(connection: &mut PgConnection, made_by: AccountId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from invites where made_by = $1 and uses < most_uses and expires_at > clock_timestamp()"#,
        made_by as AccountId,
    )
    .fetch_one(connection)
    .await?)
}

/// Uses an invite once; says whose it is. However many use it at once, no more than it is good for find it. One of somebody
/// who may not sign in is good for nothing.
pub(crate) async fn take(connection: &mut PgConnection, code_hash: &[u8]) -> Result<Option<AccountId>> {
    Ok(sqlx::query_scalar!(
        r#"update invites set uses = uses + 1 from accounts
           where code_hash = $1 and uses < most_uses and invites.expires_at > clock_timestamp()
               and accounts.id = made_by and accounts.state = 'Active'
           returning made_by as "made_by: AccountId""#,
        code_hash,
    )
    .fetch_optional(connection)
    .await?)
}

/// The invites of somebody, in the order of the page and one more than it holds.
pub(crate) async fn list(pool: &PgPool, made_by: AccountId, page: &Page) -> Result<Vec<Invite>> {
    let listed = if let Some(after) = page.after() {
        sqlx::query_as!(
            Invite,
            "select id, uses, most_uses, created_at, expires_at from invites where made_by = $1 and id > $2 order by id limit $3",
            made_by as AccountId,
            after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_as!(
            Invite,
            "select id, uses, most_uses, created_at, expires_at from invites where made_by = $1 and id < $2
             order by id desc limit $3",
            made_by as AccountId,
            page.before(),
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(listed)
}

/// Takes an invite back; `false` if there is no such one of theirs.
pub(crate) async fn delete(connection: &mut PgConnection, made_by: AccountId, id: i64) -> Result<bool> {
    let deleted = sqlx::query!("delete from invites where id = $1 and made_by = $2", id, made_by as AccountId).execute(connection).await?;
    Ok(deleted.rows_affected() > 0)
}

/// Deletes those whose time has been over for a month.
pub(crate) async fn delete_old(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from invites where expires_at < now() - interval '30 days'").execute(pool).await?;
    Ok(())
}
