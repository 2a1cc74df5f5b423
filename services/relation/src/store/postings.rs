use contracts::AccountId;
use contracts::fact::AccountPosted;
use sqlx::PgConnection;

/// Keeps the last day that a fact of social says; days may be told in any order. Of who is erased it makes nothing anew.
pub(crate) async fn apply(connection: &mut PgConnection, posted: &AccountPosted) -> sqlx::Result<()> {
    let AccountPosted { account, day } = *posted;
    sqlx::query!(
        "insert into postings (account, day) select $1::bigint, date '1970-01-01' + $2::int where not is_gone($1)
         on conflict (account) do update set day = excluded.day where postings.day < excluded.day",
        account as AccountId,
        day,
    )
    .execute(connection)
    .await
    .map(drop)
}
