//! Every fact is applied once, in the order in which it became true, whoever is slow, late, wrong or killed.

mod failing;
mod stage;

use std::sync::Arc;
use std::time::Duration;

use contracts::Service;
use contracts::fact::Fact;
use facts::{Apply, publish};
use serde_json::json;
use sqlx::{PgConnection, query, query_scalar};
use tokio::sync::Notify;

use crate::stage::{CONSUMER, DEADLINE, Stage, fact, note};

/// Applies everything.
struct Willing;

impl Apply for Willing {
    async fn apply(&self, connection: &mut PgConnection, facts: &[Fact]) -> sqlx::Result<()> {
        for fact in facts {
            note(connection, fact).await?;
        }
        Ok(())
    }
}

/// Stops for good in the middle of one fact, with the effect written and nothing committed.
struct StopsAt(i64, Arc<Notify>);

impl Apply for StopsAt {
    async fn apply(&self, connection: &mut PgConnection, facts: &[Fact]) -> sqlx::Result<()> {
        for fact in facts {
            if note(connection, fact).await? == self.0 {
                self.1.notify_one();
                std::future::pending::<()>().await;
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn an_older_transaction_that_commits_last_is_not_lost() {
    let mut stage = Stage::set().await;
    stage.consume(Willing);
    let mut oldest = stage.producer.begin().await.unwrap();
    publish(&mut oldest, &fact(1)).await.unwrap();
    let mut older = stage.producer.begin().await.unwrap();
    publish(&mut older, &fact(2)).await.unwrap();
    // Told last, committed first: the cursor goes beyond its id and its transaction's number.
    stage.tell(3).await;
    stage.until_effects(&[3]).await;
    older.commit().await.unwrap();
    stage.outbox.committed();
    stage.until_effects(&[3, 2]).await;
    oldest.commit().await.unwrap();
    stage.outbox.committed();
    stage.until_effects(&[3, 2, 1]).await;
}

#[tokio::test]
async fn what_was_rolled_back_was_never_told() {
    let mut stage = Stage::set().await;
    stage.consume(Willing);
    let mut tx = stage.producer.begin().await.unwrap();
    publish(&mut tx, &fact(1)).await.unwrap();
    tx.rollback().await.unwrap();
    let told = stage.tell(2).await;
    assert!(stage.outbox.passed(told, DEADLINE).await.unwrap());
    stage.until_effects(&[2]).await;
}

#[tokio::test]
async fn facts_are_applied_in_order_by_however_many_replicas() {
    let mut stage = Stage::set().await;
    for _ in 0..3 {
        stage.consume(Willing);
    }
    // More than a consumer takes at once.
    for n in 1..=250 {
        stage.tell(n).await;
    }
    stage.until_effects(&Vec::from_iter(1..=250)).await;
}

#[tokio::test]
async fn a_consumer_that_is_killed_halfway_has_done_nothing_and_its_successor_does_it_once() {
    let mut stage = Stage::set().await;
    for n in 1..=5 {
        stage.tell(n).await;
        let reached = Arc::new(Notify::new());
        let killed = stage.consume(StopsAt(n, reached.clone()));
        tokio::time::timeout(DEADLINE, reached.notified()).await.expect("the consumer gets there");
        killed.abort();
    }
    // What came before the fact that it stopped at may be done, in order and once; the fact itself is not.
    let done = stage.effects().await;
    assert!(done.len() < 5, "{done:?}");
    assert_eq!(done, (1..).take(done.len()).collect::<Vec<_>>());
    stage.consume(Willing);
    stage.until_effects(&[1, 2, 3, 4, 5]).await;
    stage.tell(6).await;
    stage.until_effects(&[1, 2, 3, 4, 5, 6]).await;
}

#[tokio::test]
async fn of_facts_that_wait_together_none_is_applied_by_a_consumer_that_is_killed_halfway() {
    let mut stage = Stage::set().await;
    stage.tell_up_to(5).await;
    for n in [4, 2, 5] {
        let reached = Arc::new(Notify::new());
        let killed = stage.consume(StopsAt(n, reached.clone()));
        tokio::time::timeout(DEADLINE, reached.notified()).await.expect("the consumer gets there");
        killed.abort();
        assert_eq!(stage.effects().await, [0; 0]);
    }
    stage.consume(Willing);
    stage.until_effects(&[1, 2, 3, 4, 5]).await;
}

#[tokio::test]
async fn facts_that_wait_are_applied_a_hundred_in_a_transaction() {
    let mut stage = Stage::set().await;
    stage.tell_up_to(250).await;
    stage.consume(Willing);
    stage.until_effects(&Vec::from_iter(1..=250)).await;
    // A savepoint counts as a transaction of its own.
    let sizes = "select count(*) from effects group by xmin::text order by min(nth)";
    let sizes: Vec<i64> = query_scalar(sizes).fetch_all(&stage.consumer).await.unwrap();
    assert_eq!(sizes, [100, 100, 50]);
}

#[tokio::test]
async fn a_fact_of_a_kind_that_is_not_known_is_passed_by_and_not_parked() {
    let mut stage = Stage::set().await;
    stage.consume(Willing);
    stage.tell(1).await;
    stage.tell_raw(json!({"kind": "comet.passed", "comet": "1P", "seen_by": ["1", "2"]})).await;
    stage.tell(2).await;
    stage.until_effects(&[1, 2]).await;
    assert_eq!(stage.failures().await, 0);
}

#[tokio::test]
async fn a_fact_has_passed_when_the_last_cursor_has() {
    let mut stage = Stage::set().await;
    let told = stage.tell(1).await;
    assert!(stage.outbox.passed(told, DEADLINE).await.unwrap(), "nobody is there to wait for");

    // Registered, and not running.
    let register = "insert into outbox_cursors (consumer, position) values ($1, 0)";
    for consumer in [CONSUMER, Service::Photo] {
        query(register).bind(consumer.name()).execute(&stage.producer).await.unwrap();
    }
    let moment = Duration::from_millis(100);
    assert!(!stage.outbox.passed(told, moment).await.unwrap());
    stage.consume(Willing);
    stage.until_effects(&[1]).await;
    assert!(!stage.outbox.passed(told, moment).await.unwrap(), "photo has not heard");

    query("delete from outbox_cursors where consumer = 'photo'").execute(&stage.producer).await.unwrap();
    for n in 2..=20 {
        let told = stage.tell(n).await;
        assert!(stage.outbox.passed(told, DEADLINE).await.unwrap());
        assert_eq!(stage.effects().await.last(), Some(&n), "it has passed and is not applied");
    }
}
