use contracts::Service;
use contracts::fact::{Fact, RelationChanged, RelationEnded, RelationEvent, RelationHappened};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{answer, id, path};
use crate::support::{Person, TestSocial};

const LIST: &str = "/v1/notifications";

async fn told(social: &TestSocial, who: &Person) -> Vec<Value> {
    social.read(LIST, Some(who)).await["items"].as_array().unwrap().clone()
}

/// Kinds with the number of people behind each.
async fn kinds(social: &TestSocial, who: &Person) -> Vec<(String, i64)> {
    let told = told(social, who).await;
    told.iter().map(|told| (told["kind"].as_str().unwrap().to_owned(), told["people_count"].as_i64().unwrap())).collect()
}

async fn unread(social: &TestSocial, who: &Person) -> i64 {
    social.read(&format!("{LIST}/unread"), Some(who)).await["count"].as_i64().unwrap()
}

async fn react(social: &TestSocial, who: &Person, post: &Value, emoji: &str) {
    assert_eq!(answer(social.react(Method::PUT, who, post, emoji)).await.0, StatusCode::NO_CONTENT);
}

async fn happened(social: &TestSocial, event: RelationEvent, actor: &Person, target: &Person) {
    social.tell(Fact::RelationHappened(RelationHappened { event, actor: actor.id, target: target.id })).await;
}

async fn mark_read(social: &TestSocial, who: &Person, up_to: &Value) -> StatusCode {
    answer(social.request(Method::PUT, &format!("{LIST}/read"), Some(who)).json(&json!({"up_to": up_to}))).await.0
}

#[tokio::test]
async fn who_is_answered_mentioned_and_reacted_to_is_told() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let reply = social.commented(&bob, &post, &format!("b @person_{}", ada.id)).await;
    let mention = social.posted(&bob, json!({"text": format!("@person_{}", ada.id)})).await;
    react(&social, &bob, &post, "👍").await;
    let told = told(&social, &ada).await;
    let seen: Vec<(&str, &Value)> = told.iter().map(|told| (told["kind"].as_str().unwrap(), &told["post"]["id"])).collect();
    assert_eq!(seen, [("reaction", &post["id"]), ("mention", &mention["id"]), ("reply", &reply["id"])]);
    assert_eq!(told[0]["people"][0]["emoji"], "👍");
    assert_eq!(told[0]["people"][0]["profile"]["handle"], format!("person_{}", bob.id));
    assert_eq!(unread(&social, &ada).await, 3);
}

#[tokio::test]
async fn nobody_is_told_of_their_own_doing() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    social.commented(&ada, &post, &format!("@person_{}", ada.id)).await;
    react(&social, &ada, &post, "👍").await;
    assert!(told(&social, &ada).await.is_empty());
}

#[tokio::test]
async fn what_happens_between_people_is_told_once() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    for event in [
        RelationEvent::FollowRequested,
        RelationEvent::FollowAccepted,
        RelationEvent::FriendRequested,
        RelationEvent::Befriended,
        RelationEvent::Matched,
        RelationEvent::Followed,
    ] {
        happened(&social, event, &bob, &ada).await;
    }
    let expected = ["follow", "match", "friend", "friend_request", "follow_accepted", "follow_request"];
    assert_eq!(kinds(&social, &ada).await, expected.map(|kind| (kind.to_owned(), 1)));
    // He has written nothing, so nobody knows more of him than his id.
    assert_eq!(told(&social, &ada).await[0]["people"], json!([{"id": bob.id.to_string()}]));
    assert!(told(&social, &bob).await.is_empty());
}

#[tokio::test]
async fn of_what_relation_tells_at_once_nothing_is_lost_and_the_last_counts() {
    let social = TestSocial::spawn().await;
    let [ada, bob, cleo, dan] = [(); 4].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a", "visibility": "followers"})).await;
    let stands = |who: &Person, follows: bool| {
        Fact::RelationChanged(RelationChanged { follows, severed: !follows, ..RelationChanged::nothing(who.id, ada.id) })
    };
    let happened = |event, who: &Person| Fact::RelationHappened(RelationHappened { event, actor: who.id, target: ada.id });
    let told = [
        stands(&bob, true),
        happened(RelationEvent::Followed, &bob),
        stands(&cleo, false),
        stands(&cleo, true),
        happened(RelationEvent::Followed, &cleo),
        happened(RelationEvent::FriendRequested, &dan),
        stands(&bob, false),
    ];
    social.tell_together(&told).await;
    for (who, expected) in [(&bob, StatusCode::NOT_FOUND), (&cleo, StatusCode::OK), (&dan, StatusCode::NOT_FOUND)] {
        assert_eq!(social.get(&path(&post), Some(who)).await.0, expected);
    }
    // Bob, who follows no more, stands behind nothing.
    assert_eq!(kinds(&social, &ada).await, [("friend_request".to_owned(), 1), ("follow".to_owned(), 1)]);
}

