use contracts::Service;
use contracts::fact::{Fact, RelationChanged};
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

use crate::answers::{NONE, answer, eventually, id, ids, link};
use crate::support::{Person, TestSocial};

pub const HOME: &str = "/v1/timelines/home";

/// Writes many posts at once, past the front door.
pub async fn write(pool: &PgPool, author: &Person, posts: i64) -> Vec<String> {
    let write = "insert into posts (author, text, visibility) select $1, 'a', 'public' from generate_series(1, $2)";
    sqlx::query(write).bind(author.id).bind(posts).execute(pool).await.unwrap();
    let written: Vec<i64> =
        sqlx::query_scalar("select id from posts where author = $1 order by id desc").bind(author.id).fetch_all(pool).await.unwrap();
    written.iter().map(i64::to_string).collect()
}

/// So many who follow somebody, and read.
async fn crowd(pool: &PgPool, whom: &Person, followers: i32) {
    let crowd = "with followers as (insert into relations (actor, target, follows, blocks)
                     select 1000000 + n, $1, true, false from generate_series(1, $2) n returning actor)
                 insert into home_readers (account, stale) select actor, false from followers";
    sqlx::query(crowd).bind(whom.id).bind(followers).execute(pool).await.unwrap();
}

pub async fn post(social: &TestSocial, who: &Person) -> String {
    id(&social.posted(who, json!({"text": "a"})).await).to_owned()
}

/// How many readers' rings hold a post.
pub async fn delivered(pool: &PgPool, post: &str) -> i64 {
    sqlx::query_scalar("select count(*) from home_entries where post = $1::bigint").bind(post).fetch_one(pool).await.unwrap()
}

pub async fn all_delivered(social: &TestSocial) {
    eventually("everything is delivered", async || social.count("home_deliveries").await == 0).await;
}

#[tokio::test]
async fn scrolling_ends_where_the_posts_do() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, ada) = (social.person(), social.person());
    post(&social, &ada).await;
    social.follow(&reader, &ada).await;
    let expected = write(&pool, &ada, 1_000).await;
    assert_eq!(social.list(&format!("{HOME}?limit=80"), Some(&reader)).await, expected);
    // What comes pushes the oldest out of the ring, and out of nothing else.
    let expected = write(&pool, &ada, 300).await;
    all_delivered(&social).await;
    assert_eq!(social.list(&format!("{HOME}?limit=70"), Some(&reader)).await, expected);
    assert!((800..=900).contains(&social.count("home_entries").await));
}

#[tokio::test]
async fn whoever_was_away_for_longer_than_the_ring_remembers_finds_what_they_missed() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, ada) = (social.person(), social.person());
    let known = post(&social, &ada).await;
    social.follow(&reader, &ada).await;
    let answer = social.request(Method::GET, HOME, Some(&reader)).send().await.unwrap();
    let prev = link(&answer, "prev").unwrap();
    let written = write(&pool, &ada, 1_100).await;
    all_delivered(&social).await;
    social.read(HOME, Some(&reader)).await;
    assert_eq!(written.last(), Some(&known));
    assert_eq!(social.list(&prev, Some(&reader)).await, written);
}

#[tokio::test]
async fn a_post_that_is_committed_late_is_found_by_a_poll() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let [reader, ada, bob] = [(); 3].map(|()| social.person());
    for author in [&ada, &bob] {
        post(&social, author).await;
        social.follow(&reader, author).await;
    }
    social.read(HOME, Some(&reader)).await;
    let mut late = pool.begin().await.unwrap();
    let slow: i64 = sqlx::query_scalar("insert into posts (author, text, visibility) values ($1, 'a', 'public') returning id")
        .bind(ada.id)
        .fetch_one(&mut *late)
        .await
        .unwrap();
    let quick = post(&social, &bob).await;
    let answer = social.request(Method::GET, &format!("{HOME}?limit=1"), Some(&reader)).send().await.unwrap();
    let prev = link(&answer, "prev").unwrap();
    assert_eq!(ids(&answer.json().await.unwrap()), [quick.as_str()]);
    late.commit().await.unwrap();

    let polled = social.request(Method::GET, &prev, Some(&reader)).send().await.unwrap();
    let prev = link(&polled, "prev").unwrap();
    assert_eq!(ids(&polled.json().await.unwrap()), [slow.to_string()]);
    assert_eq!(ids(&social.read(&prev, Some(&reader)).await), NONE);
    // And in its place, by time.
    assert_eq!(ids(&social.read(HOME, Some(&reader)).await)[..2], [quick, slow.to_string()]);
}

