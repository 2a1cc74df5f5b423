use std::sync::Arc;
use std::time::Duration;

use contracts::Service;
use contracts::fact::Fact;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::backlog;

/// Facts given a place in one go.
const BATCH: i64 = 1000;
/// How soon facts of a replica that died between commit and sequencing are found.
const POLL: Duration = Duration::from_secs(1);
/// How long facts gather after some were given places. Each time wakes every consumer, so many writes at once would have them apply
/// a few facts at a time. What narrows does not wait for it: it sees to its place itself.
const GATHER: Duration = Duration::from_millis(10);
/// How long facts that everybody has applied are kept for whoever looks into a matter.
const KEEP: &str = "7 days";

/// A published fact, to ask after with [`Outbox::passed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactId(i64);

/// The channel on which a producer's new facts are announced.
pub fn channel(producer: Service) -> String {
    format!("facts_{producer}")
}

/// Tells a fact, in the transaction that makes it true. Take the row locks of what the fact describes first: then facts
/// about one thing get their places in the order in which they became true.
pub async fn publish(connection: &mut PgConnection, fact: &Fact) -> sqlx::Result<FactId> {
    let fact = serde_json::to_value(fact).expect("facts are made of strings and numbers, and nobody tells an unknown one");
    sqlx::query_scalar("insert into outbox (fact, traceparent) values ($1, $2) returning id")
        .bind(fact)
        .bind(telemetry::traceparent())
        .fetch_one(connection)
        .await
        .map(FactId)
}

/// The producer's side of its own outbox.
#[derive(Clone)]
pub struct Outbox {
    pool: PgPool,
    producer: Service,
    committed: Arc<Notify>,
}

impl Outbox {
    /// The outbox in the schema of `producer`, whose role `pool` has.
    pub fn new(pool: PgPool, producer: Service) -> Self {
        Self { pool, producer, committed: Arc::default() }
    }

    /// Says that facts were committed, so that they are sequenced at once.
    pub fn committed(&self) {
        self.committed.notify_one();
    }

    /// Sequences what is committed, until dropped. Every replica runs it; a lock lets one work at a time.
    pub async fn run(self) {
        tokio::join!(self.sequence_all(), backlog::watch_outbox(self.pool.clone(), self.producer));
    }

    async fn sequence_all(&self) {
        let mut pruned = Instant::now();
        loop {
            match self.sequence().await.inspect_err(database::failed) {
                Ok(BATCH..) => continue,
                Ok(1..) => tokio::time::sleep(GATHER).await,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "failed to sequence facts; trying again"),
            }
            if pruned.elapsed() > Duration::from_secs(600) {
                pruned = Instant::now();
                if let Err(error) = self.prune().await.inspect_err(database::failed) {
                    tracing::warn!(%error, "failed to prune old facts; trying again later");
                }
            }
            let _ = tokio::time::timeout(POLL, self.committed.notified()).await;
        }
    }

    /// Gives committed facts their places, up to a batch; says how many. One message, and so one transaction and one round trip: the
    /// lock in a statement of its own, so that the next one sees what the lock's last holder has committed.
    async fn sequence(&self) -> sqlx::Result<i64> {
        let (producer, channel) = (self.producer, channel(self.producer));
        let sequence = format!(
            "select pg_advisory_xact_lock(hashtext('facts'), hashtext('{producer}'));
             with waiting as materialized (
                 select id from outbox where position is null order by id limit {BATCH}
             ),
             place as materialized (
                 select id, nextval('outbox_positions') as position from waiting
             ),
             placed as (
                 update outbox set position = place.position from place where outbox.id = place.id returning outbox.id
             ),
             announced as materialized (
                 select pg_notify('{channel}', '') where exists (select from placed)
             )
             select (select count(*) from placed), (select count(*) from announced)"
        );
        let answers = sqlx::raw_sql(AssertSqlSafe(sequence)).fetch_all(&self.pool).await?;
        answers.last().expect("a row of the second statement").try_get(0)
    }

    /// Waits until every consumer that shows something to anybody has applied `fact`, up to `at_most`; `false` means that some
    /// are still at it. Auth is not waited for: all that it hears is who has forgotten whom.
    pub async fn passed(&self, fact: FactId, at_most: Duration) -> sqlx::Result<bool> {
        let deadline = Instant::now() + at_most;
        // Then it has its place, whatever was before it.
        while self.sequence().await? == BATCH {}
        let mut pause = Duration::from_millis(2);
        loop {
            // One that is not there was passed and pruned long ago.
            let passed: Option<bool> = sqlx::query_scalar(
                "select position is not null
                     and not exists (select from outbox_cursors where outbox_cursors.position < outbox.position and consumer <> $2)
                 from outbox where id = $1",
            )
            .bind(fact.0)
            .bind(Service::Auth.name())
            .fetch_optional(&self.pool)
            .await?;
            let passed = passed.unwrap_or(true);
            if passed || Instant::now() >= deadline {
                return Ok(passed);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    /// The newest fact that was told, if any is left: whoever has passed it has heard of everything so far.
    pub async fn newest(&self) -> sqlx::Result<Option<FactId>> {
        let id: Option<i64> = sqlx::query_scalar("select max(id) from outbox").fetch_one(&self.pool).await?;
        Ok(id.map(FactId))
    }

    async fn prune(&self) -> sqlx::Result<()> {
        // Of the oldest places, which are read by their index: the younger ones need no look.
        let batch = format!(
            "delete from outbox where position = any(array(
                 select position from (
                     select position, created_at from outbox
                     where position <= (select min(position) from outbox_cursors) order by position limit {BATCH}
                 ) oldest
                 where created_at < now() - interval '{KEEP}'))"
        );
        while sqlx::query(AssertSqlSafe(batch.clone())).execute(&self.pool).await?.rows_affected() == BATCH as u64 {}
        Ok(())
    }
}
