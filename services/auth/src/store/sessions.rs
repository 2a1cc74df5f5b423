use contracts::{AccountId, SessionId};
use jiff::Timestamp;
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};

/// Living sessions of one account.
pub(super) const MOST: i64 = 200;
/// Seconds after a session's last access token in which something may still go on that was begun with it: the token lives ten
/// minutes, and a stream of social an hour longer. Whatever ends later than this needs to be told to nobody.
pub(super) const LAST_USE: f64 = 90.0 * 60.0;

/// A session, its row locked until the transaction ends.
pub(crate) struct Session {
    pub(crate) account: AccountId,
    pub(crate) handle: String,
    pub(crate) roles: Vec<String>,
    /// The app that it is of, if it is not the platform's own.
    pub(crate) client_id: Option<String>,
    /// What the app may; empty without one.
    pub(crate) scope: String,
    pub(crate) secret: Vec<u8>,
    pub(crate) generation: i32,
    /// The current generation is younger than the grace for its predecessor.
    pub(crate) in_grace: bool,
    /// Neither ended nor expired.
    pub(crate) alive: bool,
    /// When it expires, in Unix seconds.
    pub(crate) expires_at: i64,
}

/// Ends the sessions of an account that were not used for the longest, so that no more than `most` live on; never `kept`.
pub(crate) async fn make_room(connection: &mut PgConnection, account: AccountId, kept: SessionId, most: i64) -> Result<()> {
    // Whoever has one of them just now goes on: sign-ins wait for nobody here, and never in a circle.
    let ended = sqlx::query!(
        "with unused as (
             select id from sessions where id = any(array(
                 select id from sessions where account_id = $1 and ended_at is null and expires_at > clock_timestamp()
                 order by id = $4 desc, rotated_at desc, id desc offset $2))
             for update skip locked
         ), ended as (
             update sessions set ended_at = clock_timestamp()
             where id = any(array(select id from unused)) and ended_at is null returning id, rotated_at
         )
         insert into revocations (session_id, expires_at)
         select id, now() + interval '15 minutes' from ended where rotated_at > clock_timestamp() - make_interval(secs => $3)
         on conflict do nothing",
        account as AccountId,
        most,
        LAST_USE,
        kept as SessionId,
    )
    .execute(&mut *connection)
    .await?;
    if ended.rows_affected() > 0 {
        tell(connection).await?;
    }
    Ok(())
}

/// Finds and locks a session. `grace` is in seconds.
pub(crate) async fn lock(connection: &mut PgConnection, id: SessionId, grace: f64) -> Result<Option<Session>> {
    Ok(sqlx::query_as!(
        Session,
        r#"select account_id as "account: AccountId", accounts.handle, accounts.roles, client_id, scope, secret, generation,
               rotated_at > clock_timestamp() - make_interval(secs => $2) as "in_grace!",
               ended_at is null and expires_at > clock_timestamp() as "alive!",
               floor(extract(epoch from expires_at))::bigint as "expires_at!"
           from sessions join accounts on accounts.id = account_id
           where sessions.id = $1 for update of sessions"#,
        id as SessionId,
        grace,
    )
    .fetch_optional(connection)
    .await?)
}

