use contracts::AccountId;
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// Somebody with whom an erased account still has something.
pub(crate) async fn somebody(pool: &PgPool, account: AccountId) -> Result<Option<AccountId>> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(
               (select target from follows where actor = $1 limit 1),
               (select actor from follows where target = $1 limit 1),
               (select target from follow_requests where actor = $1 limit 1),
               (select actor from follow_requests where target = $1 limit 1),
               (select high from friendships where low = $1 limit 1),
               (select low from friendships where high = $1 limit 1),
               (select high from likes where low = $1 limit 1),
               (select low from likes where high = $1 limit 1),
               (select target from blocks where actor = $1 limit 1),
               (select actor from blocks where target = $1 limit 1),
               (select target from mutes where actor = $1 limit 1),
               (select actor from mutes where target = $1 limit 1),
               (select target from notes where author = $1 limit 1),
               (select author from notes where target = $1 limit 1),
               (select suggested from dismissals where owner = $1 limit 1),
               (select owner from dismissals where suggested = $1 limit 1),
               (select owner from suggestions where suggested = $1 and owner <> $1 limit 1)
           ) as "other?: AccountId""#,
        account as AccountId,
    )
    .fetch_one(pool)
    .await?)
}

/// Deletes what is between the two and is counted nowhere; suggestions of the other may name the account among their reasons.
pub(crate) async fn pair(connection: &mut PgConnection, account: AccountId, other: AccountId) -> Result<()> {
    sqlx::query!(
        "with unblocked as (delete from blocks where (actor = $1 and target = $2) or (actor = $2 and target = $1)),
         unmuted as (delete from mutes where (actor = $1 and target = $2) or (actor = $2 and target = $1)),
         unnoted as (delete from notes where (author = $1 and target = $2) or (author = $2 and target = $1)),
         undismissed as (delete from dismissals where (owner = $1 and suggested = $2) or (owner = $2 and suggested = $1)),
         unnoticed as (delete from hidden_neighbors where (person = $1 and hidden = $2) or (person = $2 and hidden = $1))
         delete from suggestions where owner = $2",
        account as AccountId,
        other as AccountId,
    )
    .execute(&mut *connection)
    .await?;
    // Made anew at the next look.
    sqlx::query!("update people set suggested_at = null where id = $1", other as AccountId).execute(connection).await?;
    Ok(())
}

/// Deletes what an account has for itself.
pub(crate) async fn person(pool: &PgPool, account: AccountId) -> Result<()> {
    let mut tx = pool.begin().await?;
    sqlx::query!("delete from suggestions where owner = $1", account as AccountId).execute(&mut *tx).await?;
    sqlx::query!("delete from interests where account = $1", account as AccountId).execute(&mut *tx).await?;
    sqlx::query!("delete from undiscoverable where account = $1", account as AccountId).execute(&mut *tx).await?;
    sqlx::query!("delete from postings where account = $1", account as AccountId).execute(&mut *tx).await?;
    // What is owed goes first: whoever is noting it has come to an end then. What was noted goes last: whoever notes the person near
    // somebody else keeps this waiting at the person's row, and it is there to be seen then.
    sqlx::query!("delete from hidden_counts_owed where account = $1", account as AccountId).execute(&mut *tx).await?;
    sqlx::query!("delete from people where id = $1", account as AccountId).execute(&mut *tx).await?;
    sqlx::query!("delete from hidden_neighbors where person = $1 or hidden = $1", account as AccountId).execute(&mut *tx).await?;
    sqlx::query!("delete from idempotency_keys where caller = $1", account.to_string()).execute(&mut *tx).await?;
    facts::forget(&mut tx, account).await?;
    tx.commit().await?;
    Ok(())
}
