//! What a post sets in motion, and what of that its author waits for.

use std::time::{Duration, Instant};

use contracts::AccountId;
use reqwest::Method;
use serde_json::json;

use super::measured::{Cost, Measured};
use crate::answers::{id, ids, within};
use crate::home::{HOME, all_delivered, delivered};
use crate::stream::client::Events;
use crate::support::Person;

/// `$n` people who follow somebody, and read.
const FOLLOWERS: [&str; 2] = [
    "insert into relations (actor, target, follows, blocks) select 1000000 + n, $who, true, false from generate_series(1, $n) n",
    "insert into home_readers (account, stale) select 1000000 + n, false from generate_series(1, $n) n",
];

#[tokio::test]
async fn ten_thousand_followers_are_nothing_to_the_authors_request_and_soon_have_the_post() {
    let measured = Measured::spawn_with_triggers().await;
    let social = &measured.social;
    let (reader, ada) = (social.person(), social.person());
    let post = async || {
        let request = measured.request(Method::POST, "/v1/posts", &ada).json(&json!({"text": "a"}));
        measured.ask(request).await
    };
    // The first makes a profile.
    post().await;
    // What something in the background has left to be told on a connection is told to whoever uses it next, and what is told late to
    // nobody: two in a row that report as many are a post's own.
    let mut alone = post().await.cost;
    for _ in 0..100 {
        let before = alone;
        alone = post().await.cost;
        if alone.plans == before.plans {
            break;
        }
    }
    social.follow(&reader, &ada).await;
    all_delivered(social).await;
    social.read(HOME, Some(&reader)).await;
    measured.write(&FOLLOWERS, &ada, 10_000).await;
    let mut stream = Events::open(social, &reader).await;
    // Followers have it in the order of their ids, and the last of them behind one for whom the delivery has to wait.
    let last = AccountId(1_010_000);
    let last = Person { id: last, token: social.issuer.token(last) };
    let mut held = measured.pool.begin().await.unwrap();
    sqlx::query("select from home_readers where account = 1009500 for update").execute(&mut *held).await.unwrap();

    let began = Instant::now();
    let made = post().await;
    let told = stream.next().await;
    println!("{:?} until a stream tells it", began.elapsed());
    assert_eq!((told.name.as_str(), id(&told.data)), ("post", id(&made.body)));
    assert_eq!(ids(&social.read(HOME, Some(&reader)).await)[0], id(&made.body), "whoever reads does not wait for a delivery");
    assert_eq!(social.count(&format!("home_entries where reader = {}", last.id)).await, 0);
    assert_eq!(ids(&social.read(HOME, Some(&last)).await)[0], id(&made.body), "nor does the last of them");
    held.rollback().await.unwrap();
    within(Duration::from_secs(60), "all have it", async || delivered(&measured.pool, id(&made.body)).await == 10_001).await;
    println!("{:?} until all have it; {alone:?} without followers, {:?} with them", began.elapsed(), made.cost);
    // A trigger may look once more whether there is anybody. A connection that has not done this before looks its functions up; a row
    // for each follower would be tens of thousands.
    let fits = |cost: &Cost| cost.plans <= alone.plans + 3 && cost.buffers <= alone.buffers + 2_000;
    let mut cost = made.cost;
    for _ in 0..20 {
        if fits(&cost) {
            break;
        }
        cost = post().await.cost;
    }
    assert!(fits(&cost), "{cost:?} after {alone:?}");
}
