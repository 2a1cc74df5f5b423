use contracts::{AccountId, PostId};
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};

use super::looked::{Found, MOST_LOOKED_AT};
use crate::emoji::Emoji;

/// How often an emoji stands under a post.
pub(crate) struct Count {
    pub(crate) post: PostId,
    pub(crate) emoji: String,
    pub(crate) count: i32,
    pub(crate) mine: bool,
    /// Of a custom emoji that is on.
    pub(crate) emoji_key: Option<String>,
}

/// How much there is already.
pub(crate) struct Room {
    /// Reactions of this account to this post.
    pub(crate) of_account: i64,
    /// Different emoji under this post that somebody sees.
    pub(crate) of_post: i64,
    /// This emoji is one of them.
    pub(crate) known: bool,
}

/// Locks the post, so that caps and counts hold when many react at once; `false` if it is not there for this account.
pub(crate) async fn lock(connection: &mut PgConnection, post: PostId, account: AccountId) -> Result<bool> {
    let locked =
        sqlx::query!("select from posts where id = $2 and visible($1, posts) for no key update", account as AccountId, post as PostId,)
            .fetch_optional(connection)
            .await?;
    Ok(locked.is_some())
}

/// Counts what there is, without emoji that only those have put here who are hidden. The post must be locked.
pub(crate) async fn room(connection: &mut PgConnection, post: PostId, account: AccountId, emoji: &Emoji) -> Result<Room> {
    Ok(sqlx::query_as!(
        Room,
        r#"with hidden as (select emoji, count(*) as count from hidden_reactions where post = $1 group by emoji),
           shown as materialized (
               select c.emoji from reaction_counts c left join hidden h on h.emoji = c.emoji
               where c.post = $1 and c.count > coalesce(h.count, 0)
           )
           select (select count(*) from reactions where post = $1 and account = $2 and emoji <> $3) as "of_account!",
               (select count(*) from shown) as "of_post!",
               exists (select from shown where emoji = $3) as "known!""#,
        post as PostId,
        account as AccountId,
        emoji.as_str(),
    )
    .fetch_one(connection)
    .await?)
}

