//! Posts on their way to the rings.

use contracts::AccountId;
use sqlx::{PgConnection, PgPool};

/// Entries of a ring that stay when it is trimmed.
const RING: i64 = 800;
/// A longer queue than this is counted as this long: what is wrong then is not its length.
const MOST_COUNTED: i64 = 10_000;

/// A post that is to be delivered.
pub(crate) struct Delivery {
    pub(crate) post: i64,
    pub(crate) author: AccountId,
    /// Followers up to this one have it.
    pub(crate) passed: i64,
    /// To others than before: its audience has changed.
    pub(crate) again: bool,
    /// Of the post, in seconds.
    pub(crate) age: f64,
    /// What caused it, if that is known.
    pub(crate) traceparent: Option<String>,
}

/// What became of a batch.
pub(crate) struct Batch {
    pub(crate) followers: i64,
    /// Rings that it was put into.
    pub(crate) entries: i64,
    /// The last of them.
    pub(crate) last: Option<i64>,
    /// Whose ring is due for trimming: each hundredth arrival.
    pub(crate) full: Vec<i64>,
}

/// The next delivery that nobody is at, locked until the transaction ends.
pub(crate) async fn next_delivery(connection: &mut PgConnection) -> sqlx::Result<Option<Delivery>> {
    sqlx::query_as!(
        Delivery,
        r#"select post, author as "author: AccountId", passed, again, traceparent,
               (extract(epoch from clock_timestamp()) - (post >> 16) / 1000.0)::float8 as "age!"
           from home_deliveries order by batches, post limit 1 for update skip locked"#,
    )
    .fetch_optional(connection)
    .await
}

/// Do readers look for this post themselves?
pub(crate) async fn is_pulled(connection: &mut PgConnection, delivery: &Delivery) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from home_pulled where author = $1 and since < $2) as "pulled!""#,
        delivery.author as AccountId,
        delivery.post,
    )
    .fetch_one(connection)
    .await
}

/// Counts no further than it has to.
pub(crate) async fn has_more_followers_than(connection: &mut PgConnection, author: AccountId, most: i64) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select (select count(*) from (select from relations where target = $1 and follows limit $2::bigint + 1) followers) > $2::bigint as "more!""#,
        author.0,
        most,
    )
    .fetch_one(connection)
    .await
}

/// From a minute from now on, readers look for what this author posts: by then, every read knows of it.
pub(crate) async fn pull_from_now_on(connection: &mut PgConnection, author: AccountId) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into home_pulled (author, since)
         values ($1, ((extract(epoch from clock_timestamp()) * 1000)::bigint + 60000) << 16) on conflict do nothing",
        author as AccountId,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Puts a post into the rings of the next followers who read. Readers are locked in one order, so two deliveries wait for
/// each other and never in a circle.
pub(crate) async fn deliver(connection: &mut PgConnection, delivery: &Delivery, most: i64) -> sqlx::Result<Batch> {
    sqlx::query_as!(
        Batch,
        r#"with batch as materialized (
               select actor, friends from relations where target = $2 and follows and actor > $3 order by actor limit $4
           ),
           readers as materialized (
               select h.account from home_readers h join batch on batch.actor = h.account join posts p on p.id = $1
               where h.read_at > clock_timestamp() - interval '30 days' and p.id > h.floor
                   and for_follower(p.visibility, batch.friends, exists (select from mentions m where m.post = p.id and m.account = h.account))
                   and not exists (select from home_entries e where e.reader = h.account and e.post = p.id)
               order by h.account for update of h
           ),
           counted as (
               update home_readers h set arrived = h.arrived + 1 from readers where h.account = readers.account
               returning h.account, h.arrived
           ),
           kept as (
               insert into home_entries (reader, post, arrived) select account, $1::bigint, arrived from counted on conflict do nothing
           )
           select (select count(*) from batch) as "followers!", (select count(*) from counted) as "entries!",
               (select max(actor) from batch) as last,
               array(select account from counted where arrived % 100 = 0) as "full!: Vec<i64>""#,
        delivery.post,
        delivery.author.0,
        delivery.passed,
        most,
    )
    .fetch_one(connection)
    .await
}

/// Takes the oldest out of these rings. Their readers' rows must be locked.
pub(crate) async fn trim(connection: &mut PgConnection, readers: &[i64]) -> sqlx::Result<()> {
    if readers.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "with cut as materialized (
             select reader, (select e.post from home_entries e where e.reader = asked.reader order by e.post desc offset $2 limit 1) as post
             from unnest($1::bigint[]) asked (reader)
         ),
         gone as (
             delete from home_entries e using cut where e.reader = cut.reader and e.post <= cut.post returning e.reader, e.arrived
         ),
         last as (select reader, max(arrived) as arrived from gone group by reader)
         update home_readers h set floor = greatest(h.floor, cut.post), trimmed = greatest(h.trimmed, last.arrived)
         from cut join last on last.reader = cut.reader where h.account = cut.reader",
        readers,
        RING,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// The batch is done, and there may be another.
pub(crate) async fn delivered_up_to(connection: &mut PgConnection, post: i64, follower: i64) -> sqlx::Result<()> {
    sqlx::query!("update home_deliveries set passed = $2, batches = batches + 1 where post = $1", post, follower)
        .execute(connection)
        .await
        .map(drop)
}

/// A batch has failed, which counts as one: others come before it is tried again.
pub(crate) async fn pass_over(pool: &PgPool, post: i64) -> sqlx::Result<()> {
    sqlx::query!("update home_deliveries set batches = batches + 1 where post = $1", post).execute(pool).await.map(drop)
}

/// Everybody has it.
pub(crate) async fn delivered(connection: &mut PgConnection, post: i64) -> sqlx::Result<()> {
    sqlx::query!("delete from home_deliveries where post = $1", post).execute(connection).await.map(drop)
}

/// What is on its way.
pub(crate) struct Waiting {
    pub(crate) posts: i64,
    /// Of the oldest new post, in seconds. One that is delivered again has the age of its writing, which says nothing.
    pub(crate) age: f64,
}

/// Counts what is on its way.
pub(crate) async fn waiting(pool: &PgPool) -> sqlx::Result<Waiting> {
    sqlx::query_as!(
        Waiting,
        r#"select count(*) as "posts!",
               coalesce(extract(epoch from clock_timestamp()) - (min(post) filter (where not again) >> 16) / 1000.0, 0)::float8 as "age!"
           from (select post, again from home_deliveries order by post limit $1) oldest"#,
        MOST_COUNTED,
    )
    .fetch_one(pool)
    .await
}
