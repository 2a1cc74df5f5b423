//! Looking for posts, people and tags. Every question is bounded, whatever was typed: the newest or the likeliest that fit
//! are looked at, and of those the viewer gets what they may know of.

mod posts;

use contracts::AccountId;
use serving::Result;
use sqlx::PgPool;

pub(crate) use posts::{Sought, posts};

/// Somebody who was found.
pub(crate) struct Person {
    pub(crate) id: AccountId,
    pub(crate) handle: String,
    pub(crate) display_name: String,
    pub(crate) picture_key: Option<String>,
}

/// The people whose handle or display name begins with what was typed, or is like it, the likeliest first. The functions give a few
/// hundred at the most, so that to weigh them costs the same whoever else there is.
pub(crate) async fn people(pool: &PgPool, viewer: Option<AccountId>, typed: &str, limit: i64) -> Result<Vec<Person>> {
    Ok(sqlx::query_as!(
        Person,
        r#"with asked as materialized (
               select btrim(plain($2::text)) as typed
           ),
           beginning as materialized (
               select b.id from asked cross join lateral people_beginning(asked.typed) b (id)
           ),
           likely as materialized (
               select p.id, p.handle, p.display_name, p.picture, p.handle = asked.typed as exact,
                   starts_with(p.handle, asked.typed) as begins,
                   greatest(similarity(p.handle, asked.typed), word_similarity(asked.typed, plain(p.display_name))) as likeness
               from asked cross join lateral (
                   select b.id from beginning b
                   union select l.id from people_like(asked.typed, (select count(*) from beginning)) l (id)
               ) found cross join lateral (
                   -- Each is looked up, whatever the planner expects: it might read everybody.
                   select p.id, p.handle, p.display_name, p.picture from profiles p where p.id = found.id offset 0
               ) p
               order by exact desc, begins desc, likeness desc, p.id limit 200
           )
           select l.id as "id!: AccountId", l.handle as "handle!", l.display_name as "display_name!",
               picture_key(l.picture) as "picture_key?"
           from likely l where not severed($1, l.id)
           order by l.exact desc, l.begins desc, l.likeness desc, l.id limit $3"#,
        viewer as Option<AccountId>,
        typed,
        limit,
    )
    .fetch_all(pool)
    .await?)
}

/// The tags that begin with another, or are like it, the likeliest first: those that one of their newest hundred public posts lets
/// the viewer know.
pub(crate) async fn tags(pool: &PgPool, viewer: Option<AccountId>, tag: &str, limit: i64) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"with beginning as materialized (
               select b.tag from tags_beginning($2::text) b (tag)
           ),
           likely as materialized (
               select t.tag, t.tag = $2::text as exact, starts_with(t.tag, $2::text) as begins, similarity(t.tag, $2::text) as likeness
               from (
                   select b.tag from beginning b
                   union select l.tag from tags_like($2::text, (select count(*) from beginning)) l (tag)
               ) t
               order by exact desc, begins desc, likeness desc, t.tag limit 200
           )
           select l.tag as "tag!" from likely l cross join lateral (
               select from (
                   select pt.post_id from post_tags pt where pt.tag = l.tag and pt.listed is not null order by pt.post_id desc limit 100
               ) newest join posts p on p.id = newest.post_id
               where findable($1, p) limit 1
           ) known
           order by l.exact desc, l.begins desc, l.likeness desc, l.tag limit $3"#,
        viewer as Option<AccountId>,
        tag,
        limit,
    )
    .fetch_all(pool)
    .await?)
}