#[tokio::test]
async fn a_poll_tells_in_as_many_pages_as_it_takes() {
    let social = TestSocial::spawn().await;
    let (reader, ada) = (social.person(), social.person());
    post(&social, &ada).await;
    social.follow(&reader, &ada).await;
    let first = social.request(Method::GET, HOME, Some(&reader)).send().await.unwrap();
    let mut prev = link(&first, "prev").unwrap().replace("after=", "limit=2&after=");
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.push(post(&social, &ada).await);
    }
    let mut seen = Vec::new();
    loop {
        let answer = social.request(Method::GET, &prev, Some(&reader)).send().await.unwrap();
        prev = link(&answer, "prev").unwrap();
        let mut page = ids(&answer.json().await.unwrap());
        if page.is_empty() {
            break;
        }
        page.reverse();
        seen.extend(page);
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn the_past_of_whom_one_begins_to_follow_is_in_its_place() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let [reader, ada, bob] = [(); 3].map(|()| social.person());
    post(&social, &ada).await;
    post(&social, &bob).await;
    social.follow(&reader, &ada).await;
    social.read(HOME, Some(&reader)).await;
    for _ in 0..3 {
        write(&pool, &bob, 100).await;
        write(&pool, &ada, 1).await;
    }
    social.read(HOME, Some(&reader)).await;
    social.follow(&reader, &bob).await;
    let expected: Vec<i64> = sqlx::query_scalar("select id from posts order by id desc").fetch_all(&pool).await.unwrap();
    let expected: Vec<String> = expected.iter().map(i64::to_string).collect();
    assert_eq!(social.list(&format!("{HOME}?limit=80"), Some(&reader)).await, expected);
}

#[tokio::test]
async fn a_much_followed_author_is_not_delivered_and_is_there_at_once() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, ada) = (social.person(), social.person());
    let first = post(&social, &ada).await;
    social.follow(&reader, &ada).await;
    social.read(HOME, Some(&reader)).await;
    crowd(&pool, &ada, 6000).await;
    // The post by which it is found that they are many still goes to all.
    let second = post(&social, &ada).await;
    eventually("it is delivered", async || delivered(&pool, &second).await >= 6_000).await;
    all_delivered(&social).await;
    assert_eq!(social.count("home_pulled").await, 1);
    // A minute later.
    sqlx::query("update home_pulled set since = 0").execute(&pool).await.unwrap();
    let third = post(&social, &ada).await;
    assert_eq!(ids(&social.read(HOME, Some(&reader)).await), [third.as_str(), second.as_str(), first.as_str()]);
    all_delivered(&social).await;
    assert_eq!(delivered(&pool, &third).await, 1, "only whoever reads looks for it");
    assert_eq!(ids(&social.read(HOME, Some(&reader)).await), [third, second, first]);
}

#[tokio::test]
async fn a_delivery_that_is_interrupted_goes_on_and_nobody_waits_for_it() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, ada) = (social.person(), social.person());
    post(&social, &ada).await;
    social.follow(&reader, &ada).await;
    social.read(HOME, Some(&reader)).await;
    crowd(&pool, &ada, 2500).await;
    // Somebody in the second batch is held, until the delivery fails over it.
    let mut held = pool.begin().await.unwrap();
    sqlx::query("select from home_readers where account = 1001500 for update").execute(&mut *held).await.unwrap();
    let made = post(&social, &ada).await;
    eventually("the first batch has it", async || delivered(&pool, &made).await >= 999).await;
    assert_eq!(ids(&social.read(HOME, Some(&reader)).await)[0], made);
    assert_eq!(social.count("home_deliveries where passed > 0").await, 1);
    held.rollback().await.unwrap();
    eventually("all have it", async || delivered(&pool, &made).await == 2_501).await;
    all_delivered(&social).await;
}

#[tokio::test]
async fn a_delivery_that_cannot_succeed_holds_up_no_other() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let [broken, reader, ada, bob] = [(); 4].map(|()| social.person());
    for (who, author) in [(&broken, &ada), (&reader, &bob)] {
        post(&social, author).await;
        social.follow(who, author).await;
        social.read(HOME, Some(who)).await;
    }
    all_delivered(&social).await;
    let refuse = format!(
        "create function refuse() returns trigger language plpgsql as 'begin raise exception ''never''; end';
         create trigger refused before insert on home_entries for each row when (new.reader = {}) execute function refuse()",
        broken.id
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(refuse)).execute(&pool).await.unwrap();
    let stuck = post(&social, &ada).await;
    for _ in 0..3 {
        let made = post(&social, &bob).await;
        eventually("it is delivered", async || delivered(&pool, &made).await == 1).await;
    }
    assert_eq!(social.count(&format!("home_deliveries where post = {stuck} and batches > 0")).await, 1);
    sqlx::query("drop trigger refused on home_entries").execute(&pool).await.unwrap();
    eventually("what failed is tried again", async || delivered(&pool, &stuck).await == 1).await;
}

