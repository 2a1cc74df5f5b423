//! Threads: a root and all that hangs on it.
//!
//! Whoever adds to a thread, takes from it or changes whom it is for locks the root first. So they come one after the
//! other, none can wait for another in a circle, and no comment takes over an audience that is just being changed.

use audience::Visibility;
use contracts::{AccountId, PostId};
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};

use super::looked::{Found, MOST_LOOKED_AT};

/// Ancestors that are looked for; a thread may be deeper.
const MOST_ANCESTORS: i32 = 50;
/// Answers to one post, depth, and posts in all of the first look below a post.
const MOST_ANSWERS: i64 = 20;
const MOST_DEPTH: i32 = 10;
const MOST_DESCENDANTS: i64 = 60;
/// Answers to one post of which it is asked, for that look, whether the viewer may see them.
const MOST_ASKED: i64 = 100;

/// What a comment takes over from its thread.
#[derive(Clone, Copy)]
pub(crate) struct Thread {
    pub(crate) parent: PostId,
    pub(crate) root: PostId,
    pub(crate) root_author: AccountId,
    pub(crate) visibility: Visibility,
}

/// Locks the root of the thread that `id` is in, for a change of it or below it.
pub(crate) async fn lock(connection: &mut PgConnection, id: PostId) -> Result<()> {
    sqlx::query!("select from posts where id = (select coalesce(root, id) from posts where id = $1) for no key update", id as PostId)
        .execute(connection)
        .await?;
    Ok(())
}

/// Locks the root of the thread that `id` is in, for its deletion or one below it.
pub(crate) async fn lock_to_delete(connection: &mut PgConnection, id: PostId) -> Result<()> {
    sqlx::query!("select from posts where id = (select coalesce(root, id) from posts where id = $1) for update", id as PostId)
        .execute(connection)
        .await?;
    Ok(())
}

/// Locks the thread that a comment on `parent` joins, if the author may see it.
pub(crate) async fn join(connection: &mut PgConnection, viewer: AccountId, parent: PostId) -> Result<Option<Thread>> {
    lock(connection, parent).await?;
    // A statement of its own: it sees what whoever had the lock before has left.
    Ok(sqlx::query_as!(
        Thread,
        r#"select id as "parent: PostId", coalesce(root, id) as "root!: PostId", coalesce(root_author, author) as "root_author!: AccountId",
               visibility as "visibility: Visibility"
           from posts where id = $2 and visible($1, posts)"#,
        viewer as AccountId,
        parent as PostId,
    )
    .fetch_optional(connection)
    .await?)
}

/// A comment and who wrote it.
pub(crate) struct Written {
    pub(crate) id: PostId,
    pub(crate) author: AccountId,
}

/// The comments below `root` that show a private photo, or did before an edit: whoever saw them may hold grants.
pub(crate) async fn granting(connection: &mut PgConnection, root: PostId) -> Result<Vec<Written>> {
    Ok(sqlx::query_as!(
        Written,
        r#"select id as "id: PostId", author as "author: AccountId" from posts where root = $1 and has_granted(id) order by id"#,
        root as PostId,
    )
    .fetch_all(connection)
    .await?)
}

/// Those of some posts and comments.
pub(crate) async fn granting_among(connection: &mut PgConnection, ids: &[i64]) -> Result<Vec<Written>> {
    Ok(sqlx::query_as!(
        Written,
        r#"select id as "id: PostId", author as "author: AccountId" from posts where id = any($1) and has_granted(id) order by id"#,
        ids,
    )
    .fetch_all(connection)
    .await?)
}

/// Gives the comments their root's new audience.
pub(crate) async fn set_visibility(connection: &mut PgConnection, root: PostId, visibility: Visibility) -> Result<()> {
    sqlx::query!("update posts set visibility = $2 where root = $1", root as PostId, visibility as Visibility).execute(connection).await?;
    Ok(())
}

/// What `id` answers, what that answers, and so on; and its root, even where something between them was deleted.
pub(crate) async fn ancestors(connection: &mut PgConnection, viewer: Option<AccountId>, id: PostId) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        r#"with recursive chain as (
               select parent, root, 1 as length from posts where id = $2
               union all
               select posts.parent, chain.root, length + 1 from chain join posts on posts.id = chain.parent where length < $3
           )
           select id as "id!" from posts
           where id in (select parent from chain union select root from chain) and visible($1, posts) order by id"#,
        viewer as Option<AccountId>,
        id as PostId,
        MOST_ANCESTORS,
    )
    .fetch_all(connection)
    .await?)
}

