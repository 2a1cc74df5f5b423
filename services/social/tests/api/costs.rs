//! What the hot reads cost: statements, and pages of the database that they touch. Both stay where they are, however much
//! there is.

mod measured;

use serde_json::json;

use measured::{Cost, Measured};

/// `n` people whom somebody follows, and twenty times as many who are suspended.
const FOLLOWEES: [&str; 4] = [
    "insert into hidden_accounts (account) select 2000000 + n from generate_series(1, 20 * $n) n on conflict do nothing",
    "delete from relations where actor = $who",
    "insert into profiles (id, handle) select 1000000 + n, 'crowd_' || n from generate_series(1, $n) n on conflict do nothing",
    "insert into relations (actor, target, follows, blocks) select $who, 1000000 + n, true, false from generate_series(1, $n) n",
];
/// Somebody who has written a little for everybody, and three times a word that nobody else has. And more posts with other words
/// than are looked through one by one.
const RESERVED: [&str; 5] = [
    "insert into profiles (id, handle) values (900000, 'reserved'), (900001, 'wordy')",
    "insert into posts (author, text, visibility) select 900000, 'a', 'public' from generate_series(1, 12)",
    "insert into post_words (post, words) select id, 'needle' from posts where author = 900000 order by id limit 3",
    "insert into posts (author, text, visibility) select 900001, 'a', 'unlisted' from generate_series(1, 6000)",
    "insert into post_words (post, words) select id, 'other' from posts where author = 900001",
];
/// `n` posts of each of the others, with a tag and a word; and what a changed relation sets in motion. And what the reserved one
/// writes since is for others than the reader.
const POSTS: [&str; 5] = [
    "insert into posts (author, text, visibility) select id, 'a', 'public' from profiles, generate_series(1, $n) where handle like 'crowd%'",
    "insert into post_tags (tag, post_id) select 'sea', id from posts where visibility = 'public' on conflict do nothing",
    "insert into post_words (post, words) select id, 'common' from posts where visibility = 'public' on conflict do nothing",
    "insert into posts (author, text, visibility)
     select 900000, 'a', visibility from unnest(array['followers', 'friends', 'direct']) visibility, generate_series(1, 4 * $n)",
    "update home_readers set stale = true",
];

/// Each read, how many it finds, and whether there are more.
const READS: [(&str, usize, bool); 8] = [
    ("/v1/timelines/home?limit=10", 10, true),
    ("/v1/timelines/public?limit=10", 10, true),
    ("/v1/timelines/tags/sea?limit=10", 10, true),
    ("/v1/timelines/accounts/1000001?limit=10", 10, true),
    ("/v1/timelines/accounts/900000?limit=10", 10, true),
    ("/v1/search?q=common&limit=10", 10, true),
    ("/v1/search?q=needle&limit=10", 3, false),
    ("/v1/search?q=nowhere&limit=10", 0, false),
];

/// What a page of ten may touch, whatever there is. Measured in hundreds, but for a home timeline of a hundred entries: the
/// planner finds it cheaper to look at all of them. Growth is held against the least that a read has touched.
const MOST: i64 = 4_000;

#[tokio::test]
async fn a_hot_read_touches_as_much_however_much_there_is() {
    let measured = Measured::spawn().await;
    let reader = measured.social.person();
    measured.social.posted(&reader, json!({"text": "a"})).await;
    measured.write(&RESERVED, &reader, 0).await;
    let mut smallest: Vec<Option<Cost>> = vec![None; READS.len()];
    // Ten people with 12 posts each, then with 10 and with 100 times as many; then five thousand people.
    for (people, posts) in [(10, 12), (10, 108), (10, 1_080), (5_000, 2)] {
        measured.write(&FOLLOWEES, &reader, people).await;
        measured.write(&POSTS, &reader, posts).await;
        for ((read, items, more), smallest) in READS.iter().zip(&mut smallest) {
            let answered = measured.again(read, &reader).await;
            assert_eq!((answered.body["items"].as_array().unwrap().len(), answered.next.is_some()), (*items, *more), "{read}");
            let Cost { buffers, statements } = answered.cost;
            println!("{read}: {buffers} buffers in {statements} statements; {people} people with {posts} posts more");
            let least = smallest.get_or_insert(Cost { buffers: MOST, statements });
            assert_eq!(statements, least.statements, "statements of {read}, {people} people with {posts} posts more");
            assert!(
                buffers <= MOST && buffers <= 2 * least.buffers + 200,
                "{read} touches {buffers} after {}, {people} people with {posts} posts more",
                least.buffers
            );
            least.buffers = buffers.min(least.buffers);
        }
    }
}
