use contracts::{AccountId, SessionId};
use serving::Result;
use sqlx::PgPool;

/// A session of a browser that is open at our pages.
pub(crate) struct Browser {
    pub(crate) session: SessionId,
    pub(crate) account: AccountId,
    pub(crate) handle: String,
    pub(crate) roles: Vec<String>,
    pub(crate) secret: Vec<u8>,
    /// Seconds since its owner proved who they are.
    pub(crate) age: i64,
}

/// A living session of the platform's own.
pub(crate) async fn find(pool: &PgPool, id: SessionId) -> Result<Option<Browser>> {
    Ok(sqlx::query_as!(
        Browser,
        r#"select sessions.id as "session: SessionId", account_id as "account: AccountId", accounts.handle, accounts.roles, secret,
               extract(epoch from clock_timestamp() - sessions.created_at)::bigint as "age!"
           from sessions join accounts on accounts.id = account_id
           where sessions.id = $1 and client_id is null and ended_at is null and expires_at > clock_timestamp()"#,
        id as SessionId,
    )
    .fetch_optional(pool)
    .await?)
}
