use contracts::Service;
use contracts::fact::{AccountErased, AccountForgotten, AccountPosted, AccountState, Fact, ProfileChanged};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, query, query_scalar};

use crate::answers::{answer, done, eventually, requested};
use crate::support::{Person, TestRelation};

/// Every way in which others come to know of somebody.
async fn lists(relation: &TestRelation, of: &Person, who: Option<&Person>) -> Vec<Value> {
    let mut shown = Vec::new();
    for list in ["followers", "following", "friends"] {
        shown.push(json!(relation.ids(&format!("/v1/relations/{}/{list}", of.id), who).await));
    }
    shown.push(relation.get(&format!("/v1/relations/{}/counts", of.id), who).await);
    shown
}

const NOTHING: [i64; 3] = [0, 0, 0];

fn counts([followers, following, friends]: [i64; 3]) -> Value {
    json!({"followers": followers, "following": following, "friends": friends})
}

#[tokio::test]
async fn who_is_hidden_is_on_no_list_and_in_no_count_until_they_come_back() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo] = [(); 3].map(|()| relation.person());
    done([relation.follow(&ada, &bob), relation.follow(&bob, &ada), relation.follow(&ada, &cleo), relation.follow(&cleo, &bob)]).await;
    relation.befriend(&ada, &bob).await;
    let viewers = [None, Some(&bob), Some(&cleo)];
    let mut before = Vec::new();
    for who in viewers {
        before.push((lists(&relation, &ada, who).await, lists(&relation, &bob, who).await));
    }

    relation.hide(&ada, AccountState::Hidden).await;
    for who in viewers {
        let of_bob = lists(&relation, &bob, who).await;
        assert_eq!(of_bob, [json!([cleo.id]), json!([]), json!([]), counts([1, 0, 0])], "bob");
    }
    // Like an id that was never given: what somebody has done to it they see themselves.
    assert_eq!(lists(&relation, &ada, None).await, [json!([]), json!([]), json!([]), counts(NOTHING)]);
    assert_eq!(lists(&relation, &ada, Some(&cleo)).await, [json!([]), json!([]), json!([]), counts(NOTHING)]);
    assert_eq!(lists(&relation, &ada, Some(&bob)).await, [json!([bob.id]), json!([]), json!([]), counts([1, 0, 0])]);

    relation.hide(&ada, AccountState::Active).await;
    for (who, before) in viewers.into_iter().zip(before) {
        assert_eq!((lists(&relation, &ada, who).await, lists(&relation, &bob, who).await), before);
    }
    assert_eq!(relation.service.mend_counts().await.unwrap(), 0);
}

#[tokio::test]
async fn who_is_hidden_is_not_suggested() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo] = [(); 3].map(|()| relation.person());
    for who in [&ada, &bob, &cleo] {
        relation.set_private(who, false).await;
    }
    done([relation.follow(&ada, &bob), relation.follow(&bob, &cleo)]).await;
    let suggested = async || relation.ids("/v1/relations/suggestions", Some(&ada)).await;
    assert_eq!(suggested().await, [cleo.id]);
    relation.hide(&cleo, AccountState::Hidden).await;
    assert!(suggested().await.is_empty());
    relation.hide(&cleo, AccountState::Active).await;
    assert_eq!(suggested().await, [cleo.id]);
}

/// Rows of the whole schema that name an account.
async fn rows_of(relation: &TestRelation, who: &Person) -> i64 {
    let pool = relation.db.superuser_pool(Service::Relation);
    let mut rows = 0;
    for (table, [one, other]) in [
        ("people", ["id", "id"]),
        ("follows", ["actor", "target"]),
        ("follow_requests", ["actor", "target"]),
        ("blocks", ["actor", "target"]),
        ("mutes", ["actor", "target"]),
        ("friendships", ["low", "high"]),
        ("likes", ["low", "high"]),
        ("notes", ["author", "target"]),
        ("suggestions", ["owner", "suggested"]),
        ("dismissals", ["owner", "suggested"]),
        ("interests", ["account", "account"]),
        ("undiscoverable", ["account", "account"]),
        ("postings", ["account", "account"]),
        ("hidden_neighbors", ["person", "hidden"]),
        ("fact_failures", ["(fact ->> 'account')::bigint", "(fact ->> 'account')::bigint"]),
    ] {
        let sql = format!("select count(*) from {table} where {one} = $1 or {other} = $1");
        rows += query_scalar::<_, i64>(AssertSqlSafe(sql)).bind(who.id).fetch_one(&pool).await.unwrap();
    }
    let keys = "select count(*) from idempotency_keys where caller = $1";
    rows + query_scalar::<_, i64>(keys).bind(who.id.to_string()).fetch_one(&pool).await.unwrap()
}

