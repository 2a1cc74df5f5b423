use contracts::AccountId;
use sqlx::{PgConnection, PgPool, query, query_scalar};

/// Accounts of which some uses count wrongly.
pub(crate) async fn owed(pool: &PgPool) -> sqlx::Result<Vec<AccountId>> {
    query_scalar!(r#"select account as "account: AccountId" from hidden_uses_owed limit 100"#).fetch_all(pool).await
}

/// Takes on an account until the transaction ends. `false` if somebody else has, or nothing is owed.
pub(crate) async fn claim(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<bool> {
    let claimed = query_scalar!("select account from hidden_uses_owed where account = $1 for update skip locked", account.0);
    Ok(claimed.fetch_optional(connection).await?.is_some())
}

/// Some photos, in their order, of which a use by the account counts and should not, or the other way round.
pub(crate) async fn wrong(connection: &mut PgConnection, account: AccountId, counts: bool, most: i64) -> sqlx::Result<Vec<i64>> {
    query_scalar!(
        "select distinct photo from photo_uses where account = $1 and counted <> $2 order by photo limit $3",
        account.0,
        counts,
        most,
    )
    .fetch_all(connection)
    .await
}

/// Lets the account's uses of these photos, which must be locked, count from now on, or no more.
pub(crate) async fn set(connection: &mut PgConnection, account: AccountId, photos: &[i64], counts: bool) -> sqlx::Result<()> {
    // All parts of a statement see what was there before it: an account that has counted by another use counts once. The count
    // never goes below zero, as in `uses::remove`.
    query!(
        "with changed as (
             update photo_uses set counted = $3 where account = $1 and photo = any($2) and counted <> $3 returning photo
         )
         update photos set uses = greatest(uses + case when $3 then 1 else -1 end, 0)
         where id in (select photo from changed)
             and not ($3 and exists (select from photo_uses where photo = photos.id and account = $1 and counted))",
        account.0,
        photos,
        counts,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Nothing is owed any more.
pub(crate) async fn done(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<()> {
    query!("delete from hidden_uses_owed where account = $1", account.0).execute(connection).await.map(drop)
}
