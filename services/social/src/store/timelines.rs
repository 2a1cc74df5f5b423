//! Lists of posts: ids only. What is behind them is read by `posts::by_ids`, which asks the rule of who may see again.
//!
//! Each list has two queries, one for each direction: an index gives an order only to a query that has it.

use contracts::AccountId;
use serving::{Page, Result};
use sqlx::PgPool;

use super::looked::{Found, MOST_LOOKED_AT};

/// The posts of one account that the viewer may see. The rule is asked once for each visibility and not for each post: then what
/// is not for them is not looked at.
pub(crate) async fn account(pool: &PgPool, viewer: Option<AccountId>, author: AccountId, page: &Page) -> Result<Vec<i64>> {
    let ids = if let Some(after) = page.after() {
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
            after,
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
                   where p.author = $2 and p.root is null and not p.tombstone and p.visibility = seen.visibility and p.id < $3
                   order by p.id desc limit $4
               ) p
               union
               select p.id from (
                   select p.id from mentions m join posts p on p.id = m.post
                   where m.account = $1 and m.author = $2 and m.post < $3 and p.root is null and p.visibility = 'direct'
                       and may_see($1, $2, 'direct', true)
                   order by m.post desc limit $4
               ) p
               order by 1 desc limit $4"#,
            viewer as Option<AccountId>,
            author as AccountId,
            page.before(),
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(ids)
}

/// All public posts, but for those of whom the viewer is severed from or mutes.
pub(crate) async fn public(pool: &PgPool, viewer: Option<AccountId>, page: &Page) -> Result<Found> {
    let found = if let Some(after) = page.after() {
        sqlx::query_as!(
            Found,
            r#"select found.ids as "ids!: Vec<i64>", case when cardinality(found.ids) < $3::bigint then (
                   select p.id from posts p where p.root is null and p.visibility = 'public' and p.id > $2
                   order by p.id offset $4::bigint - 1 limit 1
               ) end as "last?"
               from (select array(
                   select l.id from (
                       select p.id from posts p where p.root is null and p.visibility = 'public' and p.id > $2
                       order by p.id limit $4
                   ) l
                   where (select visible($1, p) and not muted($1, p.author) from posts p where p.id = l.id)
                   order by l.id limit $3
               ) as ids offset 0) found"#,
            viewer as Option<AccountId>,
            after,
            page.limit + 1,
            MOST_LOOKED_AT,
        )
        .fetch_one(pool)
        .await?
    } else {
        sqlx::query_as!(
            Found,
            r#"select found.ids as "ids!: Vec<i64>", case when cardinality(found.ids) < $3::bigint then (
                   select p.id from posts p where p.root is null and p.visibility = 'public' and p.id < $2
                   order by p.id desc offset $4::bigint - 1 limit 1
               ) end as "last?"
               from (select array(
                   select l.id from (
                       select p.id from posts p where p.root is null and p.visibility = 'public' and p.id < $2
                       order by p.id desc limit $4
                   ) l
                   where (select visible($1, p) and not muted($1, p.author) from posts p where p.id = l.id)
                   order by l.id desc limit $3
               ) as ids offset 0) found"#,
            viewer as Option<AccountId>,
            page.before(),
            page.limit + 1,
            MOST_LOOKED_AT,
        )
        .fetch_one(pool)
        .await?
    };
    Ok(found)
}

/// All public posts with a tag, but for those of whom the viewer is severed from or mutes.
pub(crate) async fn tag(pool: &PgPool, viewer: Option<AccountId>, tag: &str, page: &Page) -> Result<Found> {
    let found = if let Some(after) = page.after() {
        sqlx::query_as!(
            Found,
            r#"select found.ids as "ids!: Vec<i64>", case when cardinality(found.ids) < $4::bigint then (
                   select t.post_id as id from post_tags t where t.tag = $2 and t.listed is not null and t.post_id > $3
                   order by t.post_id offset $5::bigint - 1 limit 1
               ) end as "last?"
               from (select array(
                   select l.id from (
                       select t.post_id as id from post_tags t where t.tag = $2 and t.listed is not null and t.post_id > $3
                       order by t.post_id limit $5
                   ) l
                   where (select visible($1, p) and not muted($1, p.author) from posts p where p.id = l.id)
                   order by l.id limit $4
               ) as ids offset 0) found"#,
            viewer as Option<AccountId>,
            tag,
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
                   select t.post_id as id from post_tags t where t.tag = $2 and t.listed is not null and t.post_id < $3
                   order by t.post_id desc offset $5::bigint - 1 limit 1
               ) end as "last?"
               from (select array(
                   select l.id from (
                       select t.post_id as id from post_tags t where t.tag = $2 and t.listed is not null and t.post_id < $3
                       order by t.post_id desc limit $5
                   ) l
                   where (select visible($1, p) and not muted($1, p.author) from posts p where p.id = l.id)
                   order by l.id desc limit $4
               ) as ids offset 0) found"#,
            viewer as Option<AccountId>,
            tag,
            page.before(),
            page.limit + 1,
            MOST_LOOKED_AT,
        )
        .fetch_one(pool)
        .await?
    };
    Ok(found)
}
