//! What is told while it happens.

pub mod client;
mod crowd;
mod edits;
mod missed;

use std::time::{Duration, Instant};

use contracts::Service;
use contracts::fact::{Fact, RelationEvent, RelationHappened};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::answers::{answer, eventually, id};
use crate::replica::Replica;
use crate::support::{Person, TestSocial};
use client::{Events, Socket, Told};

async fn post(social: &TestSocial, who: &Person, visibility: &str) -> String {
    id(&social.posted(who, json!({"text": "a", "visibility": visibility})).await).to_owned()
}

/// Somebody's next event must be this post.
async fn assert_next(events: &mut Events, post: &str) -> Told {
    let told = events.next().await;
    assert_eq!((told.name.as_str(), &told.data["id"]), ("post", &json!(post)));
    told
}

#[tokio::test]
async fn what_happens_is_told_to_those_whom_it_is_for() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    post(&social, &ada, "public").await;
    social.follow(&bob, &ada).await;
    let (mut hers, mut his, mut theirs) =
        (Events::open(&social, &ada).await, Events::open(&social, &bob).await, Events::open(&social, &eve).await);
    let first = social.posted(&ada, json!({"text": "a", "visibility": "followers"})).await;
    let told = assert_next(&mut his, id(&first)).await;
    assert_eq!(told.data["author"]["handle"], format!("person_{}", ada.id));
    assert_next(&mut hers, id(&first)).await;

    answer(social.react(Method::PUT, &bob, &first, "👍")).await;
    let told = hers.next().await;
    assert_eq!((told.name.as_str(), &told.data["kind"]), ("notification", &json!("reaction")));
    social.tell(Fact::RelationHappened(RelationHappened { event: RelationEvent::Matched, actor: bob.id, target: ada.id })).await;
    assert_eq!(hers.next().await.data["kind"], "match");

    social.delete(&ada, &first).await;
    for events in [&mut hers, &mut his] {
        let told = events.next().await;
        assert_eq!((told.name.as_str(), told.data), ("delete", json!({"id": first["id"]})));
    }
    // What was not for her came to nobody's knowledge: her first event is this one.
    social.follow(&eve, &ada).await;
    let open = post(&social, &ada, "public").await;
    assert_next(&mut theirs, &open).await;
}

#[tokio::test]
async fn nobody_is_told_of_what_they_may_not_see() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    for who in [&ada, &eve] {
        post(&social, who, "public").await;
        social.follow(&bob, who).await;
    }
    let mut his = Events::open(&social, &bob).await;
    let secret = social.posted(&ada, json!({"text": "a", "visibility": "friends"})).await;
    social.delete(&ada, &secret).await;
    let direct = social.posted(&ada, json!({"text": "a", "visibility": "direct"})).await;
    social.edited(&ada, &direct, json!({"visibility": "friends"})).await;
    social.block(&eve, &bob).await;
    post(&social, &eve, "public").await;
    let open = post(&social, &ada, "public").await;
    assert_next(&mut his, &open).await;
    // One that is shown to fewer is gone for those who are left out.
    let narrowed = social.posted(&ada, json!({"text": "a"})).await;
    assert_next(&mut his, id(&narrowed)).await;
    social.edited(&ada, &narrowed, json!({"visibility": "friends"})).await;
    let told = his.next().await;
    assert_eq!((told.name.as_str(), &told.data["id"]), ("delete", &narrowed["id"]));
    social.unfollow(&bob, &ada).await;
    post(&social, &ada, "public").await;
    let own = post(&social, &bob, "public").await;
    assert_next(&mut his, &own).await;
}

#[tokio::test]
async fn a_stream_goes_on_where_it_broke_off() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    post(&social, &ada, "public").await;
    social.follow(&bob, &ada).await;
    let mut events = Events::open(&social, &bob).await;
    let begun = events.begun.clone();
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(post(&social, &ada, "public").await);
    }
    let first = assert_next(&mut events, &made[0]).await;
    drop(events);
    made.push(post(&social, &ada, "public").await);

    let mut again = Events::resume(&social, &bob, Some(&first.id)).await;
    let last = post(&social, &ada, "public").await;
    let mut expected = made[1..].to_vec();
    expected.push(last);
    assert_eq!(again.posts(expected.len()).await, expected);

    // From its very beginning, without what is gone meanwhile.
    let gone = social.request(Method::DELETE, &format!("/v1/posts/{}", made[0]), Some(&ada));
    assert_eq!(answer(gone).await.0, StatusCode::NO_CONTENT);
    let mut whole = Events::resume(&social, &bob, Some(&begun)).await;
    assert_eq!(whole.posts(expected.len()).await, expected);
}

