use contracts::fact::{AccountPosted, AccountState, Fact, ProfileChanged};
use contracts::{AccountId, Service};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

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

/// Tells that somebody has last written something for everybody so many days ago, as social would.
pub async fn wrote(relation: &TestRelation, who: &Person, days_ago: i32) {
    let today = "select (now() at time zone 'UTC')::date - date '1970-01-01'";
    let today: i32 = sqlx::query_scalar(today).fetch_one(&relation.db.superuser_pool(Service::Relation)).await.unwrap();
    relation.tell(Fact::AccountPosted(AccountPosted { account: who.id, day: today - days_ago })).await;
}

/// Lets the suggestions of all be made anew at the next look.
async fn forget_suggestions(relation: &TestRelation) {
    let pool = relation.db.superuser_pool(Service::Relation);
    sqlx::query("update people set suggested_at = null").execute(&pool).await.unwrap();
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
    wrote(&relation, &far, 0).await;
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
async fn a_path_weighs_one_by_the_logarithm_of_how_many_know_who_is_between() {
    let relation = TestRelation::spawn().await;
    let [ada, of_five, of_one, of_four] = [(); 4].map(|()| relation.person());
    here(&relation, &[&of_five, &of_one, &of_four]).await;
    // Whom ada follows and who follows one person has two: 1 / ln 2 = 1.44.
    let little_known = relation.person();
    done([relation.follow(&ada, &little_known), relation.follow(&little_known, &of_one)]).await;
    let well_known: Vec<Person> = (0..9).map(|_| relation.person()).collect();
    for (nth, between) in well_known.iter().enumerate() {
        done([relation.follow(&ada, between), relation.follow(between, if nth < 5 { &of_five } else { &of_four })]).await;
    }
    // Whom the others know: 5 / ln 20 = 1.67 and 4 / ln 20 = 1.34. By 1 / 20 the one between them would come first; by its root, or by
    // the number of paths, last.
    let ids: Vec<i64> = well_known.iter().map(|between| between.id.0).collect();
    let pool = relation.db.superuser_pool(Service::Relation);
    sqlx::query("update people set followers_count = 19 where id = any($1)").bind(ids).execute(&pool).await.unwrap();
    assert_eq!(suggested(&relation, &ada).await, [of_five.id, of_one.id, of_four.id]);
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
    forget_suggestions(&relation).await;
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
    forget_suggestions(&relation).await;
    assert_eq!(suggested(&relation, &ada).await, [cleo.id]);
    // Made before it was said, and not shown after.
    found(&relation, &cleo, false).await;
    assert_eq!(suggested(&relation, &ada).await, []);
}

#[tokio::test]
async fn who_was_here_lately_comes_first_and_that_they_write_is_a_reason() {
    let relation = TestRelation::spawn().await;
    let [ada, hub, reads, read_long_ago, writes, wrote_lately, wrote_long_ago] = [(); 7].map(|()| relation.person());
    here(&relation, &[&reads, &read_long_ago]).await;
    absent(&relation, &reads, 3).await;
    absent(&relation, &read_long_ago, 60).await;
    // Who only writes never asks relation for anything.
    for (who, days) in [(&writes, 0), (&wrote_lately, 20), (&wrote_long_ago, 40)] {
        wrote(&relation, who, days).await;
    }
    // Days may be told in any order.
    wrote(&relation, &writes, 50).await;
    done([relation.follow(&ada, &hub)]).await;
    done([&reads, &read_long_ago, &writes, &wrote_lately, &wrote_long_ago].map(|who| relation.follow(&hub, who))).await;
    let expected = [&writes, &reads, &wrote_lately, &wrote_long_ago, &read_long_ago].map(|who| who.id);
    assert_eq!(suggested(&relation, &ada).await, expected);
    let suggestions = relation.get(PATH, Some(&ada)).await;
    let known = json!({"kind": "followed_by", "count": 1, "people": [hub.id]});
    assert_eq!(reasons(&suggestions, &writes), json!([known, {"kind": "active", "count": 1, "people": []}]));
    // Nobody learns who only reads.
    for who in [&reads, &read_long_ago, &wrote_lately, &wrote_long_ago] {
        assert_eq!(reasons(&suggestions, who), json!([known]));
    }
}

#[tokio::test]
async fn who_writes_and_never_asks_relation_for_anything_is_suggested_for_90_days() {
    let relation = TestRelation::spawn().await;
    let [ada, hub, bob] = [(); 3].map(|()| relation.person());
    done([relation.follow(&ada, &hub), relation.follow(&hub, &bob)]).await;
    for (days, expected) in [(91, vec![]), (89, vec![bob.id])] {
        assert_eq!(suggested(&relation, &ada).await, []);
        wrote(&relation, &bob, days).await;
        forget_suggestions(&relation).await;
        assert_eq!(suggested(&relation, &ada).await, expected, "{days} days ago");
    }
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
        let reasons = reasons(&relation.get(PATH, Some(&ada)).await, &bob);
        assert_eq!(reasons, json!([{"kind": "followed_by", "count": 1, "people": [hub.id]}]), "nobody learns of it");
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

#[tokio::test]
async fn whom_one_does_not_want_takes_nobodys_place() {
    let relation = TestRelation::spawn().await;
    let ada = relation.person();
    let pool = relation.db.superuser_pool(Service::Relation);
    // Five whom hardly anybody knows, each of whom follows a hundred; and one whom many know, who follows one more.
    for statement in [
        "insert into people (id, followers_count, following_count)
         select 1000000 + n, case n when 6 then 100000 else 1 end, 100 from generate_series(1, 6) n",
        "insert into people (id, seen_at) select 2000000 + n, now() from generate_series(1, 501) n",
        "insert into follows (actor, target) select $ada, 1000000 + n from generate_series(1, 6) n",
        "insert into follows (actor, target) select 1000001 + (n - 1) / 100, 2000000 + n from generate_series(1, 501) n",
    ] {
        sqlx::query(AssertSqlSafe(statement.replace("$ada", &ada.id.to_string()))).execute(&pool).await.unwrap();
    }
    let last = AccountId(2_000_501);
    assert!(!suggested(&relation, &ada).await.contains(&last), "there are enough others");
    for (unwanted, undone) in [
        ("insert into dismissals (owner, suggested) select $ada, 2000000 + n from generate_series(1, 500) n", "delete from dismissals"),
        (
            "insert into mutes (actor, target, notifications) select $ada, 2000000 + n, true from generate_series(1, 500) n",
            "delete from mutes",
        ),
        ("update people set seen_at = null where id between 2000001 and 2000500", "update people set seen_at = now()"),
        ("update people set suggestible = false where id between 2000001 and 2000500", "update people set suggestible = true"),
    ] {
        for statement in [unwanted, "update people set suggested_at = null"] {
            sqlx::query(AssertSqlSafe(statement.replace("$ada", &ada.id.to_string()))).execute(&pool).await.unwrap();
        }
        assert_eq!(suggested(&relation, &ada).await, [last], "{unwanted}");
        sqlx::query(undone).execute(&pool).await.unwrap();
    }
}

#[tokio::test]
async fn who_is_hidden_connects_nobody_until_they_are_back() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo, dan] = [(); 4].map(|()| relation.person());
    here(&relation, &[&ada, &bob, &cleo, &dan]).await;
    done([relation.follow(&ada, &bob), relation.follow(&bob, &dan), relation.follow(&cleo, &dan)]).await;
    relation.befriend(&ada, &cleo).await;
    relation.befriend(&cleo, &dan).await;
    let found = async || {
        let suggestions = relation.get(PATH, Some(&ada)).await;
        let of_dan = suggestions["items"].as_array().unwrap().iter().find(|item| item["id"] == dan.id.to_string()).cloned();
        let counts = of_dan.map(|item| {
            let reasons = item["reasons"].as_array().unwrap().clone();
            let known = reasons.into_iter().filter(|reason| reason["kind"] != "active");
            known.map(|reason| (reason["kind"].as_str().unwrap().to_owned(), reason["count"].as_i64().unwrap())).collect::<Vec<_>>()
        });
        counts.unwrap_or_default()
    };
    let (friends, followed) = ("friends_in_common".to_owned(), "followed_by".to_owned());
    let all = vec![(friends.clone(), 1), (followed.clone(), 2)];
    assert_eq!(found().await, all);
    for (who, state, expected) in [
        (&cleo, AccountState::Hidden, vec![(followed.clone(), 1)]),
        (&bob, AccountState::Hidden, vec![]),
        (&cleo, AccountState::Active, vec![(friends, 1), (followed, 1)]),
        (&bob, AccountState::Active, all),
    ] {
        relation.hide(who, state).await;
        assert_eq!(found().await, expected, "{} is {state:?}", who.id);
    }
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
