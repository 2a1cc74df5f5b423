//! Posts that hold some words, in two steps: among the newest, where frequent words are found at once, and then by the index of
//! words, where rare ones are.
//!
//! In one step the planner would choose between the two, and of most words it knows only that they are rarer than the most
//! frequent ones: of a word that nobody has written it expects some in every thousand posts, and reads all posts for them.

use contracts::AccountId;
use serving::{Page, Result};
use sqlx::PgPool;

/// Posts in which the words are looked for one by one.
const ONE_BY_ONE: i64 = 5_000;
/// Older posts that hold the words, of which it is asked, for one page, whether the viewer may find them.
const MOST_ASKED: i64 = 1_000;

/// What is looked for, and for whom.
pub(crate) struct Sought<'a> {
    pub(crate) viewer: Option<AccountId>,
    pub(crate) words: &'a [String],
    /// That of the words, the primary subtag of BCP 47.
    pub(crate) language: Option<&'a str>,
}

/// What is found.
pub(crate) struct Found {
    pub(crate) ids: Vec<i64>,
    /// The last post that was looked at, if that were many, not enough was found, and there are more.
    pub(crate) last: Option<i64>,
}

/// The posts that hold every word, the newest first.
pub(crate) async fn posts(pool: &PgPool, sought: &Sought<'_>, page: &Page) -> Result<Found> {
    let most = page.limit + 1;
    let mut found = match page.ascending() {
        true => one_by_one_up(pool, sought, page.after, most).await?,
        false => one_by_one_down(pool, sought, page.before, page.after, most).await?,
    };
    if let Some(last) = found.last {
        let missing = most - i64::try_from(found.ids.len()).expect("a page is small");
        let beyond = match page.ascending() {
            true => by_index_up(pool, sought, last, missing).await?,
            false => by_index_down(pool, sought, last, page.after, missing).await?,
        };
        found.ids.extend(beyond.ids);
        found.last = beyond.last;
    }
    Ok(found)
}

async fn one_by_one_down(pool: &PgPool, sought: &Sought<'_>, before: i64, after: i64, most: i64) -> Result<Found> {
    Ok(sqlx::query_as!(
        Found,
        r#"select found.ids as "ids!: Vec<i64>", case when cardinality(found.ids) < $6::bigint then (
               select w.post from post_words w where w.post < $4 and w.post > $5 order by w.post desc offset $7::bigint - 1 limit 1
           ) end as "last?"
           from (select array(
               select p.id from (
                   select w.post, w.words from post_words w where w.post < $4 and w.post > $5 order by w.post desc limit $7
               ) w join posts p on p.id = w.post
               where w.words @@ (select sought($2, $3)) and findable($1, p) order by p.id desc limit $6
           ) as ids offset 0) found"#,
        sought.viewer as Option<AccountId>,
        sought.words,
        sought.language,
        before,
        after,
        most,
        ONE_BY_ONE,
    )
    .fetch_one(pool)
    .await?)
}

async fn one_by_one_up(pool: &PgPool, sought: &Sought<'_>, after: i64, most: i64) -> Result<Found> {
    Ok(sqlx::query_as!(
        Found,
        r#"select found.ids as "ids!: Vec<i64>", case when cardinality(found.ids) < $5::bigint then (
               select w.post from post_words w where w.post > $4 order by w.post offset $6::bigint - 1 limit 1
           ) end as "last?"
           from (select array(
               select p.id from (
                   select w.post, w.words from post_words w where w.post > $4 order by w.post limit $6
               ) w join posts p on p.id = w.post
               where w.words @@ (select sought($2, $3)) and findable($1, p) order by p.id limit $5
           ) as ids offset 0) found"#,
        sought.viewer as Option<AccountId>,
        sought.words,
        sought.language,
        after,
        most,
        ONE_BY_ONE,
    )
    .fetch_one(pool)
    .await?)
}

async fn by_index_down(pool: &PgPool, sought: &Sought<'_>, before: i64, after: i64, most: i64) -> Result<Found> {
    Ok(sqlx::query_as!(
        Found,
        r#"with fitting as materialized (select w.post from post_words w where w.words @@ (select sought($2, $3)))
           select found.ids as "ids!: Vec<i64>", case when cardinality(found.ids) < $6::bigint then (
               select f.post from fitting f where f.post < $4 and f.post > $5 order by f.post desc offset $7::bigint - 1 limit 1
           ) end as "last?"
           from (select array(
               select p.id from (
                   select f.post from fitting f where f.post < $4 and f.post > $5 order by f.post desc limit $7
               ) f join posts p on p.id = f.post
               where findable($1, p) order by p.id desc limit $6
           ) as ids offset 0) found"#,
        sought.viewer as Option<AccountId>,
        sought.words,
        sought.language,
        before,
        after,
        most,
        MOST_ASKED,
    )
    .fetch_one(pool)
    .await?)
}

async fn by_index_up(pool: &PgPool, sought: &Sought<'_>, after: i64, most: i64) -> Result<Found> {
    Ok(sqlx::query_as!(
        Found,
        r#"with fitting as materialized (select w.post from post_words w where w.words @@ (select sought($2, $3)))
           select found.ids as "ids!: Vec<i64>", case when cardinality(found.ids) < $5::bigint then (
               select f.post from fitting f where f.post > $4 order by f.post offset $6::bigint - 1 limit 1
           ) end as "last?"
           from (select array(
               select p.id from (
                   select f.post from fitting f where f.post > $4 order by f.post limit $6
               ) f join posts p on p.id = f.post
               where findable($1, p) order by p.id limit $5
           ) as ids offset 0) found"#,
        sought.viewer as Option<AccountId>,
        sought.words,
        sought.language,
        after,
        most,
        MOST_ASKED,
    )
    .fetch_one(pool)
    .await?)
}
