//! What the hot reads cost: statements, and pages of the database that they touch. Both stay where they are, however much
//! there is; `docs/performance.md` says what grows, and why.

mod burst;
mod measured;
mod plants;

use reqwest::Method;
use serde_json::json;

use measured::{Cost, Measured};
use plants::{FOLLOWEES, POSTS, RESERVED};

/// What a page of ten may touch, whatever there is. Measured in hundreds, but for a home timeline of a hundred entries: the
/// planner finds it cheaper to look at all of them.
const MOST: i64 = 4_000;
/// The people behind each notification are counted up to a thousand, as far as the reader may know of them.
const MOST_OF_NOTIFICATIONS: i64 = 50_000;

struct Read {
    path: &'static str,
    /// How many it finds, and whether there are more; nothing, if its answer is no list.
    finds: Option<(usize, bool)>,
    most: i64,
}

const fn page(path: &'static str) -> Read {
    Read { path, finds: Some((10, true)), most: MOST }
}

const fn list(path: &'static str, items: usize) -> Read {
    Read { path, finds: Some((items, false)), most: MOST }
}

const fn one(path: &'static str) -> Read {
    Read { path, finds: None, most: MOST }
}

const READS: [Read; 19] = [
    page("/v1/timelines/home?limit=10"),
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
    one("/v1/posts/800000/context"),
    page("/v1/posts/800000/reactions?limit=10"),
];

#[tokio::test]
async fn a_hot_read_touches_as_much_however_much_there_is() {
    let measured = Measured::spawn().await;
    let reader = measured.social.person();
    measured.social.posted(&reader, json!({"text": "a"})).await;
    measured.write(&RESERVED, &reader, 0).await;
    // Ten people with 12 posts each, then with 10 and with 100 times as many; then five thousand people.
    for (people, posts) in [(10, 12), (10, 108), (10, 1_080), (5_000, 2)] {
        measured.write(&FOLLOWEES, &reader, people).await;
        measured.write(&POSTS, &reader, posts).await;
        for Read { path, finds, most } in &READS {
            let answered = measured.again(path, &reader).await;
            if finds.is_some() {
                assert_eq!(answered.found(), *finds, "{path}");
            }
            let Cost { buffers, statements } = answered.cost;
            println!("{path}: {buffers} buffers in {statements} statements; {people} people with {posts} posts more");
            // How many statements there are is held in statements.rs: PostgreSQL may report one when the answer is sent already.
            assert!(buffers <= *most, "{path} touches {buffers}, {people} people with {posts} posts more");
        }
    }
}

#[tokio::test]
async fn what_home_reads_from_the_tables_costs_a_few_pages_for_each_who_is_followed() {
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
        for (what, answered, besides, for_each) in [("the first read", first, 15_000, 40), ("a page below the ring", below, 2_000, 15)] {
            let Cost { buffers, statements } = answered.cost;
            println!("{what}: {buffers} buffers in {statements} statements; {people} people");
            assert_eq!(answered.found(), Some((10, true)), "{what}, {people} people");
            assert!(buffers <= besides + for_each * people, "{what} touches {buffers}, {people} people");
        }
    }
}
