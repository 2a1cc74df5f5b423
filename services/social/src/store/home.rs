//! The rings of home timelines: read and filled here, written by the loop in [`deliveries`]. See [`crate::home`].

mod build;
mod deliveries;

use contracts::AccountId;
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};

pub(crate) use build::{begin_anew, below, build, stale};
pub(crate) use deliveries::{
    Delivery, deliver, delivered, delivered_up_to, has_more_followers_than, is_pulled, next_delivery, pull_from_now_on, trim, waiting,
};

/// A transaction takes less than a minute, so one that made its id earlier has committed by now or never will.
const LATE: i64 = 60_000 << 16;

/// How far a reader's ring is.
#[derive(Clone, Copy)]
pub(crate) struct Ring {
    /// The number of the last that arrived.
    pub(crate) arrived: i64,
    /// The highest number that has left.
    pub(crate) trimmed: i64,
    /// Everything newer than this post is in it.
    pub(crate) floor: i64,
}

/// What a read finds.
pub(crate) struct Look {
    pub(crate) ring: Ring,
    pub(crate) stale: bool,
    /// Nobody has noted for a day that it is read.
    pub(crate) day_old: bool,
    /// Posts that belong into it.
    pub(crate) news: Vec<i64>,
}

/// An entry that arrived after another.
pub(crate) struct Arrived {
    pub(crate) post: i64,
    pub(crate) arrived: i64,
}

/// The reader's ring and what is not yet in it: one's own posts, those of the much-followed, those of tags, and what is
/// still to be delivered. `None`: they never read before.
pub(crate) async fn look(pool: &PgPool, reader: AccountId) -> Result<Option<Look>> {
    let found = sqlx::query!(
        r#"select h.arrived as "arrived!", h.trimmed as "trimmed!", h.floor as "floor!",
               (h.stale or h.read_at < clock_timestamp() - interval '30 days') as "stale!",
               (h.read_at < clock_timestamp() - interval '1 day') as "day_old!",
               array(
                   select distinct p.id from (
                       select own.id from (
                           select id from posts where author = $1 and root is null and id > since.id order by id desc limit $3
                       ) own
                       union all
                       select theirs.id
                       from home_pulled pulled join relations r on r.actor = $1 and r.target = pulled.author and r.follows
                           cross join lateral (
                               select id from posts where author = pulled.author and root is null and id > since.id order by id desc limit $3
                           ) theirs
                       union all
                       select tagged.post_id
                       from followed_tags f cross join lateral (
                           select post_id from post_tags where tag = f.tag and post_id > since.id order by post_id desc limit $3
                       ) tagged
                       where f.account = $1
                       union all
                       select coming.post
                       from (select post, author from home_deliveries order by batches, post limit 1000) coming
                           join relations r on r.actor = $1 and r.target = coming.author and r.follows
                   ) found (id)
                       join posts p on p.id = found.id
                       left join relations r on r.actor = $1 and r.target = p.author
                   where p.root is null and p.id > h.floor
                       and (p.author = $1 or for_follower(p.visibility, coalesce(r.friends, false), exists (
                           select from mentions m where m.post = p.id and m.account = $1
                       )))
                       and not exists (select from home_entries e where e.reader = $1 and e.post = p.id)
               ) as "news!: Vec<i64>"
           from home_readers h cross join lateral (select greatest(h.floor, h.pulled - $2) as id) since
           where h.account = $1"#,
        reader.0,
        LATE,
        i64::try_from(crate::home::MOST_NEWS).expect("small") + 1,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.map(|row| Look {
        ring: Ring { arrived: row.arrived, trimmed: row.trimmed, floor: row.floor },
        stale: row.stale,
        day_old: row.day_old,
        news: row.news,
    }))
}

/// Notes that the reader is still there.
pub(crate) async fn touch(pool: &PgPool, reader: AccountId) -> Result<()> {
    sqlx::query!("update home_readers set read_at = clock_timestamp() where account = $1", reader as AccountId).execute(pool).await?;
    Ok(())
}

/// Puts news into the ring, numbered by time.
pub(crate) async fn take(connection: &mut PgConnection, reader: AccountId, news: &[i64]) -> Result<Ring> {
    let row = sqlx::query!(
        r#"with news as materialized (select id, row_number() over (order by id) as place from unnest($2::bigint[]) id),
           counted as (
               update home_readers set arrived = arrived + cardinality($2::bigint[]), pulled = greatest(pulled, (select max(id) from news)),
                   read_at = clock_timestamp()
               where account = $1 returning arrived, trimmed, floor
           ),
           kept as (
               insert into home_entries (reader, post, arrived)
               select $1::bigint, news.id, counted.arrived - cardinality($2::bigint[]) + news.place from news cross join counted
               on conflict do nothing
           )
           select arrived as "arrived!", trimmed as "trimmed!", floor as "floor!" from counted"#,
        reader.0,
        news,
    )
    .fetch_one(&mut *connection)
    .await?;
    let count = i64::try_from(news.len()).expect("a few");
    if row.arrived / 100 > (row.arrived - count) / 100 {
        trim(connection, &[reader.0]).await?;
    }
    Ok(Ring { arrived: row.arrived, trimmed: row.trimmed, floor: row.floor })
}

/// What the ring has for a page that goes back in time, one more than it holds. What arrived since the ring was looked at
/// is for the next poll.
pub(crate) async fn in_ring(pool: &PgPool, reader: AccountId, page: &Page, ring: Ring) -> Result<Vec<i64>> {
    // The past has number zero.
    let after = if page.after > 0 { page.after } else { -1 };
    Ok(sqlx::query_scalar!(
        r#"select p.id as "id!" from home_entries e join posts p on p.id = e.post
           where e.reader = $1 and e.post < $2 and e.post > $3 and e.arrived > $4 and e.arrived <= $5 and at_home($1, p)
           order by e.post desc limit $6"#,
        reader.0,
        page.before,
        ring.floor,
        after,
        ring.arrived,
        page.limit + 1,
    )
    .fetch_all(pool)
    .await?)
}

/// What arrived after a number, in its order.
pub(crate) async fn arrived(pool: &PgPool, reader: AccountId, after: i64, ring: Ring, limit: i64) -> Result<Vec<Arrived>> {
    Ok(sqlx::query_as!(
        Arrived,
        r#"select p.id as "post!", e.arrived as "arrived!" from home_entries e join posts p on p.id = e.post
           where e.reader = $1 and e.arrived > $2 and e.arrived <= $3 and at_home($1, p)
           order by e.arrived limit $4"#,
        reader.0,
        after,
        ring.arrived,
        limit,
    )
    .fetch_all(pool)
    .await?)
}
