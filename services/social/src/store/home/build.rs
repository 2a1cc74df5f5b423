//! A ring from the tables, and what is older than it.

use contracts::AccountId;
use serving::Result;
use sqlx::{PgConnection, PgPool};

use super::LATE;
use crate::store::looked::{Found, MOST_LOOKED_AT};

/// Posts of a ring.
const RING: i64 = 800;

/// Whom these readers follow has changed. Their rows are locked in one order, as by deliveries: to be called after all else that
/// waits for anybody.
pub(crate) async fn stale(connection: &mut PgConnection, readers: &[i64]) -> sqlx::Result<()> {
    if readers.is_empty() {
        return Ok(());
    }
    // A row that nobody reads by: without it, a first read that is just building a ring would not be held up. Of who is erased
    // nothing is made.
    sqlx::query!(
        "insert into home_readers (account, read_at)
         select asked.account, '-infinity' from unnest($1::bigint[]) asked (account)
         where not exists (select from hidden_accounts h where h.account = asked.account and h.state <> 'hidden')
         order by asked.account
         on conflict (account) do update set stale = true",
        readers,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks the reader's row until the ring is built; says up to which post the reader has had the news.
pub(crate) async fn begin_anew(connection: &mut PgConnection, reader: AccountId) -> Result<i64> {
    let pulled = sqlx::query_scalar!(
        r#"insert into home_readers (account, stale) values ($1, false)
           on conflict (account) do update set stale = false, read_at = clock_timestamp()
           returning pulled as "pulled!""#,
        reader as AccountId,
    )
    .fetch_one(connection)
    .await?;
    Ok((pulled - LATE).max(0))
}

/// Builds the ring of the 800 newest posts. In two steps, each of which reads little of every author: the 800th of
/// everybody's twenty newest is not newer than the 800th of all, so nothing that is older has to be looked at.
pub(crate) async fn build(connection: &mut PgConnection, reader: AccountId, known: i64) -> Result<()> {
    sqlx::query!(
        "with followed as materialized (
             select target as author, friends from relations where actor = $1 and follows
             union all select $1::bigint, true
         ),
         recent as materialized (
             select p.id from followed f cross join lateral (
                 select p.id from posts p
                 where p.author = f.author and p.root is null
                     and (p.author = $1 or for_follower(p.visibility, f.friends, exists (select from mentions m where m.post = p.id and m.account = $1)))
                 order by p.id desc limit 20
             ) p
         ),
         mark as materialized (select coalesce((select id from recent order by id desc offset $2::bigint - 1 limit 1), 0) as id),
         newest as materialized (
             select p.id from mark cross join followed f cross join lateral (
                 select p.id from posts p
                 where p.author = f.author and p.root is null and p.id >= mark.id
                     and (p.author = $1 or for_follower(p.visibility, f.friends, exists (select from mentions m where m.post = p.id and m.account = $1)))
                 order by p.id desc limit $2
             ) p
             union
             select p.id from mark cross join followed_tags t cross join lateral (
                 select pt.post_id as id from post_tags pt
                 where pt.tag = t.tag and pt.post_id >= mark.id and pt.listed is not null
                 order by pt.post_id desc limit $2
             ) p
             where t.account = $1
             order by 1 desc limit $2
         ),
         bounds as materialized (
             select count(*) as posts, max(id) as top, case when count(*) = $2 then min(id) - 1 else 0 end as floor from newest
         ),
         gone as (
             delete from home_entries e using bounds where e.reader = $1 and e.post <= bounds.floor returning e.arrived
         ),
         counted as (
             update home_readers h set arrived = h.arrived + bounds.posts, floor = bounds.floor,
                 pulled = greatest(h.pulled, coalesce(bounds.top, 0)),
                 trimmed = greatest(h.trimmed, coalesce((select max(arrived) from gone), 0))
             from bounds where h.account = $1 returning h.arrived
         )
         insert into home_entries (reader, post, arrived)
         select $1::bigint, n.id, case when n.id > $3 then c.arrived - b.posts + row_number() over (order by n.id) else 0 end
         from newest n cross join counted c cross join bounds b
         on conflict do nothing",
        reader.0,
        RING,
        known,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is older than a post, from the tables: each author's newest below it, and the newest with any of the tags, merged. What does
/// not belong at home is left out before it is cut, or less than a page would look like the end. Whose posts are left out is known of
/// who is followed; with a tag, anybody may have written, so each post is asked about, and of all tags together [`MOST_LOOKED_AT`] at
/// the most. Where that ends the page does: what an author has written below would lead past what has a tag.
pub(crate) async fn below(pool: &PgPool, reader: AccountId, before: i64, limit: i64) -> Result<Found> {
    Ok(sqlx::query_as!(
        Found,
        r#"with followed as materialized (
               select target as author, friends from relations
               where actor = $1 and follows and not (mutes and (mutes_until is null or mutes_until > now()))
                   and target not in (select s.account from severed_from($1) s) and not is_hidden(target)
               union all select $1::bigint, true
           ),
           tagged as materialized (
               select distinct t.post_id as id from followed_tags f cross join lateral (
                   select t.post_id from post_tags t
                   where t.tag = f.tag and t.listed is not null and t.post_id < $2
                   order by t.post_id desc limit $4
               ) t
               where f.account = $1
               order by 1 desc limit $4
           ),
           looked as materialized (
               select found.ids, case when cardinality(found.ids) < $3::bigint then (
                   select t.id from tagged t order by t.id desc offset $4::bigint - 1 limit 1
               ) end as last
               from (select array(
                   select l.id from (select t.id from tagged t order by t.id desc limit $4) l
                   where (select at_home($1, p) from posts p where p.id = l.id)
                   order by l.id desc limit $3
               ) as ids offset 0) found
           ),
           merged as materialized (
               select p.id from followed f cross join lateral (
                   select p.id from posts p
                   where p.author = f.author and p.root is null and p.id < $2 and p.id not in (select d.post from deletions d)
                       and (p.author = $1 or for_follower(p.visibility, f.friends, exists (select from mentions m where m.post = p.id and m.account = $1)))
                   order by p.id desc limit $3
               ) p
               where p.id >= coalesce((select l.last from looked l), 0)
               union
               select l.id from looked cross join unnest(looked.ids) l (id)
               order by 1 desc limit $3
           )
           select array(
                   select p.id from merged join posts p on p.id = merged.id where at_home($1, p) order by p.id desc
               ) as "ids!: Vec<i64>",
               case when (select count(*) from merged) < $3::bigint then (select l.last from looked l) end as "last?""#,
        reader.0,
        before,
        limit,
        MOST_LOOKED_AT,
    )
    .fetch_one(pool)
    .await?)
}
