//! Rings of home timelines, while what is in them changes.

use std::time::Duration;

use contracts::Service;
use contracts::fact::{Fact, RelationChanged, RelationEvent, RelationHappened};
use facts::Outbox;
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

use crate::answers::{answer, eventually, id, ids, link};
use crate::home::{HOME, all_delivered, delivered, post, write};
use crate::support::{Person, TestSocial};

#[tokio::test]
async fn scrolling_skips_nothing_when_a_read_trims_the_ring() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, ada) = (social.person(), social.person());
    post(&social, &ada).await;
    social.follow(&reader, &ada).await;
    write(&pool, &ada, 1_200).await;
    all_delivered(&social).await;
    social.read(HOME, Some(&reader)).await;
    let expected = write(&pool, &ada, 99).await;
    all_delivered(&social).await;
    assert_eq!(social.count("home_entries").await, 899, "the next arrival trims");
    let (mut seen, mut next) = (Vec::new(), format!("{HOME}?limit=80"));
    while seen.len() < 880 {
        let page = social.request(Method::GET, &next, Some(&reader)).send().await.unwrap();
        next = link(&page, "next").unwrap();
        seen.extend(ids(&page.json().await.unwrap()));
    }
    // One's own post is looked for by the next read, which then finds that the reader stands below the ring.
    post(&social, &reader).await;
    seen.extend(social.list(&next, Some(&reader)).await);
    assert_eq!(seen, expected);
    assert_eq!(social.count("home_entries").await, 800);
}

#[tokio::test]
async fn a_poll_whose_own_read_trims_the_ring_misses_nothing() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, ada) = (social.person(), social.person());
    post(&social, &ada).await;
    social.follow(&reader, &ada).await;
    write(&pool, &ada, 800).await;
    all_delivered(&social).await;
    let first = social.request(Method::GET, HOME, Some(&reader)).send().await.unwrap();
    let prev = link(&first, "prev").unwrap().replace("after=", "limit=80&after=");
    let mut expected = write(&pool, &ada, 899).await;
    all_delivered(&social).await;
    // Before it, all that came since is remembered; with it, a hundred of that are not.
    expected.insert(0, post(&social, &reader).await);
    assert_eq!(social.list(&prev, Some(&reader)).await, expected);
}

#[tokio::test]
async fn posts_of_a_busy_tag_come_home_whatever_else_has_it() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, eve) = (social.person(), social.person());
    let own = post(&social, &reader).await;
    let follow = social.request(Method::PUT, "/v1/tags/sea/follow", Some(&reader));
    assert_eq!(answer(follow).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ids(&social.read(HOME, Some(&reader)).await), [own.as_str()]);
    post(&social, &eve).await;
    // Fewer than a read takes, and then comments, so that together they are more.
    let mut expected = write(&pool, &eve, 189).await;
    let comments = "insert into posts (author, text, visibility, parent, root, root_author)
                    select author, 'a', visibility, id, id, author from posts, generate_series(1, 60) where id = $1::bigint";
    sqlx::query(comments).bind(&expected[0]).execute(&pool).await.unwrap();
    let tags = "insert into post_tags (tag, post_id) select 'sea', id from posts where author = $1";
    sqlx::query(tags).bind(eve.id).execute(&pool).await.unwrap();
    expected.push(own);
    assert_eq!(social.list(&format!("{HOME}?limit=80"), Some(&reader)).await, expected);
}

#[tokio::test]
async fn posts_of_a_much_followed_author_come_home_whatever_else_they_write() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, ada) = (social.person(), social.person());
    post(&social, &ada).await;
    social.follow(&reader, &ada).await;
    all_delivered(&social).await;
    social.read(HOME, Some(&reader)).await;
    sqlx::query("insert into home_pulled (author, since) values ($1, 0)").bind(ada.id).execute(&pool).await.unwrap();
    let expected = write(&pool, &ada, 190).await;
    let others = "insert into posts (author, text, visibility) select $1, 'a', 'friends' from generate_series(1, 60)";
    sqlx::query(others).bind(ada.id).execute(&pool).await.unwrap();
    // By nobody: the reader has to look for them.
    all_delivered(&social).await;
    assert_eq!(social.count("home_entries").await, 1);
    assert_eq!(social.list(&format!("{HOME}?limit=80"), Some(&reader)).await, expected);
}

