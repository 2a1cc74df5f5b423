//! What is left of an account that is being erased, and its deletion.

use contracts::{AccountId, PostId};
use serving::Result;
use sqlx::PgConnection;

/// Posts to which reactions are taken back in one transaction.
const REACTED: i64 = 200;
/// Rows of one table that are deleted in one transaction.
const ROWS: i64 = 1000;

/// Takes some of the account's reactions back, with their counts; `false` if there were none.
pub(crate) async fn reactions(connection: &mut PgConnection, account: AccountId) -> Result<bool> {
    let posts = sqlx::query_scalar!("select distinct post from reactions where account = $1 limit $2", account as AccountId, REACTED)
        .fetch_all(&mut *connection)
        .await?;
    if posts.is_empty() {
        return Ok(false);
    }
    // As whoever reacts does: counts change under the lock of the post.
    sqlx::query!("select from posts where id = any($1) order by id for no key update", &posts).execute(&mut *connection).await?;
    sqlx::query!(
        "delete from reaction_counts c using reactions r
         where r.account = $1 and r.post = any($2) and c.post = r.post and c.emoji = r.emoji and c.count = 1",
        account as AccountId,
        &posts,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update reaction_counts c set count = c.count - 1 from reactions r
         where r.account = $1 and r.post = any($2) and c.post = r.post and c.emoji = r.emoji",
        account as AccountId,
        &posts,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from reactions where account = $1 and post = any($2)", account as AccountId, &posts).execute(connection).await?;
    Ok(true)
}

/// A comment of the account.
pub(crate) async fn comment(connection: &mut PgConnection, account: AccountId) -> Result<Option<PostId>> {
    Ok(sqlx::query_scalar!(r#"select id as "id: PostId" from posts where author = $1 and root is not null limit 1"#, account as AccountId,)
        .fetch_optional(connection)
        .await?)
}

/// A post of the account that is no tombstone yet.
pub(crate) async fn root(connection: &mut PgConnection, account: AccountId) -> Result<Option<PostId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: PostId" from posts where author = $1 and root is null and not tombstone order by id limit 1"#,
        account as AccountId,
    )
    .fetch_optional(connection)
    .await?)
}

/// Deletes up to so many rows of a table, and says how many there were.
macro_rules! delete_some {
    ($connection:ident, $account:ident, $table:tt, $which:tt) => {
        sqlx::query!(
            "delete from " + $table + " where ctid = any(array(select ctid from " + $table + " where " + $which + " limit $2))",
            $account as AccountId,
            ROWS,
        )
        .execute(&mut *$connection)
        .await?
        .rows_affected()
    };
}

/// Deletes some of what the account has beside posts, and of what others have of it; `false` if that was nothing.
pub(crate) async fn belongings(connection: &mut PgConnection, account: AccountId) -> Result<bool> {
    let lately = sqlx::query_scalar!(
        r#"delete from told_lately where ctid = any(array(select ctid from told_lately where actor = $1 limit $2))
           returning notification as "notification?""#,
        account as AccountId,
        ROWS,
    )
    .fetch_all(&mut *connection)
    .await?;
    let numbers: Vec<i64> = lately.iter().flatten().copied().collect();
    // A notification goes with the last who stands behind it, or was told of in it lately: that is asked when it is locked.
    let stood = sqlx::query_scalar!(
        r#"select step_back(array(select notification from notification_actors where actor = $1 limit $2) || $3::bigint[], $1) as "stood!""#,
        account as AccountId,
        ROWS,
        &numbers,
    )
    .fetch_one(&mut *connection)
    .await?;
    let deleted = [
        delete_some!(connection, account, "notifications", "account = $1"),
        delete_some!(connection, account, "told_lately", "account = $1"),
        delete_some!(connection, account, "bookmarks", "account = $1"),
        delete_some!(connection, account, "followed_tags", "account = $1"),
        delete_some!(connection, account, "lists", "owner = $1"),
        delete_some!(connection, account, "list_members", "account = $1"),
        delete_some!(connection, account, "mentions", "account = $1"),
        delete_some!(connection, account, "reports", "reporter = $1"),
        delete_some!(connection, account, "photos", "owner = $1"),
        delete_some!(connection, account, "home_entries", "reader = $1"),
        delete_some!(connection, account, "home_deliveries", "author = $1"),
        delete_some!(connection, account, "relations", "actor = $1"),
        // Each part has its index.
        delete_some!(
            connection,
            account,
            "relations",
            "target = $1 and follows or target = $1 and blocks or target = $1 and friends or target = $1 and mutes"
        ),
    ];
    Ok(stood || !lately.is_empty() || deleted.into_iter().any(|rows| rows > 0))
}

/// Deletes what there is once, and empties the profile, on which tombstones hang. What others reported of the account stays, and what
/// was decided about it, without what was said.
pub(crate) async fn empty_profile(connection: &mut PgConnection, account: AccountId) -> Result<()> {
    sqlx::query!("update reports set said = '', note = '', photos = '{}' where account = $1", account as AccountId)
        .execute(&mut *connection)
        .await?;
    // After the reports: whoever decides about one keeps it locked until what they did is noted.
    sqlx::query!("update moderation_acts set said = null, note = '' where account = $1", account as AccountId)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from idempotency_keys where caller = $1", account.to_string()).execute(&mut *connection).await?;
    sqlx::query!(
        "with marks as (delete from notification_marks where account = $1),
         mutes as (delete from notification_mutes where account = $1),
         owed as (delete from hidden_counts_owed where account = $1),
         pulled as (delete from home_pulled where author = $1)
         delete from home_readers where account = $1",
        account as AccountId,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update profiles set handle = '', display_name = '', bio = '', pronouns = '', fields = '[]', picture = null, header = null,
             discoverable = false, told_posting = null, posts_count = (select count(*) from posts where author = $1 and root is null)
         where id = $1",
        account as AccountId,
    )
    .execute(connection)
    .await?;
    Ok(())
}