async fn erase(relation: &TestRelation, who: &Person) {
    relation.hide(who, AccountState::Hidden).await;
    relation.tell(Fact::AccountErased(AccountErased { account: who.id })).await;
    let expected = Fact::AccountForgotten(AccountForgotten { account: who.id, service: Service::Relation });
    eventually("relation says that it has forgotten", async || relation.facts().await.contains(&expected)).await;
}

#[tokio::test]
async fn nothing_is_left_of_who_is_erased_and_the_counts_of_others_are_right() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo, dan, eve] = [(); 5].map(|()| relation.person());
    done([relation.follow(&ada, &bob), relation.follow(&bob, &ada), relation.follow(&cleo, &bob), relation.follow(&cleo, &ada)]).await;
    relation.befriend(&ada, &cleo).await;
    relation.set_private(&dan, true).await;
    requested(relation.follow(&ada, &dan)).await;
    done([relation.block(&ada, &eve), relation.put(&ada, &dan, "mute").json(&json!({}))]).await;
    // Withheld: eve is blocked, and does not know.
    done([relation.follow(&eve, &ada), relation.put(&eve, &ada, "note").json(&json!({"text": "a"}))]).await;
    assert_eq!(answer(relation.put(&bob, &ada, "like")).await.0, StatusCode::OK);
    relation.tell(Fact::ProfileChanged(ProfileChanged { account: ada.id, discoverable: false })).await;
    relation.tell(Fact::AccountPosted(AccountPosted { account: ada.id, day: 20_000 })).await;
    let parked = "insert into fact_failures (producer, position, fact, attempts, error, parked_at)
                  values ('social', 0, jsonb_build_object('kind', 'profile.changed', 'account', $1::text), 10, '', now())";
    query(parked).bind(ada.id.to_string()).execute(&relation.db.superuser_pool(Service::Relation)).await.unwrap();
    assert!(rows_of(&relation, &ada).await > 10);

    erase(&relation, &ada).await;
    assert_eq!(rows_of(&relation, &ada).await, 0);
    assert_eq!(relation.service.mend_counts().await.unwrap(), 0);
    for (who, expected) in [(&bob, [1, 0, 0]), (&cleo, [0, 1, 0]), (&dan, NOTHING), (&eve, NOTHING)] {
        assert_eq!(relation.get(&format!("/v1/relations/{}/counts", who.id), Some(who)).await, counts(expected));
    }
    assert_eq!(relation.ids(&format!("/v1/relations/{}/followers", bob.id), None).await, [cleo.id]);
}

#[tokio::test]
async fn what_comes_late_makes_no_row() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    done([relation.follow(&ada, &bob)]).await;
    erase(&relation, &ada).await;

    // A token that is still good, and people who still have the id.
    let settings = json!({"approves_followers": true, "suggestible": true});
    answer(relation.request(Method::PUT, "/v1/relations/settings", Some(&ada)).json(&settings)).await;
    answer(relation.put(&ada, &bob, "note").json(&json!({"text": "a"}))).await;
    answer(relation.put(&bob, &ada, "note").json(&json!({"text": "a"}))).await;
    for what in ["follow", "friend", "block", "like"] {
        assert_eq!(answer(relation.put(&ada, &bob, what)).await.0, StatusCode::FORBIDDEN, "{what}");
        assert_eq!(answer(relation.put(&bob, &ada, what)).await.0, StatusCode::NOT_FOUND, "{what}");
    }
    relation.tell(Fact::ProfileChanged(ProfileChanged { account: ada.id, discoverable: false })).await;
    relation.tell(Fact::AccountPosted(AccountPosted { account: ada.id, day: 20_000 })).await;
    // Auth changes its mind no more, and tells it twice.
    relation.hide(&ada, AccountState::Active).await;
    relation.tell(Fact::AccountErased(AccountErased { account: ada.id })).await;
    assert_eq!(rows_of(&relation, &ada).await, 0);
    let forgotten = relation.facts().await.into_iter().filter(|fact| matches!(fact, Fact::AccountForgotten(_)));
    assert_eq!(forgotten.count(), 1);
}
