//! What a list costs whose newest rows are all kept from the reader.

use serde_json::json;

use super::measured::{Cost, Measured};
use super::plants::RESERVED;

/// `$n` posts and comments of somebody who is suspended, and as many reactions of people who are.
const SPAM: [&str; 7] = [
    "insert into profiles (id, handle) values (950000, 'spam') on conflict do nothing",
    "insert into posts (author, text, visibility) select 950000, 'a', 'public' from generate_series(1, $n)",
    "insert into post_tags (tag, post_id, listed) select 'sea', id, id from posts where author = 950000 and root is null
     on conflict do nothing",
    "insert into posts (author, text, visibility, parent, root, root_author)
     select 950000, 'b', 'public', 800000, 800000, 900000 from generate_series(1, $n)",
    "insert into reactions (post, account, emoji) select 800000, 6000000 + n, '👍' from generate_series(1, $n) n on conflict do nothing",
    "insert into hidden_accounts (account) select account from reactions where account > 6000000 on conflict do nothing",
    "insert into hidden_accounts (account) values (950000) on conflict do nothing",
];

const FOLLOWED: [&str; 1] = ["insert into followed_tags (account, tag) values ($who, 'sea')"];

/// A thousand rows are looked at, each of which is looked up, and so is its author.
const MOST: i64 = 20_000;
/// So are the 800 of the ring and then a thousand below it, at each of which it is asked by which tag it is there; and whether
/// something of the last minute is in the ring already, which everything here is of.
const MOST_OF_HOME: i64 = 60_000;

#[tokio::test]
async fn a_list_looks_at_a_thousand_rows_that_are_not_for_the_reader_and_no_further() {
    let measured = Measured::spawn().await;
    let reader = measured.social.person();
    measured.social.posted(&reader, json!({"text": "a"})).await;
    measured.write(&RESERVED, &reader, 0).await;
    measured.write(&FOLLOWED, &reader, 0).await;
    for rows in [2_000, 20_000] {
        measured.write(&SPAM, &reader, rows).await;
        for (path, most) in [
            ("/v1/timelines/home?limit=10", MOST_OF_HOME),
            ("/v1/timelines/public?limit=10", MOST),
            ("/v1/timelines/tags/sea?limit=10", MOST),
            ("/v1/posts/800000/comments?limit=10", MOST),
            ("/v1/posts/800000/replies?limit=10", MOST),
            ("/v1/posts/800000/reactions?limit=10", MOST),
        ] {
            let answered = measured.again(path, &reader).await;
            let Cost { buffers, statements, .. } = answered.cost;
            println!("{path}: {buffers} buffers in {statements} statements; {rows} rows");
            assert_eq!(answered.found(), Some((0, true)), "{path}, {rows} rows");
            assert!(buffers <= most, "{path} touches {buffers}, {rows} rows");
        }
    }
}
