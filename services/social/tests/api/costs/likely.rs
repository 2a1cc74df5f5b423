//! What a search costs that very many fit.

use serde_json::json;

use super::measured::{Cost, Measured};

/// `$n` people with much to say of themselves, and as many tags.
const CROWD: [&str; 2] = [
    "insert into profiles (id, handle, display_name, bio)
     select 1000000 + n, 'crowd_' || n, 'Crowd ' || n, repeat('b', 400) from generate_series(1, $n) n on conflict do nothing",
    "insert into tags (tag) select 'crowd' || n from generate_series(1, $n) n on conflict do nothing",
];

/// Several hundred people are weighed, wherever they are stored.
const MOST: i64 = 12_000;

#[tokio::test]
async fn a_search_for_people_or_tags_looks_at_a_few_hundred_however_many_fit() {
    let measured = Measured::spawn().await;
    let reader = measured.social.person();
    measured.social.posted(&reader, json!({"text": "a"})).await;
    let searches = [("people&q=c", 10), ("people&q=crowd", 10), ("tags&q=c", 0), ("tags&q=crowd", 0)];
    let mut smallest = [None; 4];
    for crowd in [5_000, 50_000] {
        measured.write(&CROWD, &reader, crowd).await;
        for ((search, items), smallest) in searches.into_iter().zip(&mut smallest) {
            let answered = measured.again(&format!("/v1/search?type={search}&limit=10"), &reader).await;
            assert_eq!(answered.found(), Some((items, false)), "{search}");
            let Cost { buffers, statements, .. } = answered.cost;
            println!("{search}: {buffers} buffers in {statements} statements; a crowd of {crowd}");
            let least = *smallest.get_or_insert(buffers);
            assert!(buffers <= MOST && buffers <= least + 1_000, "{search} touches {buffers} after {least}, a crowd of {crowd}");
        }
    }
}
