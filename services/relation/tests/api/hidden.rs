//! Who is hidden is in no count at once, and near whom they are is noted in batches.

use contracts::Service;
use contracts::fact::{AccountState, RelationEvent};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool, query, query_as, query_scalar};

use crate::answers::{answer, done, eventually, requested};
use crate::support::{Person, TestRelation};

async fn rows(pool: &PgPool, table: &str) -> i64 {
    query_scalar(AssertSqlSafe(format!("select count(*) from {table}"))).fetch_one(pool).await.unwrap()
}

async fn settled(pool: &PgPool) {
    eventually("nothing is owed", async || rows(pool, "hidden_counts_owed").await == 0).await;
}

async fn counts(relation: &TestRelation, of: impl std::fmt::Display, who: Option<&Person>) -> Value {
    relation.get(&format!("/v1/relations/{of}/counts"), who).await
}

fn counted([followers, following, friends]: [i64; 3]) -> Value {
    json!({"followers": followers, "following": following, "friends": friends})
}

#[tokio::test]
async fn who_is_near_thousands_is_in_no_count_at_once_and_it_is_noted_in_batches() {
    let relation = TestRelation::spawn().await;
    let ada = relation.person();
    let pool = relation.db.superuser_pool(Service::Relation);
    let (first, last, ada_id) = (1_000_001, 1_002_500, ada.id);
    for planted in [
        format!("insert into people (id, following_count) select n, 1 from generate_series({first}, {last}) n"),
        format!("insert into people (id, followers_count) values ({ada_id}, 2500)"),
        format!("insert into follows (actor, target) select n, {ada_id} from generate_series({first}, {last}) n"),
    ] {
        query(AssertSqlSafe(planted)).execute(&pool).await.unwrap();
    }
    assert_eq!(counts(&relation, first, None).await, counted([0, 1, 0]));

    relation.hide(&ada, AccountState::Hidden).await;
    for follower in [first, last] {
        assert_eq!(counts(&relation, follower, None).await, counted([0, 0, 0]));
    }
    settled(&pool).await;
    assert_eq!(rows(&pool, "hidden_neighbors").await, 2500);
    let most = "select max(count) from (select count(*) from hidden_neighbors group by xmin::text) batch";
    assert_eq!(query_scalar::<_, i64>(most).fetch_one(&pool).await.unwrap(), 1000);
    assert_eq!(counts(&relation, first, None).await, counted([0, 0, 0]));

    // Whatever comes in the middle of it, the last word counts.
    for state in [AccountState::Active, AccountState::Hidden, AccountState::Active] {
        relation.hide(&ada, state).await;
        let following = i64::from(state == AccountState::Active);
        assert_eq!(counts(&relation, last, None).await, counted([0, following, 0]), "{state:?}");
    }
    settled(&pool).await;
    assert_eq!(rows(&pool, "hidden_neighbors").await, 0);
    assert_eq!(counts(&relation, last, None).await, counted([0, 1, 0]));
    assert_eq!(relation.service.mend_counts().await.unwrap(), 0);
}

