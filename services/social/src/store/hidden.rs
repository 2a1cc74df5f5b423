//! What is to be taken out of counts because somebody is hidden: see `migrations/0032_hidden_people.sql`, and [`crate::hidden`].

use audience::forgetting::Progress;
use contracts::AccountId;
use sqlx::{PgConnection, PgPool};

/// Rows of one table that are made or deleted in one transaction.
const ROWS: i64 = 1000;

/// How far it is with an account.
pub(crate) struct Passed {
    comments: i64,
    reactions: i64,
}

/// Accounts for which counts are behind.
pub(crate) async fn owed(pool: &PgPool) -> sqlx::Result<Vec<AccountId>> {
    sqlx::query_scalar!(r#"select account as "account: AccountId" from hidden_counts_owed order by account limit 100"#)
        .fetch_all(pool)
        .await
}

/// Locks what is owed for an account until the transaction ends; `None` if nothing is, or another replica is at it.
pub(crate) async fn claim(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<Option<Passed>> {
    sqlx::query_as!(
        Passed,
        "select comments, reactions from hidden_counts_owed where account = $1 for update skip locked",
        account as AccountId,
    )
    .fetch_optional(connection)
    .await
}

/// Nothing is owed any more.
pub(crate) async fn settle(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<()> {
    sqlx::query!("delete from hidden_counts_owed where account = $1", account as AccountId).execute(connection).await.map(drop)
}

/// Takes the next comments of the account out of counts; after the last, the next reactions.
pub(crate) async fn take_out(connection: &mut PgConnection, account: AccountId, passed: &Passed) -> sqlx::Result<Progress> {
    if take_out_comments(connection, account, passed.comments).await? || take_out_reactions(connection, account, passed.reactions).await? {
        return Ok(Progress::More);
    }
    Ok(Progress::Done)
}

async fn take_out_comments(connection: &mut PgConnection, account: AccountId, after: i64) -> sqlx::Result<bool> {
    let comments = sqlx::query_scalar!(
        "select id from posts where author = $1 and root is not null and id > $2 order by id limit $3",
        account as AccountId,
        after,
        ROWS,
    )
    .fetch_all(&mut *connection)
    .await?;
    let Some(last) = comments.last().copied() else { return Ok(false) };
    hold_threads(connection, &comments).await?;
    sqlx::query!(
        "insert into hidden_answers (comment, parent, author)
         select id, parent, author from posts where id = any($1) and parent is not null
         on conflict do nothing",
        &comments,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("update hidden_counts_owed set comments = $2 where account = $1", account as AccountId, last).execute(connection).await?;
    Ok(true)
}

async fn take_out_reactions(connection: &mut PgConnection, account: AccountId, after: i64) -> sqlx::Result<bool> {
    let reactions = sqlx::query!(
        "select id, post from reactions where account = $1 and id > $2 order by id limit $3",
        account as AccountId,
        after,
        ROWS,
    )
    .fetch_all(&mut *connection)
    .await?;
    let Some(last) = reactions.last().map(|reaction| reaction.id) else { return Ok(false) };
    let posts: Vec<i64> = reactions.iter().map(|reaction| reaction.post).collect();
    hold_threads(connection, &posts).await?;
    // Locked: one that is just being taken back is waited for, and not there then.
    sqlx::query!(
        "insert into hidden_reactions (post, account, emoji)
         select post, account, emoji from reactions where account = $1 and id > $2 and id <= $3 for key share
         on conflict do nothing",
        account as AccountId,
        after,
        last,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("update hidden_counts_owed set reactions = $2 where account = $1", account as AccountId, last).execute(connection).await?;
    Ok(true)
}

/// Keeps the threads that these posts are in, and all below them, from being deleted until the transaction ends. Whoever deletes
/// locks the root first, so nobody waits in a circle.
async fn hold_threads(connection: &mut PgConnection, posts: &[i64]) -> sqlx::Result<()> {
    sqlx::query!(
        "select from posts where id in (select coalesce(p.root, p.id) from posts p where p.id = any($1)) order by id for key share",
        posts,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Puts some of what an account that came back has said and reacted with back into counts.
pub(crate) async fn put_back(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<Progress> {
    // Skipped: what somebody is just deleting, who may wait for others of these rows.
    let answers = sqlx::query!(
        "delete from hidden_answers where ctid = any(array(
             select ctid from hidden_answers where author = $1 limit $2 for update skip locked
         ))",
        account as AccountId,
        ROWS,
    )
    .execute(&mut *connection)
    .await?;
    let reactions = sqlx::query!(
        "delete from hidden_reactions where ctid = any(array(
             select ctid from hidden_reactions where account = $1 limit $2 for update skip locked
         ))",
        account as AccountId,
        ROWS,
    )
    .execute(&mut *connection)
    .await?;
    if answers.rows_affected() + reactions.rows_affected() > 0 {
        return Ok(Progress::More);
    }
    let is_left = sqlx::query_scalar!(
        r#"select exists (select from hidden_answers where author = $1)
               or exists (select from hidden_reactions where account = $1) as "left!""#,
        account as AccountId,
    )
    .fetch_one(connection)
    .await?;
    Ok(if is_left { Progress::Waiting } else { Progress::Done })
}