#[tokio::test]
async fn reactions_to_one_post_are_one_notification_while_it_is_unread() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let others: Vec<Person> = (0..5).map(|_| social.person()).collect();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let other = social.posted(&ada, json!({"text": "b"})).await;
    for who in &others {
        react(&social, who, &post, "👍").await;
    }
    react(&social, &others[0], &post, "🎉").await;
    react(&social, &others[0], &other, "👍").await;
    assert_eq!(kinds(&social, &ada).await, [("reaction".to_owned(), 1), ("reaction".to_owned(), 5)]);
    let grouped = told(&social, &ada).await.remove(1);
    let newest: Vec<&Value> = grouped["people"].as_array().unwrap().iter().map(|person| &person["id"]).collect();
    assert_eq!(newest, [4, 3, 2].map(|n| json!(others[n].id.to_string())).iter().collect::<Vec<_>>());

    // One of them again moves nothing, and is shown with the last reaction.
    react(&social, &others[4], &post, "🎉").await;
    let same = told(&social, &ada).await.remove(1);
    assert_eq!((&same["id"], &same["people"][0]["emoji"]), (&grouped["id"], &json!("🎉")));
    // Another one moves it to the top; what is read is left alone.
    react(&social, &social.person(), &post, "🎉").await;
    let moved = told(&social, &ada).await.remove(0);
    assert_eq!((&moved["group"], &moved["people_count"]), (&grouped["group"], &json!(6)));
    assert_ne!(moved["id"], grouped["id"]);
    assert_eq!(mark_read(&social, &ada, &moved["id"]).await, StatusCode::NO_CONTENT);
    react(&social, &social.person(), &post, "👍").await;
    assert_eq!(kinds(&social, &ada).await.iter().map(|(_, people)| *people).collect::<Vec<_>>(), [1, 6, 1]);
}

#[tokio::test]
async fn a_reaction_that_is_taken_back_was_never_told() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    for (who, emoji) in [(&bob, "👍"), (&bob, "🎉"), (&eve, "👍")] {
        react(&social, who, &post, emoji).await;
    }
    let undo = async |who: &Person, emoji: &str| answer(social.react(Method::DELETE, who, &post, emoji)).await.0;
    undo(&bob, "👍").await;
    assert_eq!(kinds(&social, &ada).await, [("reaction".to_owned(), 2)]);
    undo(&bob, "🎉").await;
    assert_eq!(kinds(&social, &ada).await, [("reaction".to_owned(), 1)]);
    undo(&eve, "👍").await;
    assert!(told(&social, &ada).await.is_empty());
    assert_eq!(social.count("notification_actors").await, 0);
}

/// How often streams tell of notifications.
async fn events(social: &TestSocial) -> i64 {
    social.count("stream_events where kind = 'notification'").await
}

#[tokio::test]
async fn who_reacts_and_takes_it_back_all_day_tells_once() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let mut seen = Vec::new();
    for _ in 0..20 {
        react(&social, &bob, &post, "👍").await;
        seen.push(told(&social, &ada).await.remove(0)["id"].clone());
        assert_eq!(answer(social.react(Method::DELETE, &bob, &post, "👍")).await.0, StatusCode::NO_CONTENT);
        assert!(told(&social, &ada).await.is_empty());
    }
    seen.dedup();
    assert_eq!((seen.len(), events(&social).await), (1, 1));
    // What is read stays read, and on another day it is told anew.
    mark_read(&social, &ada, &seen[0]).await;
    react(&social, &bob, &post, "👍").await;
    assert_eq!((kinds(&social, &ada).await.len(), unread(&social, &ada).await), (1, 0));
    answer(social.react(Method::DELETE, &bob, &post, "👍")).await;
    social.plant(&["update told_lately set told_at = told_at - interval '25 hours'".to_owned()]).await;
    react(&social, &bob, &post, "👍").await;
    assert_eq!((kinds(&social, &ada).await.len(), unread(&social, &ada).await, events(&social).await), (1, 1, 2));
}

#[tokio::test]
async fn who_follows_and_unfollows_all_day_tells_once_and_an_unfollow_takes_it_back() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    for who in [&bob, &eve] {
        social.follow(who, &ada).await;
        happened(&social, RelationEvent::Followed, who, &ada).await;
    }
    assert_eq!(kinds(&social, &ada).await, [("follow".to_owned(), 2)]);
    for _ in 0..20 {
        social.unfollow(&bob, &ada).await;
        assert_eq!(kinds(&social, &ada).await, [("follow".to_owned(), 1)]);
        social.follow(&bob, &ada).await;
        happened(&social, RelationEvent::Followed, &bob, &ada).await;
        assert_eq!(kinds(&social, &ada).await, [("follow".to_owned(), 2)]);
    }
    assert_eq!(events(&social).await, 2);
    for who in [&bob, &eve] {
        social.unfollow(who, &ada).await;
    }
    assert_eq!((told(&social, &ada).await.len(), unread(&social, &ada).await), (0, 0));
}

