//! Lists of posts: ids only. What is behind them is read by `posts::by_ids`, which asks the rule of who may see again.
//!
//! Each list has two queries, one for each direction: an index gives an order only to a query that has it.

use contracts::AccountId;
use serving::{Page, Result};
use sqlx::PgPool;

/// The posts of one account that the viewer may see. The rule is asked once for each visibility and not for each post: then what
/// is not for them is not looked at.
pub(crate) async fn account(pool: &PgPool, viewer: Option<AccountId>, author: AccountId, page: &Page) -> Result<Vec<i64>> {
    let ids = if page.ascending() {
        sqlx::query_scalar!(
            r#"with seen as materialized (
                   select v.visibility from unnest(array['public', 'unlisted', 'followers', 'friends', 'direct']) v (visibility)
                   where may_see($1, $2, v.visibility, false)
               )
               select p.id as "id!" from seen cross join lateral (
                   select p.id from posts p
                   where p.author = $2 and p.root is null and not p.tombstone and p.visibility = seen.visibility and p.id > $3
                   order by p.id limit $4
               ) p
               union
               select p.id from (
                   select p.id from mentions m join posts p on p.id = m.post
                   where m.account = $1 and m.author = $2 and m.post > $3 and p.root is null and p.visibility = 'direct'
                       and may_see($1, $2, 'direct', true)
                   order by m.post limit $4
               ) p
               order by 1 limit $4"#,
            viewer as Option<AccountId>,
            author as AccountId,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_scalar!(
            r#"with seen as materialized (
                   select v.visibility from unnest(array['public', 'unlisted', 'followers', 'friends', 'direct']) v (visibility)
                   where may_see($1, $2, v.visibility, false)
               )
               select p.id as "id!" from seen cross join lateral (
                   select p.id from posts p
                   where p.author = $2 and p.root is null and not p.tombstone and p.visibility = seen.visibility and p.id < $3 and p.id > $4
                   order by p.id desc limit $5
               ) p
               union
               select p.id from (
                   select p.id from mentions m join posts p on p.id = m.post
                   where m.account = $1 and m.author = $2 and m.post < $3 and m.post > $4 and p.root is null and p.visibility = 'direct'
                       and may_see($1, $2, 'direct', true)
                   order by m.post desc limit $5
               ) p
               order by 1 desc limit $5"#,
            viewer as Option<AccountId>,
            author as AccountId,
            page.before,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(ids)
}

/// All public posts, but for those of whom the viewer is severed from or mutes.
pub(crate) async fn public(pool: &PgPool, viewer: Option<AccountId>, page: &Page) -> Result<Vec<i64>> {
    let ids = if page.ascending() {
        sqlx::query_scalar!(
            r#"select id as "id!" from posts
               where root is null and visibility = 'public' and id > $2 and visible($1, posts) and not muted($1, author)
               order by id limit $3"#,
            viewer as Option<AccountId>,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_scalar!(
            r#"select id as "id!" from posts
               where root is null and visibility = 'public' and id < $2 and id > $3 and visible($1, posts) and not muted($1, author)
               order by id desc limit $4"#,
            viewer as Option<AccountId>,
            page.before,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(ids)
}

/// All public posts with a tag, but for those of whom the viewer is severed from or mutes.
pub(crate) async fn tag(pool: &PgPool, viewer: Option<AccountId>, tag: &str, page: &Page) -> Result<Vec<i64>> {
    let ids = if page.ascending() {
        sqlx::query_scalar!(
            r#"select p.id as "id!" from post_tags t join posts p on p.id = t.post_id
               where t.tag = $2 and t.listed is not null and t.post_id > $3 and visible($1, p) and not muted($1, p.author)
               order by t.post_id limit $4"#,
            viewer as Option<AccountId>,
            tag,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_scalar!(
            r#"select p.id as "id!" from post_tags t join posts p on p.id = t.post_id
               where t.tag = $2 and t.listed is not null and t.post_id < $3 and t.post_id > $4 and visible($1, p) and not muted($1, p.author)
               order by t.post_id desc limit $5"#,
            viewer as Option<AccountId>,
            tag,
            page.before,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(ids)
}