/// The first answers to `id`, the first answers to those, and so on, as far as a first look goes.
pub(crate) async fn descendants(connection: &mut PgConnection, viewer: Option<AccountId>, id: PostId) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        r#"with recursive tree as (
               (
                   select a.id, 1 as depth from (select p.id from posts p where p.parent = $2 order by p.id limit $6) a
                   where (select visible($1, p) from posts p where p.id = a.id) order by a.id limit $3
               )
               union all
               select answer.id, depth + 1 from tree cross join lateral (
                   select a.id from (select p.id from posts p where p.parent = tree.id order by p.id limit $6) a
                   where (select visible($1, p) from posts p where p.id = a.id) order by a.id limit $3
               ) answer
               where depth < $4
           )
           select id as "id!" from tree limit $5"#,
        viewer as Option<AccountId>,
        id as PostId,
        MOST_ANSWERS,
        MOST_DEPTH,
        MOST_DESCENDANTS,
        MOST_ASKED,
    )
    .fetch_all(connection)
    .await?)
}

/// The answers to this very post or comment, newest first.
pub(crate) async fn replies(pool: &PgPool, viewer: Option<AccountId>, parent: PostId, page: &Page) -> Result<Found> {
    let found = if let Some(after) = page.after() {
        sqlx::query_as!(
            Found,
            r#"select found.ids as "ids!: Vec<i64>", case when cardinality(found.ids) < $4::bigint then (
                   select p.id from posts p where p.parent = $2 and p.id > $3
                   order by p.id offset $5::bigint - 1 limit 1
               ) end as "last?"
               from (select array(
                   select l.id from (
                       select p.id from posts p where p.parent = $2 and p.id > $3 order by p.id limit $5
                   ) l
                   where (select visible($1, p) from posts p where p.id = l.id)
                   order by l.id limit $4
               ) as ids offset 0) found"#,
            viewer as Option<AccountId>,
            parent as PostId,
            after,
            page.limit + 1,
            MOST_LOOKED_AT,
        )
        .fetch_one(pool)
        .await?
    } else {
        sqlx::query_as!(
            Found,
            r#"select found.ids as "ids!: Vec<i64>", case when cardinality(found.ids) < $4::bigint then (
                   select p.id from posts p where p.parent = $2 and p.id < $3
                   order by p.id desc offset $5::bigint - 1 limit 1
               ) end as "last?"
               from (select array(
                   select l.id from (
                       select p.id from posts p where p.parent = $2 and p.id < $3 order by p.id desc limit $5
                   ) l
                   where (select visible($1, p) from posts p where p.id = l.id)
                   order by l.id desc limit $4
               ) as ids offset 0) found"#,
            viewer as Option<AccountId>,
            parent as PostId,
            page.before(),
            page.limit + 1,
            MOST_LOOKED_AT,
        )
        .fetch_one(pool)
        .await?
    };
    Ok(found)
}

/// The root of the thread that a post is in, if the viewer may see the post.
pub(crate) async fn root(pool: &PgPool, viewer: Option<AccountId>, id: PostId) -> Result<Option<PostId>> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(root, id) as "root!: PostId" from posts where id = $2 and visible($1, posts)"#,
        viewer as Option<AccountId>,
        id as PostId,
    )
    .fetch_optional(pool)
    .await?)
}

/// The whole thread below a root, newest first.
pub(crate) async fn comments(pool: &PgPool, viewer: Option<AccountId>, root: PostId, page: &Page) -> Result<Found> {
    let found = if let Some(after) = page.after() {
        sqlx::query_as!(
            Found,
            r#"select found.ids as "ids!: Vec<i64>", case when cardinality(found.ids) < $4::bigint then (
                   select p.id from posts p where p.root = $2 and p.id > $3 order by p.id offset $5::bigint - 1 limit 1
               ) end as "last?"
               from (select array(
                   select l.id from (
                       select p.id from posts p where p.root = $2 and p.id > $3 order by p.id limit $5
                   ) l
                   where (select visible($1, p) from posts p where p.id = l.id)
                   order by l.id limit $4
               ) as ids offset 0) found"#,
            viewer as Option<AccountId>,
            root as PostId,
            after,
            page.limit + 1,
            MOST_LOOKED_AT,
        )
        .fetch_one(pool)
        .await?
    } else {
        sqlx::query_as!(
            Found,
            r#"select found.ids as "ids!: Vec<i64>", case when cardinality(found.ids) < $4::bigint then (
                   select p.id from posts p where p.root = $2 and p.id < $3
                   order by p.id desc offset $5::bigint - 1 limit 1
               ) end as "last?"
               from (select array(
                   select l.id from (
                       select p.id from posts p where p.root = $2 and p.id < $3 order by p.id desc limit $5
                   ) l
                   where (select visible($1, p) from posts p where p.id = l.id)
                   order by l.id desc limit $4
               ) as ids offset 0) found"#,
            viewer as Option<AccountId>,
            root as PostId,
            page.before(),
            page.limit + 1,
            MOST_LOOKED_AT,
        )
        .fetch_one(pool)
        .await?
    };
    Ok(found)
}
