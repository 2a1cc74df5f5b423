use contracts::fact::{Fact, ProfileChanged};
use contracts::{AccountId, Service};
use reqwest::Method;
use serde_json::{Value, json};

use crate::answers::{answer, done};
use crate::support::{Person, TestRelation};

pub const PATH: &str = "/v1/relations/suggestions";

pub async fn suggested(relation: &TestRelation, who: &Person) -> Vec<AccountId> {
    relation.ids(PATH, Some(who)).await
}

/// Makes everybody somebody who was here.
pub async fn here(relation: &TestRelation, people: &[&Person]) {
    for person in people {
        relation.set_private(person, false).await;
    }
}

/// Makes somebody one who was not here for so many days.
async fn absent(relation: &TestRelation, who: &Person, days: i32) {
    let pool = relation.db.superuser_pool(Service::Relation);
    let absent = "update people set seen_at = now() - make_interval(days => $2) where id = $1";
    sqlx::query(absent).bind(who.id).bind(days).execute(&pool).await.unwrap();
}

/// The reasons of one suggestion: kind, how many, who.
pub fn reasons(suggestions: &Value, of: &Person) -> Value {
    let items = suggestions["items"].as_array().unwrap();
    items.iter().find(|item| item["id"] == of.id.to_string()).expect("it is suggested")["reasons"].clone()
}

#[tokio::test]
async fn a_suggestion_says_why() {
    let relation = TestRelation::spawn().await;
    let [ada, friend, followee, far] = [(); 4].map(|()| relation.person());
    here(&relation, &[&ada, &friend, &followee, &far]).await;
    relation.befriend(&ada, &friend).await;
    relation.befriend(&friend, &far).await;
    done([relation.follow(&ada, &followee), relation.follow(&followee, &far), relation.follow(&far, &followee)]).await;
    done([relation.follow(&friend, &far)]).await;

    let suggestions = relation.get(PATH, Some(&ada)).await;
    let both = [friend.id.min(followee.id), friend.id.max(followee.id)];
    let reasons = reasons(&suggestions, &far);
    assert_eq!(reasons[0], json!({"kind": "friends_in_common", "count": 1, "people": [friend.id]}));
    assert_eq!((&reasons[1]["kind"], &reasons[1]["count"]), (&json!("followed_by"), &json!(2)));
    let mut people: Vec<AccountId> = serde_json::from_value(reasons[1]["people"].clone()).unwrap();
    people.sort();
    assert_eq!(people, both);
    assert_eq!(reasons[2], json!({"kind": "followees_in_common", "count": 1, "people": [followee.id]}));
    assert_eq!(reasons[3], json!({"kind": "active", "count": 1, "people": []}));
    // Those in between are known already.
    assert!(!suggested(&relation, &ada).await.contains(&friend.id));
}

#[tokio::test]
async fn whom_the_little_known_know_comes_first() {
    let relation = TestRelation::spawn().await;
    let [ada, star, neighbor, of_star, of_neighbor] = [(); 5].map(|()| relation.person());
    here(&relation, &[&of_star, &of_neighbor]).await;
    done([relation.follow(&ada, &star), relation.follow(&ada, &neighbor)]).await;
    done([relation.follow(&star, &of_star), relation.follow(&neighbor, &of_neighbor)]).await;
    let fans: Vec<Person> = (0..12).map(|_| relation.person()).collect();
    done(fans.iter().map(|fan| relation.follow(fan, &star))).await;
    let suggested = suggested(&relation, &ada).await;
    assert_eq!(suggested[0], of_neighbor.id, "{suggested:?}");
    assert!(suggested.contains(&of_star.id));
}

#[tokio::test]
async fn who_is_known_or_unwanted_is_never_suggested() {
    let relation = TestRelation::spawn().await;
    let [ada, hub] = [(); 2].map(|()| relation.person());
    let names =
        ["followed", "requested", "friend", "asked", "blocked", "blocking", "muted", "dismissed", "shy", "unfound", "dormant", "plain"];
    let people: Vec<Person> = names.iter().map(|_| relation.person()).collect();
    let of = |name: &str| &people[names.iter().position(|known| *known == name).unwrap()];
    for person in &people {
        here(&relation, &[person]).await;
        done([relation.follow(&hub, person)]).await;
    }
    done([relation.follow(&ada, &hub)]).await;
    // All of them are, at first; so what was kept of then must be asked again now.
    assert_eq!(suggested(&relation, &ada).await.len(), names.len());

    relation.set_private(of("requested"), true).await;
    relation.befriend(&ada, of("friend")).await;
    for (method, name, what) in [
        (Method::PUT, "followed", "follow"),
        (Method::PUT, "requested", "follow"),
        (Method::PUT, "asked", "friend"),
        (Method::PUT, "blocked", "block"),
    ] {
        let path = format!("/v1/relations/{}/{what}", of(name).id);
        assert!(answer(relation.request(method, &path, Some(&ada))).await.0.is_success(), "{name}");
    }
    done([relation.block(of("blocking"), &ada)]).await;
    done([relation.put(&ada, of("muted"), "mute").json(&json!({}))]).await;
    done([relation.request(Method::DELETE, &format!("{PATH}/{}", of("dismissed").id), Some(&ada))]).await;
    let shy = json!({"approves_followers": false, "suggestible": false});
    answer(relation.request(Method::PUT, "/v1/relations/settings", Some(of("shy"))).json(&shy)).await;
    found(&relation, of("unfound"), false).await;
    absent(&relation, of("dormant"), 91).await;
    assert_eq!(suggested(&relation, &ada).await, [of("plain").id]);
    // Made anew, it is the same.
    let pool = relation.db.superuser_pool(Service::Relation);
    sqlx::query("update people set suggested_at = null").execute(&pool).await.unwrap();
    assert_eq!(suggested(&relation, &ada).await, [of("plain").id]);
}

