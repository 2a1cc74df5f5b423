//! Counts and the rows that they count.
//!
//! A writer changes both in one transaction and holds the counter's row until its end. So within one statement they always
//! agree, and a difference is real: it is looked for without a lock, and mended under the lock, in a statement of its own
//! that sees everything that the lock's last holder has done. What is being deleted is seen by nobody, and not compared.

use sqlx::{PgConnection, PgPool};

/// Rows compared in one statement.
const BATCH: i64 = 1000;
/// People who are hidden, of each of whom all is compared: few, as one of them may have said a lot.
const PEOPLE: i64 = 5;

/// Where to go on, and what differs so far.
pub(crate) struct Compared {
    pub(crate) last: Option<i64>,
    pub(crate) wrong: Vec<i64>,
}

/// The posts after `after` whose number of answers or of reactions is wrong.
pub(crate) async fn wrong_posts(pool: &PgPool, after: i64) -> sqlx::Result<Compared> {
    let compared = sqlx::query!(
        r#"with batch as (
               select id, comments_count from posts
               where id > $1 and not exists (select from deletions d where d.post in (posts.id, posts.root)) order by id limit $2
           ),
           answered as (
               select parent as post, count(*) as answers from posts where parent in (select id from batch) group by parent
           ),
           reacted as (
               select post, emoji, count(*) as count from reactions where post in (select id from batch) group by post, emoji
           ),
           stored as (select post, emoji, count from reaction_counts where post in (select id from batch))
           select (select max(id) from batch) as last,
               array(
                   select id from batch left join answered on post = id where comments_count <> coalesce(answers, 0)
                   union
                   select post from reacted full join stored using (post, emoji) where reacted.count is distinct from stored.count
               ) as "wrong!""#,
        after,
        BATCH,
    )
    .fetch_one(pool)
    .await?;
    Ok(Compared { last: compared.last, wrong: compared.wrong })
}

/// Counts the answers and reactions of a post anew; `true` if that changed anything.
pub(crate) async fn mend_post(connection: &mut PgConnection, id: i64) -> sqlx::Result<bool> {
    sqlx::query!("select from posts where id = $1 for no key update", id).execute(&mut *connection).await?;
    let answers = sqlx::query!(
        "update posts set comments_count = counted.answers from (select count(*) as answers from posts where parent = $1) counted
         where id = $1 and comments_count <> counted.answers
             and not exists (select from deletions d where d.post in (posts.id, posts.root))",
        id,
    )
    .execute(&mut *connection)
    .await?;
    let stale = sqlx::query!(
        "delete from reaction_counts c
         where post = $1 and count <> (select count(*) from reactions r where r.post = c.post and r.emoji = c.emoji)",
        id,
    )
    .execute(&mut *connection)
    .await?;
    let counted = sqlx::query!(
        "insert into reaction_counts (post, emoji, count) select post, emoji, count(*) from reactions where post = $1 group by post, emoji
         on conflict (post, emoji) do nothing",
        id,
    )
    .execute(connection)
    .await?;
    Ok(answers.rows_affected() + stale.rows_affected() + counted.rows_affected() > 0)
}

/// The profiles after `after` whose number of posts is wrong.
pub(crate) async fn wrong_profiles(pool: &PgPool, after: i64) -> sqlx::Result<Compared> {
    let compared = sqlx::query!(
        r#"with batch as (select id, posts_count from profiles where id > $1 order by id limit $2),
           posted as (
               select author, count(*) as posts from posts
               where author in (select id from batch) and root is null and visibility in ('public', 'unlisted')
                   and not exists (select from deletions d where d.post = posts.id)
               group by author
           )
           select (select max(id) from batch) as last,
               array(select id from batch left join posted on author = id where posts_count <> coalesce(posts, 0)) as "wrong!""#,
        after,
        BATCH,
    )
    .fetch_one(pool)
    .await?;
    Ok(Compared { last: compared.last, wrong: compared.wrong })
}

/// Counts the posts of a profile anew; `true` if that changed anything.
pub(crate) async fn mend_profile(connection: &mut PgConnection, id: i64) -> sqlx::Result<bool> {
    sqlx::query!("select from profiles where id = $1 for no key update", id).execute(&mut *connection).await?;
    let mended = sqlx::query!(
        "update profiles set posts_count = counted.posts
         from (
             select count(*) as posts from posts
             where author = $1 and root is null and visibility in ('public', 'unlisted')
                 and not exists (select from deletions d where d.post = posts.id)
         ) counted
         where id = $1 and posts_count <> counted.posts",
        id,
    )
    .execute(connection)
    .await?;
    Ok(mended.rows_affected() > 0)
}

/// The accounts after `after` of whom something is taken out of counts, and they are not hidden, or is not, and they are. Of whom it is
/// still to be done, nothing is compared; nor of whom all is being deleted. See `0032_hidden_people.sql`.
pub(crate) async fn wrong_hidden(pool: &PgPool, after: i64) -> sqlx::Result<Compared> {
    let compared = sqlx::query!(
        r#"with batch as (
               select present.account from (
                   (select account from hidden_accounts where state = 'hidden' and account > $1 order by account limit $2)
                   union
                   (select distinct author from hidden_answers where author > $1 order by author limit $2)
                   union
                   (select distinct account from hidden_reactions where account > $1 order by account limit $2)
               ) present order by present.account limit $2
           )
           select (select max(account) from batch) as last,
               array(
                   select b.account from batch b left join hidden_accounts h on h.account = b.account
                   where not exists (select from hidden_counts_owed o where o.account = b.account) and case
                       when h.account is null then exists (select from hidden_answers a where a.author = b.account)
                           or exists (select from hidden_reactions r where r.account = b.account)
                       when h.state = 'hidden' then exists (
                           select from posts p where p.author = b.account and p.root is not null and p.parent is not null
                               and not exists (select from hidden_answers a where a.comment = p.id)
                       ) or exists (
                           select from reactions r where r.account = b.account and not exists (
                               select from hidden_reactions o where o.post = r.post and o.account = r.account and o.emoji = r.emoji
                           )
                       )
                       else false
                   end
               ) as "wrong!""#,
        after,
        PEOPLE,
    )
    .fetch_one(pool)
    .await?;
    Ok(Compared { last: compared.last, wrong: compared.wrong })
}

/// Has what somebody hidden has said and reacted with taken out of counts anew, or put back: `true` if it was not so already.
pub(crate) async fn mend_hidden(connection: &mut PgConnection, account: i64) -> sqlx::Result<bool> {
    let owed =
        sqlx::query!("insert into hidden_counts_owed (account) values ($1) on conflict do nothing", account).execute(connection).await?;
    Ok(owed.rows_affected() > 0)
}