pub(crate) async fn rotate(connection: &mut PgConnection, id: SessionId) -> Result<()> {
    sqlx::query!("update sessions set generation = generation + 1, rotated_at = clock_timestamp() where id = $1", id as SessionId)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that a session is in use which has no tokens of its own to rotate, such as a browser's. Once an hour is enough.
pub(crate) async fn used(connection: &mut PgConnection, id: SessionId) -> Result<()> {
    // Whoever has it just now goes on: a code of it may be redeemed at the same time.
    sqlx::query!(
        "update sessions set rotated_at = clock_timestamp()
         where id in (select id from sessions where id = $1 and rotated_at < clock_timestamp() - interval '1 hour'
                      for no key update skip locked)",
        id as SessionId,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a session, and tells every service that its access tokens are worth nothing from now on. Was it alive?
pub(crate) async fn end(connection: &mut PgConnection, id: SessionId) -> Result<bool> {
    let ended = sqlx::query!("update sessions set ended_at = clock_timestamp() where id = $1 and ended_at is null", id as SessionId)
        .execute(&mut *connection)
        .await?;
    // Kept a little longer than the longest life of an access token, whatever the clocks say. Tokens of apps for themselves
    // have an id and no session.
    sqlx::query!(
        "insert into revocations (session_id, expires_at)
         select $1::bigint, now() + interval '15 minutes'
         where not exists (select from sessions where id = $1 and rotated_at <= clock_timestamp() - make_interval(secs => $2))
         on conflict do nothing",
        id as SessionId,
        LAST_USE,
    )
    .execute(&mut *connection)
    .await?;
    tell(connection).await?;
    Ok(ended.rows_affected() > 0)
}

/// Ends every session of an account but this one, likewise; says how many. Take the lock of the account first: then none
/// can begin meanwhile.
pub(crate) async fn end_all(connection: &mut PgConnection, account: AccountId, but: Option<SessionId>) -> sqlx::Result<i64> {
    let ended = sqlx::query_scalar!(
        r#"with ended as (
             update sessions set ended_at = clock_timestamp()
             where account_id = $1 and ended_at is null and id is distinct from $2 returning id, rotated_at
         ), told as (
             insert into revocations (session_id, expires_at)
             select id, now() + interval '15 minutes' from ended where rotated_at > clock_timestamp() - make_interval(secs => $3)
             on conflict do nothing
         )
         select count(*) as "ended!" from ended"#,
        account as AccountId,
        but as Option<SessionId>,
        LAST_USE,
    )
    .fetch_one(&mut *connection)
    .await?;
    tell(connection).await?;
    Ok(ended)
}

/// Hints to every service that there are new revocations, once the transaction commits.
pub(super) async fn tell(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("select pg_notify($1, '')", identity::REVOCATIONS_CHANNEL).execute(connection).await?;
    Ok(())
}

/// Was it ended before its tokens expired?
pub(crate) async fn is_revoked(pool: &PgPool, id: SessionId) -> Result<bool> {
    let revoked = sqlx::query_scalar!(r#"select exists (select from revocations where session_id = $1) as "revoked!""#, id as SessionId);
    Ok(revoked.fetch_one(pool).await?)
}

/// A session in its owner's list.
pub(crate) struct Listed {
    pub(crate) id: SessionId,
    pub(crate) name: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) rotated_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// `query_as!` of [`Listed`], given what comes after `from`.
macro_rules! select_listed {
    ($rest:tt, $($argument:tt)*) => {
        sqlx::query_as!(
            Listed,
            r#"select id as "id: SessionId", name, user_agent, client_id, created_at, rotated_at, expires_at from sessions "# + $rest,
            $($argument)*
        )
    };
}

/// The living sessions of an account, in the order of the page and one more than it holds.
pub(crate) async fn list(pool: &PgPool, account: AccountId, page: &Page) -> Result<Vec<Listed>> {
    let listed = if let Some(after) = page.after() {
        select_listed!(
            "where account_id = $1 and ended_at is null and expires_at > clock_timestamp() and id > $2 order by id limit $3",
            account as AccountId,
            after,
            page.limit + 1
        )
        .fetch_all(pool)
        .await?
    } else {
        select_listed!(
            "where account_id = $1 and ended_at is null and expires_at > clock_timestamp() and id < $2
             order by id desc limit $3",
            account as AccountId,
            page.before(),
            page.limit + 1
        )
        .fetch_all(pool)
        .await?
    };
    Ok(listed)
}

/// Names a living session of an account; `None` if there is no such one.
pub(crate) async fn rename(pool: &PgPool, account: AccountId, id: SessionId, name: Option<&str>) -> Result<Option<Listed>> {
    Ok(sqlx::query_as!(
        Listed,
        r#"update sessions set name = $3 where id = $1 and account_id = $2 and ended_at is null and expires_at > clock_timestamp()
           returning id as "id: SessionId", name, user_agent, client_id, created_at, rotated_at, expires_at"#,
        id as SessionId,
        account as AccountId,
        name,
    )
    .fetch_optional(pool)
    .await?)
}

/// Is it a living session of this account?
pub(crate) async fn is_of(connection: &mut PgConnection, id: SessionId, account: AccountId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from sessions where id = $1 and account_id = $2 and ended_at is null
                              and expires_at > clock_timestamp()) as "is!""#,
        id as SessionId,
        account as AccountId,
    )
    .fetch_one(connection)
    .await?)
}

/// Is it one of the newest sessions of this account that are of no app? Those that have ended within a day are among them: as
/// long as what is tried in one is counted, no other takes its place because it ends.
pub(crate) async fn is_among_newest(pool: &PgPool, account: AccountId, id: SessionId, most: i64) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select $2::bigint = any(array(
               select id from sessions where account_id = $1 and client_id is null order by created_at desc, id desc limit $3)) as "is!""#,
        account as AccountId,
        id as SessionId,
        most,
    )
    .fetch_one(pool)
    .await?)
}

/// Deletes sessions and revocations that can no longer matter.
pub(crate) async fn delete_expired(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from revocations where expires_at < now() - interval '1 minute'").execute(pool).await?;
    sqlx::query!("delete from sessions where expires_at < now() or ended_at < now() - interval '1 day'").execute(pool).await?;
    Ok(())
}