#[tokio::test]
async fn home_is_complete_however_much_is_on_its_way() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, ada) = (social.person(), social.person());
    let first = post(&social, &ada).await;
    social.follow(&reader, &ada).await;
    social.read(HOME, Some(&reader)).await;
    all_delivered(&social).await;
    // A post on its way to its second thousand of followers, behind more than one read looks through.
    let coming = format!("insert into posts (author, text, visibility) values ({}, 'a', 'public')", ada.id);
    let batches = format!("insert into home_deliveries (post, author, batches) select id, author, 1 from posts where id <> {first}");
    let others = "insert into home_deliveries (post, author) select n, 0 from generate_series(1, 3000) n".to_owned();
    social.plant(&[coming, batches, others]).await;
    // All but those that are delivered by now: nobody delivers them.
    let mut held = pool.begin().await.unwrap();
    let waiting = sqlx::query_scalar("select post from home_deliveries order by batches, post for update skip locked");
    let waiting: Vec<i64> = waiting.fetch_all(&mut *held).await.unwrap();
    assert!(waiting.len() > 1_001, "{}", waiting.len());
    let coming = waiting.last().unwrap().to_string();
    assert_eq!(ids(&social.read(HOME, Some(&reader)).await), [coming, first]);
    held.rollback().await.unwrap();
}

#[tokio::test]
async fn nothing_is_delivered_to_who_does_not_read() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, ada) = (social.person(), social.person());
    let first = post(&social, &ada).await;
    social.follow(&reader, &ada).await;
    let before = social.request(Method::GET, HOME, Some(&reader)).send().await.unwrap();
    let prev = link(&before, "prev").unwrap();
    all_delivered(&social).await;
    sqlx::query("update home_readers set read_at = now() - interval '31 days'").execute(&pool).await.unwrap();
    let second = post(&social, &ada).await;
    all_delivered(&social).await;
    assert_eq!(delivered(&pool, &second).await, 0);
    // Whoever comes back misses nothing, and is delivered to from then on.
    assert_eq!(ids(&social.read(&prev, Some(&reader)).await), [second.as_str()]);
    assert_eq!(ids(&social.read(HOME, Some(&reader)).await), [second, first]);
    let third = post(&social, &ada).await;
    eventually("it is delivered", async || delivered(&pool, &third).await == 1).await;
}

#[tokio::test]
async fn what_is_posted_with_a_followed_tag_is_at_home() {
    let social = TestSocial::spawn().await;
    let (reader, eve) = (social.person(), social.person());
    post(&social, &reader).await;
    let tagged = async |visibility: &str| id(&social.posted(&eve, json!({"text": "#sea", "visibility": visibility})).await).to_owned();
    let old = tagged("public").await;
    let home = async || {
        let mine = social.read(HOME, Some(&reader)).await;
        ids(&mine)
    };
    assert_eq!(home().await.len(), 1);
    let follow = social.request(Method::PUT, "/v1/tags/Sea/follow", Some(&reader));
    assert_eq!(answer(follow).await.0, StatusCode::NO_CONTENT);
    assert_eq!(home().await[0], old);
    let new = tagged("public").await;
    for hidden in ["unlisted", "followers", "friends", "direct"] {
        tagged(hidden).await;
    }
    assert_eq!(home().await[..2], [new.as_str(), old.as_str()]);
    assert_eq!(home().await.len(), 3);
    social.tell(Fact::RelationChanged(RelationChanged { mutes: true, ..RelationChanged::nothing(reader.id, eve.id) })).await;
    assert_eq!(home().await.len(), 1);
    social.tell(Fact::RelationChanged(RelationChanged::nothing(reader.id, eve.id))).await;
    assert_eq!(home().await.len(), 3);
    answer(social.request(Method::DELETE, "/v1/tags/sea/follow", Some(&reader))).await;
    assert_eq!(home().await.len(), 1);
}

#[tokio::test]
async fn a_post_that_is_shown_to_more_gets_into_rings_that_were_made_before() {
    let social = TestSocial::spawn().await;
    let [reader, ada] = [(); 2].map(|()| social.person());
    let first = post(&social, &ada).await;
    post(&social, &reader).await;
    social.follow(&reader, &ada).await;
    let home = async || ids(&social.read(HOME, Some(&reader)).await);
    let secret = social.posted(&ada, json!({"text": "a", "visibility": "direct"})).await;
    assert_eq!(home().await.len(), 2);
    all_delivered(&social).await;
    // An edit that mentions them, and one that shows it to all.
    social.edited(&ada, &secret, json!({"text": format!("@person_{}", reader.id)})).await;
    assert_eq!(home().await[0], id(&secret));
    social.edited(&ada, &secret, json!({"text": "b"})).await;
    assert_eq!(home().await.len(), 2);
    social.edited(&ada, &secret, json!({"visibility": "public"})).await;
    assert_eq!(home().await[0], id(&secret));
    all_delivered(&social).await;
    assert_eq!(home().await[0], id(&secret));
    assert_eq!(home().await[2], first);
}

#[tokio::test]
async fn a_first_look_and_a_follow_at_once_lose_nothing() {
    let social = TestSocial::spawn().await;
    for _ in 0..10 {
        let (reader, ada) = (social.person(), social.person());
        let made = post(&social, &ada).await;
        tokio::join!(social.follow(&reader, &ada), async { drop(social.read(HOME, Some(&reader)).await) });
        assert_eq!(ids(&social.read(HOME, Some(&reader)).await), [made]);
    }
}
