//! What becomes of facts that cannot be applied.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use contracts::AccountId;
use contracts::fact::Fact;
use facts::Apply;
use serde_json::{Value, json};
use sqlx::{PgConnection, query, query_as, query_scalar};

use crate::Willing;
use crate::stage::{DEADLINE, Stage, note};

/// Fails at one fact, after its effect was written.
struct FailsAt(i64);

impl Apply for FailsAt {
    async fn apply(&self, connection: &mut PgConnection, facts: &[Fact]) -> sqlx::Result<()> {
        for fact in facts {
            if note(connection, fact).await? == self.0 {
                return Err(sqlx::Error::Protocol("this one is not for me".to_owned()));
            }
        }
        Ok(())
    }
}

/// Panics the first two times that it gets to one fact, after its effect was written.
struct PanicsTwiceAt(i64, AtomicUsize);

impl Apply for PanicsTwiceAt {
    async fn apply(&self, connection: &mut PgConnection, facts: &[Fact]) -> sqlx::Result<()> {
        for fact in facts {
            if note(connection, fact).await? == self.0 {
                assert!(self.1.fetch_add(1, Ordering::SeqCst) >= 2, "this one is too much");
            }
        }
        Ok(())
    }
}

/// Applies everything, if what it needs is free; counts how often it tries.
struct Impatient(Arc<AtomicUsize>);

impl Apply for Impatient {
    async fn apply(&self, connection: &mut PgConnection, facts: &[Fact]) -> sqlx::Result<()> {
        self.0.fetch_add(1, Ordering::SeqCst);
        query("set local lock_timeout = '10ms'").execute(&mut *connection).await?;
        for fact in facts {
            note(connection, fact).await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_failing_fact_is_parked_after_ten_attempts_and_the_next_ones_go_on() {
    let mut stage = Stage::set().await;
    stage.consume(FailsAt(2));
    stage.tell(1).await;
    stage.until_effects(&[1]).await;
    stage.tell(2).await;
    let last = stage.tell(3).await;
    assert!(stage.outbox.passed(last, DEADLINE).await.unwrap(), "it holds up the rest");
    // Of the ten attempts nothing is left.
    assert_eq!(stage.effects().await, [1, 3]);

    let parked = "select fact->>'actor', attempts, parked_at is not null, error from fact_failures";
    let parked: Vec<(String, i32, bool, String)> = query_as(parked).fetch_all(&stage.consumer).await.unwrap();
    let [(actor, attempts, parked, error)] = parked.as_slice() else { panic!("{parked:?}") };
    assert_eq!((actor.as_str(), *attempts, *parked), ("2", 10, true));
    assert!(error.contains("this one is not for me"), "{error}");
}

#[tokio::test]
async fn of_facts_that_wait_together_the_failing_one_is_parked_and_the_others_are_applied_once() {
    let mut stage = Stage::set().await;
    stage.tell_up_to(5).await;
    stage.consume(FailsAt(3));
    stage.until_effects(&[1, 2, 4, 5]).await;
    let failures = "select fact->>'actor', attempts, parked_at is not null from fact_failures";
    let failures: Vec<(String, i32, bool)> = query_as(failures).fetch_all(&stage.consumer).await.unwrap();
    assert_eq!(failures, [("3".to_owned(), 10, true)]);
}

#[tokio::test]
async fn a_fact_whose_application_panics_has_failed_and_is_tried_again() {
    let mut stage = Stage::set().await;
    stage.tell_up_to(3).await;
    // Once among the others, which says nothing of it, and once alone.
    stage.consume(PanicsTwiceAt(2, AtomicUsize::new(0)));
    stage.until_effects(&[1, 2, 3]).await;
    assert_eq!(stage.failures().await, 0, "it was applied after all");
}

#[tokio::test]
async fn a_lock_that_somebody_holds_is_no_failure_of_a_fact_which_is_applied_when_it_goes() {
    let mut stage = Stage::set().await;
    stage.tell_up_to(2).await;
    // As a migration does that builds an index.
    let mut migration = stage.consumer.begin().await.unwrap();
    query("lock table effects in share mode").execute(&mut *migration).await.unwrap();
    let tries = Arc::new(AtomicUsize::new(0));
    stage.consume(Impatient(tries.clone()));
    // Once together, and again and again alone.
    let tried = async {
        while tries.load(Ordering::SeqCst) < 4 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(DEADLINE, tried).await.expect("the consumer tries");
    assert_eq!(stage.failures().await, 0);
    migration.rollback().await.unwrap();
    stage.until_effects(&[1, 2]).await;
    assert_eq!(stage.failures().await, 0);
}

#[tokio::test]
async fn a_fact_of_a_known_kind_that_cannot_be_read_is_parked_without_words_until_who_it_names_is_forgotten() {
    let mut stage = Stage::set().await;
    stage.consume(Willing);
    let told = |alt: &str| json!({"kind": "photo.changed", "photo": "1", "owner": "7", "state": {"alt": alt}});
    stage.tell_raw(told("quokkas")).await;
    stage.tell(1).await;
    stage.until_effects(&[1]).await;
    let parked: Vec<Value> =
        query_scalar("select fact from fact_failures where parked_at is not null").fetch_all(&stage.consumer).await.unwrap();
    assert_eq!(parked, [told("")]);

    let mut connection = stage.consumer.acquire().await.unwrap();
    for (account, left) in [(1, 1), (7, 0)] {
        facts::forget(&mut connection, AccountId(account)).await.unwrap();
        assert_eq!(stage.failures().await, left, "{account}");
    }
}