/// Tells that somebody wants to be found, or no longer, as social would.
async fn found(relation: &TestRelation, who: &Person, discoverable: bool) {
    relation.tell(Fact::ProfileChanged(ProfileChanged { account: who.id, discoverable })).await;
}

#[tokio::test]
async fn who_does_not_want_to_be_found_is_not_suggested_until_they_do() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo] = [(); 3].map(|()| relation.person());
    // Before relation has heard of them at all, and told twice.
    for _ in 0..2 {
        found(&relation, &cleo, false).await;
    }
    here(&relation, &[&cleo]).await;
    done([relation.follow(&ada, &bob), relation.follow(&bob, &cleo)]).await;
    assert_eq!(suggested(&relation, &ada).await, []);
    found(&relation, &cleo, true).await;
    let pool = relation.db.superuser_pool(Service::Relation);
    sqlx::query("update people set suggested_at = null").execute(&pool).await.unwrap();
    assert_eq!(suggested(&relation, &ada).await, [cleo.id]);
    // Made before it was said, and not shown after.
    found(&relation, &cleo, false).await;
    assert_eq!(suggested(&relation, &ada).await, []);
}

#[tokio::test]
async fn who_was_here_lately_comes_first_and_that_is_a_reason() {
    let relation = TestRelation::spawn().await;
    let [ada, hub, long_ago, lately] = [(); 4].map(|()| relation.person());
    here(&relation, &[&long_ago, &lately]).await;
    absent(&relation, &long_ago, 60).await;
    done([relation.follow(&ada, &hub), relation.follow(&hub, &long_ago), relation.follow(&hub, &lately)]).await;
    assert_eq!(suggested(&relation, &ada).await, [lately.id, long_ago.id]);
    let suggestions = relation.get(PATH, Some(&ada)).await;
    let known = json!({"kind": "followed_by", "count": 1, "people": [hub.id]});
    assert_eq!(reasons(&suggestions, &lately), json!([known, {"kind": "active", "count": 1, "people": []}]));
    assert_eq!(reasons(&suggestions, &long_ago), json!([known]));
}

#[tokio::test]
async fn who_only_reads_is_here() {
    let relation = TestRelation::spawn().await;
    let [ada, hub, bob] = [(); 3].map(|()| relation.person());
    here(&relation, &[&bob]).await;
    done([relation.follow(&ada, &hub), relation.follow(&hub, &bob)]).await;
    assert_eq!(suggested(&relation, &ada).await, [bob.id]);
    for what in ["?id=1", "/1", "/mutes", "/settings"] {
        absent(&relation, &bob, 91).await;
        assert_eq!(suggested(&relation, &ada).await, []);
        relation.get(&format!("/v1/relations{what}"), Some(&bob)).await;
        assert_eq!(suggested(&relation, &ada).await, [bob.id], "{what}");
    }
}

#[tokio::test]
async fn nobody_is_suggested_to_themselves_or_from_nowhere() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, stranger] = [(); 3].map(|()| relation.person());
    here(&relation, &[&ada, &bob, &stranger]).await;
    assert_eq!(suggested(&relation, &ada).await, []);
    done([relation.follow(&ada, &bob), relation.follow(&bob, &ada)]).await;
    assert_eq!(suggested(&relation, &ada).await, []);
}

#[tokio::test]
async fn whom_a_tag_alone_connects_is_not_suggested_whoever_made_the_suggestion() {
    let relation = TestRelation::spawn().await;
    let [ada, hub, known, stranger] = [(); 4].map(|()| relation.person());
    here(&relation, &[&ada, &known, &stranger]).await;
    done([relation.follow(&ada, &hub), relation.follow(&hub, &known)]).await;
    assert_eq!(suggested(&relation, &ada).await, [known.id]);
    let pool = relation.db.superuser_pool(Service::Relation);
    let made = "insert into suggestions
                    (owner, suggested, score, friends_in_common, followed_by, followees_in_common, shared_tags, friends, followers, followees)
                values ($1, $2, 100, 0, 0, 0, 3, '{}', '{}', '{}')";
    sqlx::query(made).bind(ada.id).bind(stranger.id).execute(&pool).await.unwrap();
    assert_eq!(suggested(&relation, &ada).await, [known.id]);
}

#[tokio::test]
async fn what_is_withheld_makes_no_reason() {
    let relation = TestRelation::spawn().await;
    let [ada, mallory, victim] = [(); 3].map(|()| relation.person());
    here(&relation, &[&ada, &mallory, &victim]).await;
    done([relation.follow(&ada, &mallory), relation.block(&victim, &mallory), relation.follow(&mallory, &victim)]).await;
    assert_eq!(suggested(&relation, &ada).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_many_times_at_once_is_no_error() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo] = [(); 3].map(|()| relation.person());
    here(&relation, &[&cleo]).await;
    done([relation.follow(&ada, &bob), relation.follow(&bob, &cleo)]).await;
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let request = relation.request(Method::GET, PATH, Some(&ada));
        asked.spawn(async move { answer(request).await.1["items"].as_array().map(Vec::len) });
    }
    // Who asks while another makes them waits for that, and sees what was made.
    assert_eq!(asked.join_all().await, [Some(1); 12]);
}