pub(crate) async fn insert(connection: &mut PgConnection, post: PostId, account: AccountId, emoji: &Emoji) -> Result<()> {
    let inserted = sqlx::query!(
        "insert into reactions (post, account, emoji) values ($1, $2, $3) on conflict do nothing",
        post as PostId,
        account as AccountId,
        emoji.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() > 0 {
        sqlx::query!(
            "insert into reaction_counts (post, emoji, count) values ($1, $2, 1)
             on conflict (post, emoji) do update set count = reaction_counts.count + 1",
            post as PostId,
            emoji.as_str(),
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Locks the post of a reaction of this account, whether they still see it or not; `false` if there is no such reaction, or it goes
/// with the post. Of a post to which they have not reacted they must not even wait for the lock.
pub(crate) async fn lock_own(connection: &mut PgConnection, post: PostId, account: AccountId, emoji: &Emoji) -> Result<bool> {
    let locked = sqlx::query!(
        "select from posts
         where id = $1 and exists (select from reactions r where r.post = $1 and r.account = $2 and r.emoji = $3)
             and not exists (select from deletions d where d.post in (posts.id, posts.root))
         for no key update",
        post as PostId,
        account as AccountId,
        emoji.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(locked.is_some())
}

/// Takes a reaction back. The post must be locked.
pub(crate) async fn delete(connection: &mut PgConnection, post: PostId, account: AccountId, emoji: &Emoji) -> Result<()> {
    let deleted = sqlx::query!(
        "delete from reactions where post = $1 and account = $2 and emoji = $3",
        post as PostId,
        account as AccountId,
        emoji.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    if deleted.rows_affected() > 0 {
        sqlx::query!("delete from reaction_counts where post = $1 and emoji = $2 and count = 1", post as PostId, emoji.as_str())
            .execute(&mut *connection)
            .await?;
        sqlx::query!("update reaction_counts set count = count - 1 where post = $1 and emoji = $2", post as PostId, emoji.as_str())
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// The reactions to some posts, the most frequent first, without those of who is hidden, or from whom the viewer is severed.
pub(crate) async fn of_posts(connection: &mut PgConnection, viewer: Option<AccountId>, posts: &[i64]) -> Result<Vec<Count>> {
    Ok(sqlx::query_as!(
        Count,
        r#"with apart as materialized (select account from severed_from($1)),
           counted as (
               select post, emoji, count - (
                   select count(*) from apart join reactions r on r.post = c.post and r.account = apart.account and r.emoji = c.emoji
               ) - (
                   select count(*) from hidden_reactions h
                   where h.post = c.post and h.emoji = c.emoji and h.account not in (select account from apart)
               ) as count
               from reaction_counts c where post = any($2)
           )
           select post as "post!: PostId", emoji as "emoji!", count::int as "count!",
               exists (select from reactions r where r.post = c.post and r.account = $1 and r.emoji = c.emoji) as "mine!",
               case when emoji like ':%' then emoji_key(emoji) end as "emoji_key?"
           from counted c where count > 0 order by post, count desc, emoji"#,
        viewer as Option<AccountId>,
        posts,
    )
    .fetch_all(connection)
    .await?)
}

/// Somebody who reacted.
pub(crate) struct Reactor {
    pub(crate) emoji: String,
    /// Of a custom emoji that is on.
    pub(crate) emoji_key: Option<String>,
    pub(crate) account: AccountId,
    pub(crate) handle: String,
    pub(crate) display_name: String,
    pub(crate) picture_key: Option<String>,
}

/// The places of who reacted to a post that the viewer may see, the last first; with one emoji, or any.
pub(crate) async fn list(pool: &PgPool, viewer: Option<AccountId>, post: PostId, emoji: Option<&Emoji>, page: &Page) -> Result<Found> {
    let emoji = emoji.map(Emoji::as_str);
    let found = if let Some(after) = page.after() {
        sqlx::query_as!(
            Found,
            r#"select found.ids as "ids!: Vec<i64>", case when cardinality(found.ids) < $5::bigint then (
                   select l.id from (
                       (select r.id from reactions r where $4::text is null and r.post = $2 and r.id > $3 order by r.id limit $6)
                       union all
                       (select r.id from reactions r where r.emoji = $4 and r.post = $2 and r.id > $3 order by r.id limit $6)
                   ) l order by l.id offset $6::bigint - 1 limit 1
               ) end as "last?"
               from (select array(
                   select l.id from (
                       (select r.id from reactions r where $4::text is null and r.post = $2 and r.id > $3 order by r.id limit $6)
                       union all
                       (select r.id from reactions r where r.emoji = $4 and r.post = $2 and r.id > $3 order by r.id limit $6)
                   ) l
                   where (select not severed($1, r.account) from reactions r where r.post = $2 and r.id = l.id)
                   order by l.id limit $5
               ) as ids offset 0) found"#,
            viewer as Option<AccountId>,
            post as PostId,
            after,
            emoji,
            page.limit + 1,
            MOST_LOOKED_AT,
        )
        .fetch_one(pool)
        .await?
    } else {
        sqlx::query_as!(
            Found,
            r#"select found.ids as "ids!: Vec<i64>", case when cardinality(found.ids) < $5::bigint then (
                   select l.id from (
                       (select r.id from reactions r where $4::text is null and r.post = $2 and r.id < $3 order by r.id desc limit $6)
                       union all
                       (select r.id from reactions r where r.emoji = $4 and r.post = $2 and r.id < $3 order by r.id desc limit $6)
                   ) l order by l.id desc offset $6::bigint - 1 limit 1
               ) end as "last?"
               from (select array(
                   select l.id from (
                       (select r.id from reactions r where $4::text is null and r.post = $2 and r.id < $3 order by r.id desc limit $6)
                       union all
                       (select r.id from reactions r where r.emoji = $4 and r.post = $2 and r.id < $3 order by r.id desc limit $6)
                   ) l
                   where (select not severed($1, r.account) from reactions r where r.post = $2 and r.id = l.id)
                   order by l.id desc limit $5
               ) as ids offset 0) found"#,
            viewer as Option<AccountId>,
            post as PostId,
            page.before(),
            emoji,
            page.limit + 1,
            MOST_LOOKED_AT,
        )
        .fetch_one(pool)
        .await?
    };
    Ok(found)
}

/// Who reacted to a post at these places, the last first.
pub(crate) async fn by_ids(pool: &PgPool, viewer: Option<AccountId>, post: PostId, ids: &[i64]) -> Result<Vec<Reactor>> {
    Ok(sqlx::query_as!(
        Reactor,
        r#"select emoji as "emoji!", account as "account!: AccountId", handle as "handle!", display_name as "display_name!",
               picture_key(picture) as "picture_key?", case when emoji like ':%' then emoji_key(emoji) end as "emoji_key?"
           from reactions join profiles on profiles.id = account
           where post = $2 and reactions.id = any($3) and not severed($1, account) order by reactions.id desc"#,
        viewer as Option<AccountId>,
        post as PostId,
        ids,
    )
    .fetch_all(pool)
    .await?)
}