#[tokio::test]
async fn of_what_was_told_on_another_day_and_taken_back_nothing_is_kept() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let take_back = async || {
        assert_eq!(answer(social.react(Method::DELETE, &bob, &post, "👍")).await.0, StatusCode::NO_CONTENT);
    };
    react(&social, &bob, &post, "👍").await;
    social.follow(&bob, &ada).await;
    happened(&social, RelationEvent::Followed, &bob, &ada).await;
    // Taken back on the same day it is kept for who does the same again, and on the next it is another.
    take_back().await;
    assert_eq!(social.count("notifications").await, 2);
    mark_read(&social, &ada, &json!(i64::MAX.to_string())).await;
    social.plant(&["update told_lately set told_at = told_at - interval '25 hours'".to_owned()]).await;
    react(&social, &bob, &post, "👍").await;
    assert_eq!(social.count("notifications").await, 2);

    social.plant(&["delete from told_lately".to_owned()]).await;
    take_back().await;
    social.unfollow(&bob, &ada).await;
    assert_eq!(social.count("notifications").await, 0);
}

#[tokio::test]
async fn what_holds_no_more_between_two_was_never_told() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    // Another one, who stays.
    for event in [RelationEvent::Followed, RelationEvent::FriendRequested, RelationEvent::Matched] {
        happened(&social, event, &eve, &ada).await;
    }
    let stays = kinds(&social, &ada).await;
    let state = |follows: bool, friends: bool, blocks: bool| RelationChanged {
        follows,
        friends,
        blocks,
        ..RelationChanged::nothing(bob.id, ada.id)
    };
    let back = |fact: RelationChanged| RelationChanged { actor: ada.id, target: bob.id, ..fact };
    let ended = |event: RelationEvent| Fact::RelationEnded(RelationEnded { event, actor: bob.id, target: ada.id });
    for (event, over) in [
        (RelationEvent::FollowRequested, ended(RelationEvent::FollowRequested)),
        (RelationEvent::FollowRequested, Fact::RelationChanged(state(true, false, false))),
        (RelationEvent::FriendRequested, ended(RelationEvent::FriendRequested)),
        (RelationEvent::FriendRequested, Fact::RelationChanged(state(false, true, false))),
        (RelationEvent::FriendRequested, Fact::RelationChanged(back(state(false, true, false)))),
        (RelationEvent::Matched, ended(RelationEvent::Matched)),
        (RelationEvent::FollowAccepted, Fact::RelationChanged(back(state(false, false, false)))),
        (RelationEvent::Befriended, Fact::RelationChanged(state(false, false, false))),
        (RelationEvent::Matched, Fact::RelationChanged(state(false, false, true))),
        (RelationEvent::FollowRequested, Fact::RelationChanged(back(state(false, false, true)))),
    ] {
        // Nothing is between them, and what was told before is of another day.
        for fact in [state(false, false, false), back(state(false, false, false))] {
            social.tell(Fact::RelationChanged(fact)).await;
        }
        social.plant(&["delete from told_lately".to_owned()]).await;
        happened(&social, event, &bob, &ada).await;
        assert_ne!(kinds(&social, &ada).await, stays, "{event:?}");
        social.tell(over.clone()).await;
        // Nor when a block is over.
        for fact in [state(false, false, false), back(state(false, false, false))] {
            social.tell(Fact::RelationChanged(fact)).await;
        }
        assert_eq!(kinds(&social, &ada).await, stays, "{event:?}, and then {over:?}");
    }
}

