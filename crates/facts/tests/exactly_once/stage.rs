//! A producer, a consumer's schema, and nothing of the services.

use std::time::{Duration, Instant};

use contracts::fact::{Fact, RelationChanged};
use contracts::{AccountId, Service};
use database::Wakeups;
use facts::{Apply, Consumer, FactId, Outbox, channel, publish};
use sqlx::{PgConnection, PgPool, query, query_scalar, raw_sql};
use test_db::TestDb;
use tokio::task::{AbortHandle, JoinSet};

const PRODUCER: Service = Service::Relation;
pub const CONSUMER: Service = Service::Social;
/// Longer than anything here takes on a machine that does ten other things.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A producer whose facts are sequenced, and a consumer's schema that notes in which order they were applied.
pub struct Stage {
    /// Everything that runs; ends with this.
    tasks: JoinSet<()>,
    pub producer: PgPool,
    pub consumer: PgPool,
    pub outbox: Outbox,
    wakeups: Wakeups,
    _db: TestDb,
}

impl Stage {
    pub async fn set() -> Self {
        let db = TestDb::new(&[]).await;
        let owner = db.superuser_pool(CONSUMER);
        raw_sql(include_str!("../../migrations/consumer.sql")).execute(&owner).await.unwrap();
        let effects = "create table effects (nth bigint generated always as identity, fact bigint not null)";
        raw_sql(effects).execute(&owner).await.unwrap();

        let (producer, consumer) = (db.pool(PRODUCER), db.pool(CONSUMER));
        let outbox = Outbox::new(producer.clone(), PRODUCER);
        let wakeups = Wakeups::new([channel(PRODUCER)]);
        let mut tasks = JoinSet::new();
        tasks.spawn(outbox.clone().run());
        tasks.spawn(wakeups.clone().run(consumer.clone()));
        Self { tasks, producer, consumer, outbox, wakeups, _db: db }
    }

    /// Tells the fact number `n`.
    pub async fn tell(&self, n: i64) -> FactId {
        let mut tx = self.producer.begin().await.unwrap();
        let told = publish(&mut tx, &fact(n)).await.unwrap();
        tx.commit().await.unwrap();
        self.outbox.committed();
        told
    }

    /// Tells the facts up to number `last`, which became true at once, and waits until they have their places: whoever begins to
    /// consume finds all of them.
    pub async fn tell_up_to(&self, last: i64) {
        let mut tx = self.producer.begin().await.unwrap();
        let mut told = publish(&mut tx, &fact(1)).await.unwrap();
        for n in 2..=last {
            told = publish(&mut tx, &fact(n)).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert!(self.outbox.passed(told, DEADLINE).await.unwrap(), "nobody is there to wait for");
    }

    /// Tells what `fact` says, word for word, as another version would.
    pub async fn tell_raw(&self, fact: serde_json::Value) {
        query("insert into outbox (fact) values ($1)").bind(fact).execute(&self.producer).await.unwrap();
        self.outbox.committed();
    }

    /// Starts one replica of the consumer.
    pub fn consume(&mut self, apply: impl Apply) -> AbortHandle {
        let wakeup = self.wakeups.on(&channel(PRODUCER));
        self.tasks.spawn(Consumer::new(self.consumer.clone(), CONSUMER, PRODUCER, wakeup, apply).run())
    }

    /// The numbers of the facts that were applied, in order.
    pub async fn effects(&self) -> Vec<i64> {
        query_scalar("select fact from effects order by nth").fetch_all(&self.consumer).await.unwrap()
    }

    /// How many facts have failed and were neither applied since nor forgotten.
    pub async fn failures(&self) -> i64 {
        query_scalar("select count(*) from fact_failures").fetch_one(&self.consumer).await.unwrap()
    }

    pub async fn until_effects(&self, expected: &[i64]) {
        let deadline = Instant::now() + DEADLINE;
        while self.effects().await.len() < expected.len() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(self.effects().await, expected);
    }
}

pub fn fact(n: i64) -> Fact {
    Fact::RelationChanged(RelationChanged { follows: true, ..RelationChanged::nothing(AccountId(n), AccountId(1)) })
}

/// Notes that a fact was applied; says which.
pub async fn note(connection: &mut PgConnection, fact: &Fact) -> sqlx::Result<i64> {
    let Fact::RelationChanged(RelationChanged { actor: AccountId(n), .. }) = fact else { panic!("nobody told {fact:?}") };
    query("insert into effects (fact) values ($1)").bind(n).execute(connection).await?;
    Ok(*n)
}
