//! Posts that hold some words, in two steps: among the newest, where frequent words are found at once, and then by the index of
//! words, where rare ones are.
//!
//! In one step the planner would choose between the two, and of most words it knows only that they are rarer than the most
//! frequent ones: of a word that nobody has written it expects some in every thousand posts, and reads all posts for them.

use contracts::AccountId;
use serving::{Page, Result};
use sqlx::PgPool;

use crate::store::looked::{Found, MOST_LOOKED_AT};

/// Posts in which the words are looked for one by one.
const ONE_BY_ONE: i64 = 5_000;
/// Posts that the index of words may give: it knows no order, so all are needed for the newest of them.
const MOST_FITTING: i64 = 10_000;

/// What is looked for, and for whom.
pub(crate) struct Sought<'a> {
    pub(crate) viewer: Option<AccountId>,
    pub(crate) words: &'a [String],
    /// That of the words, the primary subtag of BCP 47.
    pub(crate) language: Option<&'a str>,
}

/// What the index of words gives.
struct Indexed {
    /// More than it may: then it gives nothing.
    many: bool,
    ids: Vec<i64>,
    /// As of what is [`Found`].
    last: Option<i64>,
}

/// The posts that hold every word, the newest first.
pub(crate) async fn posts(pool: &PgPool, sought: &Sought<'_>, page: &Page) -> Result<Found> {
    let most = page.limit + 1;
    let mut found = match page.after() {
        Some(after) => one_by_one_up(pool, sought, after, most).await?,
        None => one_by_one_down(pool, sought, page.before(), most).await?,
    };
    if let Some(last) = found.last {
        let missing = most - i64::try_from(found.ids.len()).expect("a page is small");
        let beyond = match page.after() {
            Some(_) => by_index_up(pool, sought, last, missing).await?,
            None => by_index_down(pool, sought, last, missing).await?,
        };
        // Words that so many posts hold are soon met one by one, by a page after this.
        if !beyond.many {
            found.ids.extend(beyond.ids);
            found.last = beyond.last;
        }
    }
    Ok(found)
}

async fn one_by_one_down(pool: &PgPool, sought: &Sought<'_>, before: i64, most: i64) -> Result<Found> {
    Ok(sqlx::query_as!(
        Found,
        r#"select found.ids as "ids!: Vec<i64>", case when cardinality(found.ids) < $5::bigint then (
               select w.post from post_words w where w.post < $4 order by w.post desc offset $6::bigint - 1 limit 1
           ) end as "last?"
           from (select array(
               select p.id from (
                   select w.post, w.words from post_words w where w.post < $4 order by w.post desc limit $6
               ) w join posts p on p.id = w.post
               where w.words @@ (select sought($2, $3)) and findable($1, p) order by p.id desc limit $5
           ) as ids offset 0) found"#,
        sought.viewer as Option<AccountId>,
        sought.words,
        sought.language,
        before,
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

async fn by_index_down(pool: &PgPool, sought: &Sought<'_>, before: i64, most: i64) -> Result<Indexed> {
    Ok(sqlx::query_as!(
        Indexed,
        r#"with fitting as materialized (
               select w.post from post_words w where w.words @@ (select sought($2, $3)) limit $7::bigint + 1
           ),
           size as materialized (select count(*) > $7::bigint as many from fitting)
           select size.many as "many!", found.ids as "ids!: Vec<i64>",
               case when not size.many and cardinality(found.ids) < $5::bigint then (
                   select f.post from fitting f where f.post < $4 order by f.post desc offset $6::bigint - 1 limit 1
               ) end as "last?"
           from size cross join lateral (select array(
               select p.id from (
                   select f.post from fitting f where f.post < $4 and not size.many order by f.post desc limit $6
               ) f join posts p on p.id = f.post
               where findable($1, p) order by p.id desc limit $5
           ) as ids offset 0) found"#,
        sought.viewer as Option<AccountId>,
        sought.words,
        sought.language,
        before,
        most,
        MOST_LOOKED_AT,
        MOST_FITTING,
    )
    .fetch_one(pool)
    .await?)
}

async fn by_index_up(pool: &PgPool, sought: &Sought<'_>, after: i64, most: i64) -> Result<Indexed> {
    Ok(sqlx::query_as!(
        Indexed,
        r#"with fitting as materialized (
               select w.post from post_words w where w.words @@ (select sought($2, $3)) limit $7::bigint + 1
           ),
           size as materialized (select count(*) > $7::bigint as many from fitting)
           select size.many as "many!", found.ids as "ids!: Vec<i64>",
               case when not size.many and cardinality(found.ids) < $5::bigint then (
                   select f.post from fitting f where f.post > $4 order by f.post offset $6::bigint - 1 limit 1
               ) end as "last?"
           from size cross join lateral (select array(
               select p.id from (
                   select f.post from fitting f where f.post > $4 and not size.many order by f.post limit $6
               ) f join posts p on p.id = f.post
               where findable($1, p) order by p.id limit $5
           ) as ids offset 0) found"#,
        sought.viewer as Option<AccountId>,
        sought.words,
        sought.language,
        after,
        most,
        MOST_LOOKED_AT,
        MOST_FITTING,
    )
    .fetch_one(pool)
    .await?)
}
