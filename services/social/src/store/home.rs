//! The rings of home timelines: read and filled here, written by the loop in [`deliveries`]. See [`crate::home`].

mod build;
mod deliveries;

use contracts::AccountId;
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};

pub(crate) use build::{begin_anew, below, build, stale};
pub(crate) use deliveries::{
    Delivery, deliver, delivered, delivered_up_to, has_more_followers_than, is_pulled, next_delivery, pass_over, pull_from_now_on, trim,
    waiting,
};

/// A transaction takes less than a minute, so one that made its id earlier has committed by now or never will.
const LATE: i64 = 60_000 << 16;
/// Posts on their way to anybody that one read looks through.
const MOST_COMING: i64 = 1_000;

/// Where a reader's ring is, read in one statement with what it holds: a delivery may trim it between two.
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

/// What the reader's ring lacks: one's own posts, those of the much-followed, those of tags, and what is still to be delivered,
/// which is asked of each whom the reader follows where it is much. Each part is complete, or longer than what one read takes: what
/// does not belong at home, or is there already, is left out before it is cut. `None`: they never read before.
pub(crate) async fn look(pool: &PgPool, reader: AccountId) -> Result<Option<Look>> {
    Ok(sqlx::query_as!(
        Look,
        r#"with coming as materialized (select post, author from home_deliveries order by batches, post limit $4)
           select (h.stale or h.read_at < clock_timestamp() - interval '30 days') as "stale!",
               (h.read_at < clock_timestamp() - interval '1 day') as "day_old!",
               array(
                   (
                       select p.id from posts p
                       where p.author = $1 and p.root is null and p.id > since.id
                           and not exists (select from home_entries e where e.reader = $1 and e.post = p.id)
                       order by p.id desc limit $3
                   )
                   union
                   select theirs.id
                   from home_pulled pulled join relations r on r.actor = $1 and r.target = pulled.author and r.follows
                       cross join lateral (
                           select p.id from posts p
                           where p.author = pulled.author and p.root is null and p.id > since.id
                               and for_follower(p.visibility, r.friends, exists (select from mentions m where m.post = p.id and m.account = $1))
                               and not exists (select from home_entries e where e.reader = $1 and e.post = p.id)
                           order by p.id desc limit $3
                       ) theirs
                   union
                   select tagged.post_id
                   from followed_tags f cross join lateral (
                       select t.post_id from post_tags t
                       where t.tag = f.tag and t.listed > since.id and t.post_id > h.floor
                           and not exists (select from home_entries e where e.reader = $1 and e.post = t.post_id)
                       order by t.listed desc limit $3
                   ) tagged
                   where f.account = $1
                   union
                   select p.id
                   from coming join relations r on r.actor = $1 and r.target = coming.author and r.follows
                       join posts p on p.id = coming.post
                   where p.root is null and p.id > h.floor
                       and for_follower(p.visibility, r.friends, exists (select from mentions m where m.post = p.id and m.account = $1))
                       and not exists (select from home_entries e where e.reader = $1 and e.post = p.id)
                   union
                   select theirs.id
                   from relations r cross join lateral (
                       select p.id from home_deliveries d join posts p on p.id = d.post
                       where d.author = r.target and d.post > h.floor and p.root is null
                           and for_follower(p.visibility, r.friends, exists (select from mentions m where m.post = p.id and m.account = $1))
                           and not exists (select from home_entries e where e.reader = $1 and e.post = p.id)
                       order by d.post desc limit $3
                   ) theirs
                   where r.actor = $1 and r.follows and (select count(*) = $4::bigint from coming)
               ) as "news!: Vec<i64>"
           from home_readers h cross join lateral (select greatest(h.floor, h.pulled - $2) as id) since
           where h.account = $1"#,
        reader.0,
        LATE,
        i64::try_from(crate::home::MOST_NEWS).expect("small") + 1,
        MOST_COMING,
    )
    .fetch_optional(pool)
    .await?)
}

/// Notes that the reader is still there.
pub(crate) async fn touch(pool: &PgPool, reader: AccountId) -> Result<()> {
    sqlx::query!("update home_readers set read_at = clock_timestamp() where account = $1", reader as AccountId).execute(pool).await?;
    Ok(())
}

/// Puts news into the ring, numbered by time.
pub(crate) async fn take(connection: &mut PgConnection, reader: AccountId, news: &[i64]) -> Result<()> {
    let arrived = sqlx::query_scalar!(
        r#"with news as materialized (select id, row_number() over (order by id) as place from unnest($2::bigint[]) id),
           counted as (
               update home_readers set arrived = arrived + cardinality($2::bigint[]), pulled = greatest(pulled, (select max(id) from news)),
                   read_at = clock_timestamp()
               where account = $1 returning arrived
           ),
           kept as (
               insert into home_entries (reader, post, arrived)
               select $1::bigint, news.id, counted.arrived - cardinality($2::bigint[]) + news.place from news cross join counted
               on conflict do nothing
           )
           select arrived as "arrived!" from counted"#,
        reader.0,
        news,
    )
    .fetch_one(&mut *connection)
    .await?;
    let count = i64::try_from(news.len()).expect("a few");
    if arrived / 100 > (arrived - count) / 100 {
        trim(connection, &[reader.0]).await?;
    }
    Ok(())
}

/// The ring, and what it has above its floor for a page that goes back in time: one more than the page holds. `None`: there is no
/// ring any more.
pub(crate) async fn in_ring(pool: &PgPool, reader: AccountId, page: &Page) -> Result<Option<(Ring, Vec<i64>)>> {
    // Not by the floor, which the planner does not know: it would look at all entries.
    let found = sqlx::query!(
        r#"select h.arrived as "arrived!", h.trimmed as "trimmed!", h.floor as "floor!",
               array(
                   select p.id from home_entries e join posts p on p.id = e.post
                   where e.reader = $1 and e.post < $2 and at_home($1, p)
                   order by e.post desc limit $3
               ) as "posts!: Vec<i64>"
           from home_readers h where h.account = $1"#,
        reader.0,
        page.before(),
        page.limit + 1,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.map(|row| {
        let posts = row.posts.into_iter().take_while(|post| *post > row.floor).collect();
        (Ring { arrived: row.arrived, trimmed: row.trimmed, floor: row.floor }, posts)
    }))
}

/// The ring, and what arrived after a number, with their numbers in their order. `None`: there is no ring any more.
pub(crate) async fn arrived(pool: &PgPool, reader: AccountId, after: i64, limit: i64) -> Result<Option<(Ring, Vec<Arrived>)>> {
    let found = sqlx::query!(
        r#"select h.arrived as "arrived!", h.trimmed as "trimmed!", h.floor as "floor!", came.posts as "posts!: Vec<i64>",
               came.numbers as "numbers!: Vec<i64>"
           from home_readers h cross join lateral (
               select coalesce(array_agg(a.id order by a.arrived), '{}') as posts,
                   coalesce(array_agg(a.arrived order by a.arrived), '{}') as numbers
               from (
                   select p.id, e.arrived from home_entries e join posts p on p.id = e.post
                   where e.reader = $1 and e.arrived > $2 and h.trimmed <= $2 and at_home($1, p)
                   order by e.arrived limit $3
               ) a
           ) came
           where h.account = $1"#,
        reader.0,
        after,
        limit,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.map(|row| {
        let numbered = row.posts.into_iter().zip(row.numbers);
        let arrived = numbered.map(|(post, arrived)| Arrived { post, arrived }).collect();
        (Ring { arrived: row.arrived, trimmed: row.trimmed, floor: row.floor }, arrived)
    }))
}
