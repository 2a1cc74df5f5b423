use contracts::AccountId;
use serving::Result;
use sqlx::PgConnection;

/// Lets one transaction at a time change what is between two accounts. Always in the same order, so that two who block
/// each other at once wait and never deadlock; and so that their facts are told in the order in which they became true.
pub(crate) async fn lock_pair(connection: &mut PgConnection, one: AccountId, other: AccountId) -> Result<()> {
    let pair = format!("{}:{}", one.min(other), one.max(other));
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", pair).execute(connection).await?;
    Ok(())
}