#[tokio::test]
async fn what_is_read_stays_read_and_is_not_counted() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let mention = json!({"text": format!("@person_{}", ada.id)});
    social.posted(&ada, json!({"text": "a"})).await;
    for _ in 0..3 {
        social.posted(&bob, mention.clone()).await;
    }
    let three = told(&social, &ada).await;
    assert_eq!(mark_read(&social, &ada, &three[1]["id"]).await, StatusCode::NO_CONTENT);
    let read: Vec<Value> = told(&social, &ada).await.iter().map(|told| told["read"].clone()).collect();
    assert_eq!((read, unread(&social, &ada).await), (vec![json!(false), json!(true), json!(true)], 1));
    // Not back again, and not beyond what is there.
    mark_read(&social, &ada, &three[2]["id"]).await;
    assert_eq!(unread(&social, &ada).await, 1);
    mark_read(&social, &ada, &json!(i64::MAX.to_string())).await;
    assert_eq!(unread(&social, &ada).await, 0);
    social.posted(&bob, mention).await;
    assert_eq!(unread(&social, &ada).await, 1);
    for wrong in [json!("x"), json!("-1"), json!(5)] {
        assert_eq!(mark_read(&social, &ada, &wrong).await, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn a_kind_that_is_switched_off_is_neither_kept_nor_shown() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    react(&social, &bob, &post, "👍").await;
    let set = async |muted: Value| {
        let request = social.request(Method::PUT, &format!("{LIST}/settings"), Some(&ada)).json(&json!({"muted": muted}));
        answer(request).await
    };
    assert_eq!(set(json!(["reaction", "reaction"])).await, (StatusCode::OK, json!({"muted": ["reaction"]})));
    assert_eq!(social.read(&format!("{LIST}/settings"), Some(&ada)).await, json!({"muted": ["reaction"]}));
    react(&social, &social.person(), &post, "👍").await;
    social.commented(&bob, &post, "b").await;
    assert_eq!((kinds(&social, &ada).await, unread(&social, &ada).await), (vec![("reply".to_owned(), 1)], 1));
    set(json!([])).await;
    assert_eq!(kinds(&social, &ada).await, [("reply".to_owned(), 1), ("reaction".to_owned(), 1)]);
    assert_eq!(set(json!(["poke"])).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn nothing_is_told_of_whom_one_blocks_or_mutes_nor_of_what_one_cannot_see() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve, kim] = [(); 4].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let mention = |visibility: &str| json!({"text": format!("@person_{}", ada.id), "visibility": visibility});
    for who in [&bob, &eve, &kim] {
        social.commented(who, &post, "b").await;
    }
    // She does not follow him: a mention shows her nothing that is not for her.
    social.posted(&bob, mention("followers")).await;
    assert_eq!(told(&social, &ada).await.len(), 3);
    let hidden = social.posted(&bob, mention("direct")).await;
    assert_eq!(told(&social, &ada).await.len(), 4);
    social.edited(&bob, &hidden, json!({"text": "c"})).await;
    assert_eq!(told(&social, &ada).await.len(), 3);

    social.block(&eve, &ada).await;
    let mute = RelationChanged { mutes: true, mutes_notifications: true, ..RelationChanged::nothing(ada.id, kim.id) };
    social.tell(Fact::RelationChanged(mute)).await;
    assert_eq!(kinds(&social, &ada).await, [("reply".to_owned(), 1)]);
    social.commented(&kim, &post, "c").await;
    happened(&social, RelationEvent::Followed, &eve, &ada).await;
    assert_eq!((told(&social, &ada).await.len(), unread(&social, &ada).await), (1, 1));
    // A mute for posts alone keeps telling.
    social.tell(Fact::RelationChanged(RelationChanged { mutes: true, ..RelationChanged::nothing(ada.id, bob.id) })).await;
    social.commented(&bob, &post, "d").await;
    assert_eq!(told(&social, &ada).await.len(), 2);
}

#[tokio::test]
async fn what_it_was_about_is_gone_and_so_is_the_notification() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let reply = social.commented(&bob, &post, "b").await;
    react(&social, &bob, &post, "👍").await;
    social.delete(&bob, &reply).await;
    assert_eq!(kinds(&social, &ada).await, [("reaction".to_owned(), 1)]);
    social.delete(&ada, &post).await;
    assert_eq!((told(&social, &ada).await.len(), social.count("notifications").await), (0, 0));
}

#[tokio::test]
async fn an_edit_tells_those_whom_it_newly_mentions() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    for who in [&ada, &eve] {
        social.posted(who, json!({"text": "a"})).await;
    }
    let post = social.posted(&bob, json!({"text": format!("@person_{}", ada.id)})).await;
    social.edited(&bob, &post, json!({"text": format!("@person_{} @person_{}", ada.id, eve.id)})).await;
    for who in [&ada, &eve] {
        assert_eq!(kinds(&social, who).await, [("mention".to_owned(), 1)]);
    }
}

#[tokio::test]
async fn somebody_keeps_a_thousand_and_a_few() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let ada = social.person();
    let many = "select count(tell($1, 'friend_request', 1000000 + n, null, null)) from generate_series(1, 1500) n";
    sqlx::query(many).bind(ada.id).execute(&pool).await.unwrap();
    let kept = social.count("notifications").await;
    assert!((1_000..1_300).contains(&kept), "{kept}");
    assert_eq!(unread(&social, &ada).await, 100);
    let all = social.list(&format!("{LIST}?limit=80"), Some(&ada)).await;
    assert_eq!(i64::try_from(all.len()).unwrap(), kept);
    assert_eq!(id(&told(&social, &ada).await[0]), all[0]);
}
