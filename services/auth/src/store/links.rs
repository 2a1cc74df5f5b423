use contracts::AccountId;
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// What a link is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    PasswordReset,
    EmailVerification,
}

impl Purpose {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PasswordReset => "PasswordReset",
            Self::EmailVerification => "EmailVerification",
        }
    }
}

pub(crate) struct Link {
    /// Where it was sent.
    pub(crate) email: String,
}

/// Keeps a link for so many seconds. Doing it again changes nothing, not even once the link was used. Is it a new one?
pub(crate) async fn insert(
    connection: &mut PgConnection,
    token_hash: &[u8],
    purpose: Purpose,
    account: AccountId,
    email: &str,
    seconds: f64,
) -> Result<bool> {
    let kept = sqlx::query!(
        "insert into links (token_hash, purpose, account_id, email, expires_at)
         values ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5)) on conflict on constraint links_pkey do nothing",
        token_hash,
        purpose.name(),
        account as AccountId,
        email,
        seconds,
    )
    .execute(connection)
    .await?;
    Ok(kept.rows_affected() > 0)
}

/// Links of an account of one purpose that were good within a day, those that were used among them.
pub(crate) async fn count(connection: &mut PgConnection, account: AccountId, purpose: Purpose) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from links
           where account_id = $1 and purpose = $2 and expires_at > clock_timestamp() - interval '1 day'"#,
        account as AccountId,
        purpose.name(),
    )
    .fetch_one(connection)
    .await?)
}

/// Whose the link is, if it is good; it stays so.
pub(crate) async fn find(pool: &PgPool, token_hash: &[u8], purpose: Purpose) -> Result<Option<AccountId>> {
    Ok(sqlx::query_scalar!(
        r#"select account_id as "account: AccountId" from links where token_hash = $1 and purpose = $2 and expires_at > clock_timestamp()"#,
        token_hash,
        purpose.name(),
    )
    .fetch_optional(pool)
    .await?)
}

/// Uses the link up. Of two who use it at once, one finds it. Its row stays for a while, so that a letter that is written once
/// more makes no second one of it.
pub(crate) async fn take(connection: &mut PgConnection, token_hash: &[u8], purpose: Purpose) -> Result<Option<Link>> {
    Ok(sqlx::query_as!(
        Link,
        "update links set expires_at = now() where token_hash = $1 and purpose = $2 and expires_at > clock_timestamp() returning email",
        token_hash,
        purpose.name(),
    )
    .fetch_optional(connection)
    .await?)
}

/// Makes all links of an account of one purpose worthless. Their rows stay likewise.
pub(crate) async fn delete_all(connection: &mut PgConnection, account: AccountId, purpose: Purpose) -> Result<()> {
    sqlx::query!(
        "update links set expires_at = now() where account_id = $1 and purpose = $2 and expires_at > now()",
        account as AccountId,
        purpose.name(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes those whose time has been over for so long that no letter with them is written any more.
pub(crate) async fn delete_old(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from links where expires_at < now() - interval '1 day'").execute(pool).await?;
    Ok(())
}