#[tokio::test]
async fn what_somebody_hidden_had_done_is_kept_from_whoever_does_the_same_until_they_are_back() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, nobody] = [(); 3].map(|()| relation.person());
    for who in [&ada, &bob] {
        relation.set_private(who, true).await;
    }
    assert_eq!(answer(relation.put(&ada, &bob, "like")).await.0, StatusCode::OK);
    requested(relation.put(&ada, &bob, "friend")).await;
    requested(relation.follow(&ada, &bob)).await;
    relation.hide(&ada, AccountState::Hidden).await;
    let seen = async |whom: &Person| {
        let mut seen = relation.between(&bob, whom).await;
        seen["id"] = Value::Null;
        seen
    };
    for what in ["like", "friend", "follower"] {
        for _ in 0..2 {
            let expected = answer(relation.put(&bob, &nobody, what)).await;
            assert_eq!(answer(relation.put(&bob, &ada, what)).await, expected, "{what}");
            assert_eq!(seen(&ada).await, seen(&nobody).await, "{what}");
        }
    }
    // Answered like any other, and asked all the same.
    done([relation.follow(&bob, &nobody), relation.follow(&bob, &ada)]).await;
    assert!(relation.happened().await.iter().all(|(event, ..)| *event != RelationEvent::Matched));

    relation.hide(&ada, AccountState::Active).await;
    let back = relation.between(&bob, &ada).await;
    for (what, holds) in [("matched", true), ("friends", true), ("requested_by", true), ("requested", true), ("following", false)] {
        assert_eq!(back[what], holds, "{what}");
    }
    assert_eq!(relation.service.mend_counts().await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_made_with_somebody_hidden_counts_when_they_are_back() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo] = [(); 3].map(|()| relation.person());
    let pool = relation.db.superuser_pool(Service::Relation);
    requested(relation.put(&ada, &bob, "friend")).await;
    relation.set_private(&bob, true).await;
    requested(relation.follow(&ada, &bob)).await;
    relation.hide(&ada, AccountState::Hidden).await;
    settled(&pool).await;
    requested(relation.put(&bob, &ada, "friend")).await;
    done([relation.follow(&bob, &ada)]).await;
    for who in [None, Some(&bob), Some(&cleo)] {
        assert_eq!(counts(&relation, bob.id, who).await, counted([0, 0, 0]));
    }
    relation.hide(&ada, AccountState::Active).await;
    assert_eq!(counts(&relation, bob.id, None).await, counted([0, 1, 1]));
    done([relation.put(&bob, &ada, "follower")]).await;
    assert_eq!(counts(&relation, bob.id, None).await, counted([1, 1, 1]));
    // A block of somebody hidden takes nothing twice.
    relation.hide(&ada, AccountState::Hidden).await;
    done([relation.block(&cleo, &ada)]).await;
    assert_eq!(counts(&relation, bob.id, Some(&cleo)).await, counted([0, 0, 0]));
    assert_eq!(relation.service.mend_counts().await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_noted_wrongly_of_who_is_hidden_near_whom_is_found_and_mended() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo] = [(); 3].map(|()| relation.person());
    let pool = relation.db.superuser_pool(Service::Relation);
    done([relation.follow(&bob, &ada), relation.follow(&cleo, &ada), relation.follow(&cleo, &bob)]).await;
    relation.hide(&ada, AccountState::Hidden).await;
    settled(&pool).await;
    let noted = async || -> Vec<(i64, i64)> {
        query_as("select person, hidden from hidden_neighbors order by person").fetch_all(&pool).await.unwrap()
    };
    let right = [(bob.id.0, ada.id.0), (cleo.id.0, ada.id.0)];
    assert_eq!(noted().await, right);
    for (planted, person, hidden, following) in [
        ("delete from hidden_neighbors where person = $1 and hidden = $2", &bob, &ada, 1),
        // Who is not hidden is in every count, whatever is noted.
        ("insert into hidden_neighbors (person, hidden) values ($1, $2)", &cleo, &bob, 0),
    ] {
        assert_eq!(relation.service.mend_counts().await.unwrap(), 0);
        query(planted).bind(person.id).bind(hidden.id).execute(&pool).await.unwrap();
        assert_eq!(counts(&relation, bob.id, None).await, counted([1, following, 0]), "{planted}");
        assert_eq!(relation.service.mend_counts().await.unwrap(), 1, "{planted}");
        // At once, and from then on.
        assert_eq!(counts(&relation, bob.id, None).await, counted([1, 0, 0]), "{planted}");
        settled(&pool).await;
        assert_eq!(noted().await, right, "{planted}");
        assert_eq!(counts(&relation, bob.id, None).await, counted([1, 0, 0]), "{planted}");
    }
    // That there is nothing between two any more is no mistake: whoever reads it asks.
    done([relation.unfollow(&bob, &ada)]).await;
    assert_eq!((noted().await.len(), relation.service.mend_counts().await.unwrap()), (2, 0));
}
