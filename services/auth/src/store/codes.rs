use contracts::{AccountId, SessionId};
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// What is granted with a code.
pub(crate) struct NewCode<'a> {
    pub(crate) hash: &'a [u8],
    pub(crate) client_id: &'a str,
    pub(crate) account: AccountId,
    pub(crate) granted_in: SessionId,
    pub(crate) redirect_uri: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) challenge: &'a str,
    pub(crate) nonce: Option<&'a str>,
}

/// A code, its row locked until the transaction ends.
pub(crate) struct Code {
    pub(crate) client_id: String,
    pub(crate) account: AccountId,
    pub(crate) granted_in: SessionId,
    pub(crate) handle: String,
    pub(crate) roles: Vec<String>,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) challenge: String,
    pub(crate) nonce: Option<String>,
    /// When its account signed in, in Unix seconds.
    pub(crate) signed_in_at: i64,
    /// What it gave.
    pub(crate) session: Option<SessionId>,
    /// Not expired, its account may sign in, and the sign-in in which it was granted goes on.
    pub(crate) alive: bool,
}

pub(crate) async fn insert(connection: &mut PgConnection, code: &NewCode<'_>) -> Result<()> {
    sqlx::query!(
        "insert into codes (hash, client_id, account_id, granted_in, redirect_uri, scope, challenge, nonce)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        code.hash,
        code.client_id,
        code.account as AccountId,
        code.granted_in as SessionId,
        code.redirect_uri,
        code.scope,
        code.challenge,
        code.nonce,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Finds and locks a code. Whatever would end the account's sessions waits until the transaction ends: the account is held
/// first, as everybody does who ends them.
pub(crate) async fn lock(connection: &mut PgConnection, hash: &[u8]) -> Result<Option<Code>> {
    Ok(sqlx::query_as!(
        Code,
        r#"select codes.client_id, codes.account_id as "account: AccountId", granted_in as "granted_in: SessionId", accounts.handle,
               accounts.roles, redirect_uri, codes.scope, challenge, nonce,
               extract(epoch from sessions.created_at)::bigint as "signed_in_at!", session_id as "session: SessionId",
               codes.expires_at > clock_timestamp() and sessions.ended_at is null and accounts.state = 'Active' as "alive!"
           from codes join sessions on sessions.id = granted_in join accounts on accounts.id = codes.account_id
           where hash = $1 for share of accounts for update of codes for share of sessions"#,
        hash,
    )
    .fetch_optional(connection)
    .await?)
}

/// Notes what a code gave.
pub(crate) async fn redeemed(connection: &mut PgConnection, hash: &[u8], session: SessionId) -> Result<()> {
    sqlx::query!("update codes set session_id = $2 where hash = $1", hash, session as SessionId).execute(connection).await?;
    Ok(())
}

/// Deletes codes that are long past. Until then, using one again takes away what it gave.
pub(crate) async fn delete_expired(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from codes where expires_at < now() - interval '1 day'").execute(pool).await?;
    Ok(())
}
