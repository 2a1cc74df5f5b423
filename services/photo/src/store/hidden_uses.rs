use contracts::{AccountId, PhotoId};
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

/// A photo of which a use by the account counts and should not, or the other way round.
pub(crate) async fn wrong(connection: &mut PgConnection, account: AccountId, counts: bool) -> sqlx::Result<Option<PhotoId>> {
    query_scalar!(
        r#"select photo as "photo: PhotoId" from photo_uses where account = $1 and counted = (not $2) order by photo limit 1"#,
        account.0,
        counts,
    )
    .fetch_optional(connection)
    .await
}

/// Lets the account's uses of a photo, which must be locked, count from now on, or no more.
pub(crate) async fn set(connection: &mut PgConnection, account: AccountId, photo: PhotoId, counts: bool) -> sqlx::Result<()> {
    // All parts of a statement see what was there before it: an account that has counted by another use counts once. The count
    // never goes below zero, as in `uses::remove`.
    query!(
        "with changed as (
             update photo_uses set counted = $3 where account = $1 and photo = $2 and counted = (not $3) returning photo
         )
         update photos set uses = greatest(uses + case when $3 then 1 else -1 end, 0)
         where id in (select photo from changed)
             and not ($3 and exists (select from photo_uses where photo = $2 and account = $1 and counted))",
        account.0,
        photo.0,
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
