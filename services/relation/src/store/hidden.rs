//! Who is hidden near whom, so that counts leave them out: see `migrations/0052_hidden_neighbors.sql`, and [`crate::hidden`].

use audience::forgetting::Progress;
use contracts::AccountId;
use sqlx::{PgConnection, PgPool};

/// Places of the lists of one account that are noted, or rows that are deleted, in one transaction.
const ROWS: i64 = 1000;
/// People of each of whom all is compared: few, as one of them may have many near.
const PEOPLE: i64 = 5;

/// Accounts of which it is not noted yet near whom they are, or no longer.
pub(crate) async fn owed(pool: &PgPool) -> sqlx::Result<Vec<AccountId>> {
    sqlx::query_scalar!(r#"select account as "account: AccountId" from hidden_counts_owed order by account limit 100"#)
        .fetch_all(pool)
        .await
}

/// Locks what is owed for an account until the transaction ends, and says how far it is; `None` if nothing is owed, or another
/// replica is at it.
pub(crate) async fn claim(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!("select passed from hidden_counts_owed where account = $1 for update skip locked", account as AccountId)
        .fetch_optional(connection)
        .await
}

/// Nothing is owed any more.
pub(crate) async fn settle(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<()> {
    sqlx::query!("delete from hidden_counts_owed where account = $1", account as AccountId).execute(connection).await.map(drop)
}

/// Must everything of the account be kept from everybody?
pub(crate) async fn is_hidden(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select is_hidden($1) as "hidden!""#, account as AccountId).fetch_one(connection).await
}

/// Notes the account with the next of those on its lists.
pub(crate) async fn note(connection: &mut PgConnection, account: AccountId, passed: i64) -> sqlx::Result<Progress> {
    let last = sqlx::query_scalar!(
        r#"select id as "id!" from listed
           where list in ('followers', 'following', 'friends') and owner = $1 and not withheld and id > $2
           order by id limit 1 offset $3"#,
        account as AccountId,
        passed,
        ROWS - 1,
    )
    .fetch_optional(&mut *connection)
    .await?;
    // Locked: of one who is just being erased nothing is noted, or it is there for their erasure to see.
    sqlx::query!(
        "insert into hidden_neighbors (person, hidden)
         select people.id, $1::bigint from listed join people on people.id = listed.account
         where list in ('followers', 'following', 'friends') and owner = $1 and not withheld and listed.id > $2 and listed.id <= $3
         for key share of people
         on conflict do nothing",
        account as AccountId,
        passed,
        last.unwrap_or(i64::MAX),
    )
    .execute(&mut *connection)
    .await?;
    let Some(last) = last else { return Ok(Progress::Done) };
    sqlx::query!("update hidden_counts_owed set passed = $2 where account = $1", account as AccountId, last).execute(connection).await?;
    Ok(Progress::More)
}

/// Deletes some of what was noted of an account that is hidden no more.
pub(crate) async fn forget(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<Progress> {
    // Skipped: what is just being deleted with the one whom it is near.
    let deleted = sqlx::query!(
        "delete from hidden_neighbors where ctid = any(array(
             select ctid from hidden_neighbors where hidden = $1 limit $2 for update skip locked
         ))",
        account as AccountId,
        ROWS,
    )
    .execute(&mut *connection)
    .await?;
    if deleted.rows_affected() > 0 {
        return Ok(Progress::More);
    }
    let is_left = sqlx::query_scalar!(r#"select exists (select from hidden_neighbors where hidden = $1) as "left!""#, account as AccountId)
        .fetch_one(connection)
        .await?;
    Ok(if is_left { Progress::Waiting } else { Progress::Done })
}

/// Compares with their lists what is noted of some of those who are hidden, and of those of whom something is noted, those after
/// `after`; says who was compared last and of whom too little is noted, or something although they are not hidden. That there is nothing
/// between two any more is no mistake. Of whom it is still to be done, nothing is compared; nor of whom all is being deleted.
pub(crate) async fn compare(pool: &PgPool, after: i64) -> sqlx::Result<(Option<i64>, Vec<i64>)> {
    let compared = sqlx::query!(
        r#"with batch as (
               select present.account from (
                   (select account from hidden_accounts where state = 'hidden' and account > $1 order by account limit $2)
                   union
                   (select distinct hidden from hidden_neighbors where hidden > $1 order by hidden limit $2)
               ) present order by present.account limit $2
           )
           select (select max(account) from batch) as last,
               array(
                   select b.account from batch b left join hidden_accounts h on h.account = b.account
                   where not exists (select from hidden_counts_owed o where o.account = b.account) and case
                       when h.account is null or h.state = 'erased' then exists (
                           select from hidden_neighbors n where n.hidden = b.account
                       )
                       when h.state = 'hidden' then exists (
                           select from listed l join people p on p.id = l.account
                           where l.list in ('followers', 'following', 'friends') and l.owner = b.account and not l.withheld
                               and not exists (select from hidden_neighbors n where n.person = l.account and n.hidden = b.account)
                       )
                       else false
                   end
               ) as "wrong!""#,
        after,
        PEOPLE,
    )
    .fetch_one(pool)
    .await?;
    Ok((compared.last, compared.wrong))
}

/// Has it noted anew near whom an account is, or forgotten; `false` if that was owed already.
pub(crate) async fn owe(pool: &PgPool, account: i64) -> sqlx::Result<bool> {
    let owed = sqlx::query!("insert into hidden_counts_owed (account) values ($1) on conflict do nothing", account).execute(pool).await?;
    Ok(owed.rows_affected() > 0)
}
