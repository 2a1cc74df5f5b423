//! What the hot reads cost: statements, and pages of the database that they touch. Both stay where they are, however much
//! there is, and whether PostgreSQL plans for the page that is asked for or once for any, as it does with what it is asked often.
//! `docs/performance.md` says what grows, and why.

mod burst;
mod likely;
mod measured;
mod plants;
mod unseen;

use reqwest::Method;
use serde_json::json;

use crate::support::Person;
use measured::{Cost, Measured};
use plants::{FOLLOWEES, POSTS, RESERVED, TAGS};

/// What a page of ten may touch, whatever there is. Measured in hundreds.
const MOST: i64 = 4_000;
/// Growth is held against the least that a read has touched: twice of that, and so much.
const GROWTH: i64 = 200;
/// What is of the last minute, and of a followed tag or of somebody who is not delivered, is looked up in the ring: whether it is
/// there already. Here everything is, so that is all 800 entries for their tags and half of them for their authors, some five pages
/// each. And of a ring of a hundred entries the planner finds it cheaper to look at all.
const MOST_OF_HOME: i64 = 12_000;
/// The first ring holds a hundred entries, the others 800.
const GROWTH_OF_HOME: i64 = 10_000;
/// A context is whole: few people have written the first, and each answer of the last is another's, with a profile on a page of its own.
const GROWTH_OF_CONTEXT: i64 = 400;
/// The people behind each notification are counted up to a thousand, as far as the reader may know of them.
const MOST_OF_NOTIFICATIONS: i64 = 50_000;

struct Read {
    path: &'static str,
    /// How many it finds, and whether there are more; nothing, if its answer is no list.
    finds: Option<(usize, bool)>,
    most: i64,
    growth: i64,
}

const fn page(path: &'static str) -> Read {
    Read { path, finds: Some((10, true)), most: MOST, growth: GROWTH }
}

const fn list(path: &'static str, items: usize) -> Read {
    Read { path, finds: Some((items, false)), most: MOST, growth: GROWTH }
}

const fn one(path: &'static str) -> Read {
    Read { path, finds: None, most: MOST, growth: GROWTH }
}

const fn home(path: &'static str) -> Read {
    Read { most: MOST_OF_HOME, growth: GROWTH_OF_HOME, ..page(path) }
}

/// The poll comes after home, which notes what has arrived.
const READS: [Read; 21] = [
    home("/v1/timelines/home?limit=10"),
    home("/v1/timelines/home?limit=10&after=$arrived"),
    page("/v1/timelines/bookmarks?limit=10"),
    page("/v1/timelines/public?limit=10"),
    page("/v1/timelines/tags/sea?limit=10"),
    page("/v1/timelines/accounts/1000001?limit=10"),
    page("/v1/timelines/accounts/900000?limit=10"),
    page("/v1/timelines/lists/700000?limit=10"),
    page("/v1/search?q=common&limit=10"),
    list("/v1/search?q=needle&limit=10", 3),
    list("/v1/search?q=nowhere&limit=10", 0),
    list("/v1/search?type=people&q=reserved&limit=10", 1),
    list("/v1/search?type=tags&q=sea&limit=10", 1),
    Read { most: MOST_OF_NOTIFICATIONS, ..page("/v1/notifications?limit=10") },
    Read { most: MOST_OF_NOTIFICATIONS, ..one("/v1/notifications/unread") },
    one("/v1/profiles/1000001"),
    one("/v1/posts/800000"),
    page("/v1/posts/800000/comments?limit=10"),
    page("/v1/posts/800000/replies?limit=10"),
    Read { growth: GROWTH_OF_CONTEXT, ..one("/v1/posts/800000/context") },
    page("/v1/posts/800000/reactions?limit=10"),
];

/// With a number in the place of `$arrived` after which twenty posts have arrived at the reader's home.
async fn addressed(path: &str, measured: &Measured, reader: &Person) -> String {
    if !path.contains("$arrived") {
        return path.to_owned();
    }
    let arrived = sqlx::query_scalar("select arrived - 20 from home_readers where account = $1").bind(reader.id);
    let arrived: i64 = arrived.fetch_one(&measured.pool).await.unwrap();
    path.replace("$arrived", &arrived.to_string())
}

async fn stays(plans: &'static str) {
    let measured = Measured::spawn_planning(plans).await;
    let reader = measured.social.person();
    measured.social.posted(&reader, json!({"text": "a"})).await;
    measured.write(&RESERVED, &reader, 0).await;
    let mut smallest: Vec<Option<Cost>> = vec![None; READS.len()];
    // Ten people with 12 posts each, then with 10 and with 100 times as many; then five thousand people.
    for (people, posts) in [(10, 12), (10, 108), (10, 1_080), (5_000, 2)] {
        measured.write(&FOLLOWEES, &reader, people).await;
        measured.write(&POSTS, &reader, posts).await;
        for (Read { path, finds, most, growth }, smallest) in READS.iter().zip(&mut smallest) {
            let path = addressed(path, &measured, &reader).await;
            let answered = measured.again(&path, &reader).await;
            if finds.is_some() {
                assert_eq!(answered.found(), *finds, "{path}");
            }
            let Cost { buffers, statements, .. } = answered.cost;
            println!("{path}: {buffers} buffers in {statements} statements; {people} people with {posts} posts more");
            let least = smallest.get_or_insert(answered.cost);
            assert_eq!(statements, least.statements, "statements of {path}, {people} people with {posts} posts more");
            assert!(
                buffers <= *most && buffers <= 2 * least.buffers + growth,
                "{path} touches {buffers} after {}, {people} people with {posts} posts more",
                least.buffers
            );
            least.buffers = buffers.min(least.buffers);
        }
    }
}

#[tokio::test]
async fn a_hot_read_touches_as_much_however_much_there_is() {
    stays("auto").await;
}

#[tokio::test]
async fn a_hot_read_touches_as_much_when_postgresql_plans_it_once_for_any_page() {
    stays("force_generic_plan").await;
}

#[tokio::test]
async fn what_home_reads_from_the_tables_costs_a_few_pages_for_each_person_and_each_tag_that_is_followed() {
    let measured = Measured::spawn().await;
    let reader = measured.social.person();
    measured.social.posted(&reader, json!({"text": "a"})).await;
    let home = "/v1/timelines/home?limit=10";
    for (people, posts) in [(10, 108), (500, 4), (5_000, 2)] {
        measured.write(&FOLLOWEES, &reader, people).await;
        measured.write(&POSTS, &reader, posts).await;
        // Whom they follow has changed, so this one builds the ring.
        let first = measured.ask(measured.request(Method::GET, home, &reader)).await;
        let floor = sqlx::query_scalar("select floor from home_readers where account = $1").bind(reader.id);
        let floor: i64 = floor.fetch_one(&measured.pool).await.unwrap();
        let below = measured.again(&format!("{home}&before={floor}"), &reader).await;
        for (what, answered, besides, for_each, for_tag) in
            [("the first read", first, 15_000, 40, 10), ("a page below the ring", below, 2_000, 15, 15)]
        {
            let Cost { buffers, statements, .. } = answered.cost;
            println!("{what}: {buffers} buffers in {statements} statements; {people} people");
            assert_eq!(answered.found(), Some((10, true)), "{what}, {people} people");
            assert!(buffers <= besides + for_each * people + for_tag * TAGS, "{what} touches {buffers}, {people} people");
        }
    }
}