#[tokio::test]
async fn a_place_that_is_not_known_is_no_place_to_go_on_from() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    post(&social, &ada, "public").await;
    social.follow(&bob, &ada).await;
    let mut events = Events::open(&social, &ada).await;
    let pool = social.db.superuser_pool(Service::Social);
    for _ in 0..3 {
        let made = post(&social, &ada, "public").await;
        assert_next(&mut events, &made).await;
    }
    sqlx::query("delete from stream_events where position < (select max(position) from stream_events)").execute(&pool).await.unwrap();
    for unknown in [events.begun.clone(), "1".to_owned(), i64::MAX.to_string()] {
        let unknown = unknown.as_str();
        let mut events = Events::resume(&social, &bob, Some(unknown)).await;
        assert_eq!(events.next().await.name, "reset");
        let made = post(&social, &ada, "public").await;
        assert_next(&mut events, &made).await;
    }
    let wrong = social.request(Method::GET, "/v1/stream", Some(&bob)).header("last-event-id", "abc");
    assert_eq!(answer(wrong).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_place_of_an_event_says_nothing_of_how_many_there_are() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let mut events = Events::open(&social, &ada).await;
    let mut places = vec![events.begun.parse::<i64>().unwrap()];
    for _ in 0..3 {
        let made = post(&social, &ada, "public").await;
        places.push(assert_next(&mut events, &made).await.id.parse().unwrap());
    }
    let pool = social.db.superuser_pool(Service::Social);
    let newest: i64 = sqlx::query_scalar("select max(position) from stream_events").fetch_one(&pool).await.unwrap();
    let behind: i64 = sqlx::query_scalar("select unveiled($1)").bind(places[3]).fetch_one(&pool).await.unwrap();
    assert_eq!(behind, newest);
    // Two that follow each other are not near each other, nor is any near what it counts.
    for pair in places.windows(2) {
        assert!(pair[0].abs_diff(pair[1]) > 1_000_000 && pair[1] > 1_000_000, "{places:?}");
    }
}

#[tokio::test]
async fn an_event_that_is_committed_late_is_not_passed_by() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (ada, bob) = (social.person(), social.person());
    for author in [&ada, &bob] {
        post(&social, author, "public").await;
    }
    social.follow(&bob, &ada).await;
    let mut events = Events::open(&social, &bob).await;
    let mut late = pool.begin().await.unwrap();
    let slow: i64 = sqlx::query_scalar("insert into posts (author, text, visibility) values ($1, 'a', 'public') returning id")
        .bind(ada.id)
        .fetch_one(&mut *late)
        .await
        .unwrap();
    let quick = post(&social, &ada, "public").await;
    let told = assert_next(&mut events, &quick).await;
    drop(events);
    late.commit().await.unwrap();
    let mut again = Events::resume(&social, &bob, Some(&told.id)).await;
    assert_eq!(again.posts(1).await, [slow.to_string()]);
}

#[tokio::test]
async fn every_replica_tells() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    post(&social, &ada, "public").await;
    social.follow(&bob, &ada).await;
    let mut other = Replica::spawn(&social, social.db.pool(Service::Social)).await;
    let mut there = Events::at(&other.url, &bob, None).await;
    let mut here = Events::open(&social, &bob).await;
    let made = post(&social, &ada, "public").await;
    let (one, two) = (assert_next(&mut here, &made).await, assert_next(&mut there, &made).await);
    assert_eq!(one.id, two.id, "a place is the same on every replica");
    // A replica that stops says so, and is not held up; the other goes on from there.
    other.stop();
    let ended = there.next().await;
    assert_eq!((ended.name.as_str(), ended.data), ("end", json!({"reason": "stopping"})));
    assert!((1_000..10_000).contains(&ended.retry.unwrap()), "not all come back at once");
    drop(here);
    let mut here = Events::resume(&social, &bob, Some(&two.id)).await;
    assert_eq!(here.next().await.name, "ready");
    tokio::time::timeout(Duration::from_secs(120), other.serving).await.expect("it ends").unwrap();
}

#[tokio::test]
async fn a_session_that_ends_ends_its_streams() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    post(&social, &ada, "public").await;
    let (mut events, mut socket, mut others) =
        (Events::open(&social, &ada).await, Socket::open(&social, &ada, None).await, Events::open(&social, &bob).await);
    let revoked = Instant::now();
    social.issuer.revoke(ada.id);
    let ended = events.next().await;
    assert_eq!((ended.name.as_str(), ended.data), ("end", json!({"reason": "signed_out"})));
    assert_eq!(socket.closed().await, (1008, "signed_out".to_owned()));
    println!("a session that ended was told so after {:?}", revoked.elapsed());
    let made = post(&social, &bob, "public").await;
    assert_next(&mut others, &made).await;
    assert_eq!(social.get("/v1/stream", Some(&ada)).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_account_has_a_handful_of_streams() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(Events::open(&social, &ada).await);
    }
    let (status, problem) = social.get("/v1/stream", Some(&ada)).await;
    assert_eq!((status, problem["type"].as_str().unwrap()), (StatusCode::CONFLICT, "https://socialplatform.dev/problems/too-many-streams"));
    Events::open(&social, &bob).await;
    open.clear();
    eventually("the places are free", async || {
        let answer = social.request(Method::GET, "/v1/stream", Some(&ada)).send().await.unwrap();
        answer.status() == StatusCode::OK
    })
    .await;
    assert_eq!(social.get("/v1/stream", None).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_websocket_tells_the_same() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    post(&social, &ada, "public").await;
    social.follow(&bob, &ada).await;
    let mut socket = Socket::open(&social, &bob, None).await;
    let first = post(&social, &ada, "public").await;
    let told = socket.next().await;
    assert_eq!((told.name.as_str(), &told.data["id"]), ("post", &json!(first)));
    drop(socket);
    let second = post(&social, &ada, "public").await;
    // As a browser opens it, which can send no header.
    let mut again = Socket::offer(&social, &bob, &told.id).await;
    // What it missed, and that this was all; or the other way round, where it was quicker than the event.
    let (one, two) = (again.next().await, again.next().await);
    let (missed, ready) = if one.name == "post" { (one, two) } else { (two, one) };
    assert_eq!((missed.data["id"].as_str(), ready.name.as_str()), (Some(second.as_str()), "ready"));
    let plain = social.get("/v1/stream/ws", Some(&bob)).await;
    assert_eq!(plain.0, StatusCode::BAD_REQUEST);
}