#[tokio::test]
async fn what_is_shown_to_all_or_tagged_later_comes_home_to_who_follows_the_tag() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, eve) = (social.person(), social.person());
    post(&social, &reader).await;
    post(&social, &eve).await;
    let follow = social.request(Method::PUT, "/v1/tags/sea/follow", Some(&reader));
    assert_eq!(answer(follow).await.0, StatusCode::NO_CONTENT);
    // Older than anything that could still be on its way to the tables.
    let old = "insert into posts (id, author, text, visibility)
               values (((extract(epoch from clock_timestamp()) * 1000)::bigint - $1) << 16, $2, $3, $4) returning id::text";
    let mut written = Vec::new();
    for (age, text, visibility) in [(180_000, "#sea", "unlisted"), (120_000, "a", "public")] {
        let post = sqlx::query_scalar(old).bind(age).bind(eve.id).bind(text).bind(visibility);
        let post: String = post.fetch_one(&pool).await.unwrap();
        written.push(json!({"id": post}));
    }
    let hidden = sqlx::query("insert into post_tags (tag, post_id) values ('sea', $1::bigint)").bind(id(&written[0]));
    hidden.execute(&pool).await.unwrap();
    let page = social.request(Method::GET, HOME, Some(&reader)).send().await.unwrap();
    let prev = link(&page, "prev").unwrap();
    assert_eq!(ids(&page.json().await.unwrap()).len(), 1);

    social.edited(&eve, &written[0], json!({"visibility": "public"})).await;
    social.edited(&eve, &written[1], json!({"text": "#sea"})).await;
    let news = [id(&written[1]), id(&written[0])];
    assert_eq!(ids(&social.read(&prev, Some(&reader)).await), news);
    assert_eq!(ids(&social.read(HOME, Some(&reader)).await)[1..], news);
    assert_eq!(ids(&social.read("/v1/timelines/tags/sea", None).await), news);
    social.edited(&eve, &written[0], json!({"visibility": "unlisted"})).await;
    assert_eq!(ids(&social.read("/v1/timelines/tags/sea", None).await), news[..1]);
}

#[tokio::test]
async fn a_mute_that_has_ended_keeps_nothing_back() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, ada) = (social.person(), social.person());
    post(&social, &ada).await;
    social.follow(&reader, &ada).await;
    social.tell(Fact::RelationHappened(RelationHappened { event: RelationEvent::Followed, actor: ada.id, target: reader.id })).await;
    let written = write(&pool, &ada, 1_000).await;
    all_delivered(&social).await;
    social.read(HOME, Some(&reader)).await;
    let floor = sqlx::query_scalar("select floor from home_readers where account = $1").bind(reader.id);
    let floor: i64 = floor.fetch_one(&pool).await.unwrap();
    let below = format!("{HOME}?limit=10&before={floor}");
    let expected: Vec<String> = written.into_iter().filter(|post| post.parse::<i64>().unwrap() < floor).take(10).collect();
    assert_eq!(expected.len(), 10);

    let follows = RelationChanged { follows: true, ..RelationChanged::nothing(reader.id, ada.id) };
    let now = jiff::Timestamp::now().as_second();
    for (until, holds) in [(None, true), (Some(now + 3_600), true), (Some(now - 1), false)] {
        let mute = RelationChanged { mutes: true, mutes_notifications: true, mutes_until: until, ..follows };
        social.tell(Fact::RelationChanged(mute)).await;
        let told = usize::from(!holds);
        assert_eq!(social.list("/v1/notifications", Some(&reader)).await.len(), told, "{until:?}");
        assert_eq!(social.read("/v1/notifications/unread", Some(&reader)).await["count"], told, "{until:?}");
        let seen = ids(&social.read(&below, Some(&reader)).await);
        assert_eq!(seen, if holds { Vec::new() } else { expected.clone() }, "{until:?}");
    }
}

/// Sessions of the database that wait for a reader's row.
async fn waiting(pool: &PgPool) -> i64 {
    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock' and query like '%home_readers%'";
    sqlx::query_scalar(waiting).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn facts_hold_no_reader_while_they_wait_for_one_before() {
    let social = TestSocial::patient().await;
    let pool = social.db.superuser_pool(Service::Social);
    let [low, middle, high, ada, bob] = [(); 5].map(|()| social.person());
    post(&social, &ada).await;
    for reader in [&low, &middle, &high] {
        social.follow(reader, &ada).await;
        social.read(HOME, Some(reader)).await;
    }
    all_delivered(&social).await;
    // A delivery holds the first reader and waits for the second.
    let mut held = pool.begin().await.unwrap();
    sqlx::query("select from home_readers where account = $1 for update").bind(middle.id).execute(&mut *held).await.unwrap();
    let made = post(&social, &ada).await;
    eventually("the delivery waits", async || waiting(&pool).await == 1).await;

    let relation = social.db.pool(Service::Relation);
    let mut tx = relation.begin().await.unwrap();
    let follows = |who: &Person| Fact::RelationChanged(RelationChanged { follows: true, ..RelationChanged::nothing(who.id, bob.id) });
    facts::publish(&mut tx, &follows(&high)).await.unwrap();
    let last = facts::publish(&mut tx, &follows(&low)).await.unwrap();
    tx.commit().await.unwrap();
    let heard = Outbox::new(relation, Service::Relation);
    let freed = async {
        eventually("the facts wait too", async || waiting(&pool).await == 2).await;
        let third = sqlx::query("select from home_readers where account = $1 for update nowait").bind(high.id);
        third.execute(&pool).await.expect("they do not hold the third");
        held.rollback().await.unwrap();
    };
    let (heard, ()) = tokio::join!(heard.passed(last, Duration::from_secs(120)), freed);
    assert!(heard.unwrap());
    eventually("all have the post", async || delivered(&pool, &made).await == 3).await;
}
