use contracts::Service;
use contracts::fact::{Fact, RelationChanged};
use database::Wakeups;
use facts::{Apply, Consumer, channel};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;
use sqlx::{PgConnection, query, query_scalar, raw_sql};
use tokio::task::JoinSet;

use crate::answers::{answer, done, eventually};
use crate::support::{Person, TestRelation};

fn changed(who: &Person, whom: &Person, follows: bool, blocks: bool, severed: bool) -> RelationChanged {
    RelationChanged { follows, blocks, severed, ..RelationChanged::nothing(who.id, whom.id) }
}

#[tokio::test]
async fn facts_are_told_in_the_order_in_which_they_became_true() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    done([
        relation.follow(&ada, &bob),
        relation.unfollow(&ada, &bob),
        relation.follow(&bob, &ada),
        relation.block(&ada, &bob),
        relation.unblock(&ada, &bob),
    ])
    .await;
    let expected = [
        changed(&ada, &bob, true, false, false),
        changed(&ada, &bob, false, false, true),
        changed(&bob, &ada, true, false, false),
        changed(&bob, &ada, false, false, true),
        changed(&ada, &bob, false, true, true),
        changed(&ada, &bob, false, false, false),
    ];
    assert_eq!(relation.told().await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_last_is_true_however_many_change_it_at_once() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    let mut changes = JoinSet::new();
    for n in 0..40 {
        let change = if n % 2 == 0 { relation.follow(&ada, &bob) } else { relation.unfollow(&ada, &bob) };
        changes.spawn(async move { answer(change).await.0 });
    }
    assert_eq!(changes.join_all().await, [StatusCode::NO_CONTENT; 40]);

    let told = relation.told().await;
    for (n, fact) in told.iter().enumerate() {
        assert_eq!(fact.follows, n % 2 == 0, "fact {n} of {} changes nothing", told.len());
    }
    let [following, ..] = relation.standing(&ada, &bob).await;
    assert_eq!(told.last().unwrap().follows, following);
}

/// Registers a consumer that never applies anything.
async fn register_one_that_is_stuck(relation: &TestRelation) {
    let pool = relation.db.superuser_pool(Service::Relation);
    query("insert into outbox_cursors (consumer, position) values ('photo', 0)").execute(&pool).await.unwrap();
}

async fn assert_pending(request: RequestBuilder) {
    assert_eq!(answer(request).await, (StatusCode::ACCEPTED, json!({"pending": true})));
}

#[tokio::test]
async fn what_narrows_is_pending_while_a_consumer_has_not_applied_it() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo, dan] = [(); 4].map(|()| relation.person());
    done([relation.follow(&ada, &bob), relation.follow(&cleo, &bob)]).await;
    relation.befriend(&bob, &dan).await;
    register_one_that_is_stuck(&relation).await;
    assert_pending(relation.unfollow(&ada, &bob)).await;
    assert_pending(relation.block(&ada, &cleo)).await;
    assert_pending(relation.delete(&bob, &cleo, "follower")).await;
    assert_pending(relation.delete(&bob, &dan, "friend")).await;
    assert_pending(relation.put(&bob, &ada, "mute").json(&json!({}))).await;
    // It is done all the same.
    assert_eq!(relation.standing(&ada, &bob).await, [false, false, false]);
    assert_eq!(relation.standing(&ada, &cleo).await, [false, false, true]);
}

#[tokio::test]
async fn what_widens_waits_for_nobody() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    done([relation.block(&ada, &bob)]).await;
    register_one_that_is_stuck(&relation).await;
    done([relation.unblock(&ada, &bob), relation.follow(&ada, &bob)]).await;
    relation.befriend(&ada, &bob).await;
}

#[tokio::test]
async fn an_unfollow_among_friends_severs_nothing() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    done([relation.follow(&ada, &bob)]).await;
    relation.befriend(&ada, &bob).await;
    done([relation.unfollow(&ada, &bob)]).await;
    let friends = RelationChanged { friends: true, ..RelationChanged::nothing(ada.id, bob.id) };
    assert_eq!(relation.told().await.last(), Some(&friends));
    // The end of the friendship does, both ways.
    done([relation.delete(&bob, &ada, "friend")]).await;
    let told = relation.told().await;
    let severed = |actor: &Person, target: &Person| changed(actor, target, false, false, true);
    assert_eq!(told[told.len() - 2..], [severed(&ada, &bob), severed(&bob, &ada)]);
}

#[tokio::test]
async fn asking_again_does_not_make_it_done() {
    let relation = TestRelation::spawn().await;
    let (ada, bob, cleo) = (relation.person(), relation.person(), relation.person());
    done([relation.follow(&ada, &bob)]).await;
    register_one_that_is_stuck(&relation).await;
    for request in [relation.unfollow(&ada, &bob), relation.unfollow(&ada, &bob)] {
        assert_pending(request).await;
    }
    for request in [relation.block(&ada, &cleo), relation.block(&ada, &cleo)] {
        assert_pending(request).await;
    }
}

/// A consumer with nothing to do.
struct Nothing;

impl Apply for Nothing {
    async fn apply(&self, _: &mut PgConnection, _: &[Fact]) -> sqlx::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_narrows_is_done_when_every_consumer_has_applied_it() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    let consumers = include_str!("../../../../crates/facts/migrations/consumer.sql");
    raw_sql(consumers).execute(&relation.db.superuser_pool(Service::Social)).await.unwrap();
    let pool = relation.db.pool(Service::Social);
    let wakeups = Wakeups::new([channel(Service::Relation)]);
    let wakeup = wakeups.on(&channel(Service::Relation));
    let mut consuming = JoinSet::new();
    consuming.spawn(wakeups.run(pool.clone()));
    consuming.spawn(Consumer::new(pool, Service::Social, Service::Relation, wakeup, Nothing).run());

    let outbox = relation.db.superuser_pool(Service::Relation);
    let behind = "select not exists (select from outbox_cursors where consumer = 'social')
                      or exists (select from outbox where position is null or position > (select min(position) from outbox_cursors))";
    let behind = async || query_scalar::<_, bool>(behind).fetch_one(&outbox).await.unwrap();

    for blocks in [false, true] {
        // On a slow machine the consumer may need longer than relation waits for it; then it is tried anew.
        let mut tries = 0;
        loop {
            let (widening, narrowing) = match blocks {
                true => (relation.unblock(&ada, &bob), relation.block(&ada, &bob)),
                false => (relation.follow(&ada, &bob), relation.unfollow(&ada, &bob)),
            };
            done([widening]).await;
            eventually("the consumer has heard", async || !behind().await).await;
            let answered = answer(narrowing).await;
            if answered.0 == StatusCode::NO_CONTENT {
                assert!(!behind().await, "answered before the consumer had applied it");
                break;
            }
            assert_eq!(answered, (StatusCode::ACCEPTED, json!({"pending": true})));
            tries += 1;
            assert!(tries < 20, "never done, and the consumer applies it");
        }
    }
}
