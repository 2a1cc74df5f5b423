use contracts::{AccountId, SessionId};
use jiff::Timestamp;
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};

/// A copy of all that is somebody's, that can be downloaded.
pub(crate) struct Export {
    pub(crate) id: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// When a download of it last came to its end.
    pub(crate) fetched_at: Option<jiff_sqlx::Timestamp>,
}

/// `query_as!` of an [`Export`] that can still be downloaded, given what comes after the condition on whose it is, `$1`.
macro_rules! select_exports {
    ($rest:tt, $($argument:tt)*) => {
        sqlx::query_as!(
            Export,
            "select id, created_at, expires_at, fetched_at from exports where account_id = $1 and expires_at > clock_timestamp() " + $rest,
            $($argument)*
        )
    };
}

pub(crate) async fn insert(connection: &mut PgConnection, account: AccountId) -> Result<Export> {
    Ok(sqlx::query_as!(
        Export,
        "insert into exports (account_id) values ($1) returning id, created_at, expires_at, fetched_at",
        account as AccountId,
    )
    .fetch_one(connection)
    .await?)
}

/// How many of somebody's can still be downloaded.
pub(crate) async fn open(connection: &mut PgConnection, account: AccountId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from exports where account_id = $1 and expires_at > clock_timestamp()"#,
        account as AccountId,
    )
    .fetch_one(connection)
    .await?)
}

pub(crate) async fn find(pool: &PgPool, account: AccountId, id: i64) -> Result<Option<Export>> {
    Ok(select_exports!("and id = $2", account as AccountId, id).fetch_optional(pool).await?)
}

/// Those of somebody, in the order of the page and one more than it holds.
pub(crate) async fn list(pool: &PgPool, account: AccountId, page: &Page) -> Result<Vec<Export>> {
    let listed = if let Some(after) = page.after() {
        select_exports!("and id > $2 order by id limit $3", account as AccountId, after, page.limit + 1).fetch_all(pool).await?
    } else {
        select_exports!("and id < $2 order by id desc limit $3", account as AccountId, page.before(), page.limit + 1)
            .fetch_all(pool)
            .await?
    };
    Ok(listed)
}

/// Claims the download of one for two minutes; `false` if another of the same account is going on. Take the lock of the
/// account first.
pub(crate) async fn claim(connection: &mut PgConnection, account: AccountId, id: i64) -> Result<bool> {
    let claimed = sqlx::query!(
        "update exports set busy_until = clock_timestamp() + interval '2 minutes'
         where id = $2 and account_id = $1
             and not exists (select from exports others where others.account_id = $1 and others.busy_until > clock_timestamp())",
        account as AccountId,
        id,
    )
    .execute(connection)
    .await?;
    Ok(claimed.rows_affected() > 0)
}

/// Claims it for two minutes more; `false` if the session in which it is downloaded was ended, or nothing is left of the account.
/// A download may last longer than it is known elsewhere that a session has ended.
pub(crate) async fn go_on(pool: &PgPool, id: i64, session: SessionId) -> sqlx::Result<bool> {
    let claimed = sqlx::query!(
        "update exports set busy_until = clock_timestamp() + interval '2 minutes'
         where id = $1 and not exists (select from sessions where sessions.id = $2 and ended_at is not null)",
        id,
        session as SessionId,
    )
    .execute(pool)
    .await?;
    Ok(claimed.rows_affected() > 0)
}

/// Gives the claim back. `whole`: the download came to its end.
pub(crate) async fn give_back(pool: &PgPool, id: i64, whole: bool) -> sqlx::Result<()> {
    sqlx::query!(
        "update exports set busy_until = null, fetched_at = case when $2 then clock_timestamp() else fetched_at end where id = $1",
        id,
        whole,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Deletes those whose time is over, unless they are being downloaded.
pub(crate) async fn delete_old(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from exports where expires_at < now() and (busy_until is null or busy_until < now())").execute(pool).await?;
    Ok(())
}
