//! What searches and the list of albums cost, whoever asks: statements, and pages of the database that they touch. Both stay where
//! they are, however many photos, words, tags and albums there are, and whether PostgreSQL plans for what is asked or once for all, as
//! it does with what it is asked often.

use std::str::FromStr;

use contracts::Service;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use test_db::plans::{Cost, Meter, reporting};

use crate::support::TestPhoto;

/// A service whose every statement reports its plan: one as for large tables, where PostgreSQL would rather read small ones whole.
async fn planned(plans: &'static str) -> TestPhoto {
    TestPhoto::on(&[], |db| {
        let settings = [
            ("search_path", "photo,extensions"),
            ("plan_cache_mode", plans),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("jit", "off"),
        ];
        let options = PgConnectOptions::from_str(&db.superuser_url()).unwrap().options(settings);
        PgPoolOptions::new().max_connections(4).connect_lazy_with(reporting(options, false))
    })
    .await
}

/// Photos from `$from` to `$to`, the oldest three of which have a word and a tag that no other has, and twenty of which one person has; and
/// as many words and tags that begin alike, or are like a word that there is not. Each sixtieth is an album of three hundred, too. Nobody
/// looks for their objects, which there are none of, for they were looked for just now.
const PHOTOS: [&str; 8] = [
    "insert into blobs (sha256, object_key, refs, width, height, thumbhash, color, hue, animated, original_type, original_size,
         large_size, small_size, thumb_size, checked_at)
     select sha256(n::text::bytea), 'blobs/' || n, 1, 40, 30, 'a', '#0000ff', 'blue', false, 'image/jpeg', 1, 1, 1, 1, now()
     from generate_series($from, $to) n",
    "insert into photos (id, owner, blob, key, visibility, title, alt, tags, license, credit, uses, words)
     select n, 'account:' || case when n <= 20 then 900000 else 1000000 + n end, sha256(n::text::bytea), lpad(n::text, 22, 'A'),
         'public', '', '', case when n <= 3 then array['sea', 'rare'] else array['sea'] end, 'CC0-1.0', '', n % 5,
         case when n <= 3 then array['a', 'common', 'needle'] else array['a', 'common'] end
     from generate_series($from, $to) n",
    "insert into terms (kind, term, photos) select 'word', 'h' || lpad(to_hex(n), 4, '0'), 1 from generate_series($from, $to) n",
    "insert into terms (kind, term, photos) select 'word', 'nowher' || n, 1 from generate_series($from, $to) n",
    "insert into terms (kind, term, photos) select 'tag', 'a' || n, 1 from generate_series($from, $to) n",
    "insert into terms (kind, term, photos)
     values ('tag', 'sea', $to), ('tag', 'rare', 3), ('word', 'a', $to), ('word', 'common', $to), ('word', 'needle', 3)
     on conflict on constraint terms_pkey do update set photos = excluded.photos",
    "insert into albums (id, owner, title, visibility)
     select n, 'account:' || (2000000 + n), 'Album', 'public' from generate_series($from, $to) n where n % 60 = 0",
    "insert into album_photos (album, photo, position)
     select n, photo, photo - 1 from generate_series($from, $to) n cross join generate_series(1, 300) photo where n % 60 = 0",
];

/// Writes past the front door, and past what a photo would set in motion.
async fn write(photos: &TestPhoto, from: i64, to: i64) {
    let pool = photos.db.superuser_pool(Service::Photo);
    let mut tx = pool.begin().await.unwrap();
    sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.unwrap();
    for statement in PHOTOS {
        let statement = statement.replace("$from", &from.to_string()).replace("$to", &to.to_string());
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    sqlx::raw_sql("vacuum analyze").execute(&pool).await.unwrap();
}

/// What a page may touch that is filled at once, or found by an index.
const PAGE: i64 = 3_000;
/// What it may touch to compare words or tags, a few thousand of them.
const COMPARED: i64 = 30_000;
/// What it may touch to look at five thousand photos one by one.
const ONE_BY_ONE: i64 = 80_000;

/// Each search, and the list: how many it finds, whether there is a next page, and what it may touch.
const SEARCHES: [(&str, usize, bool, i64); 17] = [
    ("/v1/photos?limit=10", 10, true, PAGE),
    ("/v1/photos?limit=10&q=a", 10, true, PAGE),
    ("/v1/photos?limit=10&q=common", 10, true, PAGE),
    ("/v1/photos?limit=10&q=needle", 3, false, PAGE),
    ("/v1/photos?limit=10&q=needle+a", 3, false, PAGE),
    ("/v1/photos?limit=10&q=nowhere", 0, false, COMPARED),
    ("/v1/photos?limit=10&q=hause", 0, false, COMPARED),
    ("/v1/photos?limit=10&tag=sea", 10, true, PAGE),
    ("/v1/photos?limit=10&tag=rare", 3, false, PAGE),
    ("/v1/photos?limit=10&sort=most_used", 10, true, PAGE),
    ("/v1/photos?limit=10&owner=account:900000", 10, true, PAGE),
    ("/v1/photos?limit=10&color=pink", 0, true, ONE_BY_ONE),
    ("/v1/photos?limit=10&color=pink&q=a", 0, true, ONE_BY_ONE),
    ("/v1/photos?limit=10&color=pink&sort=most_used", 0, true, ONE_BY_ONE),
    ("/v1/photos/tags", 20, false, COMPARED),
    ("/v1/photos/tags?prefix=a", 20, false, COMPARED),
    ("/v1/albums?limit=80", 80, true, ONE_BY_ONE),
];

/// What an anonymous visitor finds, and what that costs, of a read of which every statement has reported: some do when the answer is
/// sent already.
async fn cost(photos: &TestPhoto, meter: &Meter, path: &str) -> (usize, bool, Cost) {
    for _ in 0..100 {
        meter.take();
        let answer = photos.get(path, None).await;
        let cost = meter.take();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let more = answer.headers().get(header::LINK).is_some_and(|links| links.to_str().unwrap().contains("rel=\"next\""));
        let page: Value = answer.json().await.unwrap();
        if cost.plans == cost.statements {
            return (page["items"].as_array().unwrap().len(), more, cost);
        }
    }
    panic!("no read of {path} reports all its statements");
}

async fn stays(plans: &'static str) {
    // The test and the service it talks to run on this one thread.
    let meter = Meter::install();
    let photos = planned(plans).await;
    let mut smallest: Vec<Option<Cost>> = vec![None; SEARCHES.len()];
    for (from, to) in [(1, 6_000), (6_001, 30_000)] {
        write(&photos, from, to).await;
        for ((path, finds, more, most), smallest) in SEARCHES.iter().zip(&mut smallest) {
            // The first may have to look up what it names.
            cost(&photos, &meter, path).await;
            let (found, has_next, cost) = cost(&photos, &meter, path).await;
            println!("{path}: {cost:?} among {to}");
            assert_eq!((found, has_next), (*finds, *more), "{path} among {to}");
            let least = smallest.get_or_insert(cost);
            assert_eq!(cost.statements, least.statements, "statements of {path} among {to}");
            assert!(
                cost.buffers <= *most && cost.buffers <= 2 * least.buffers + 500,
                "{path} touches {} among {to}, after {}",
                cost.buffers,
                least.buffers
            );
        }
    }
}

#[tokio::test]
async fn a_list_of_albums_looks_at_the_first_photos_of_each_and_an_album_alone_at_all() {
    let photos = TestPhoto::spawn().await;
    write(&photos, 1, 300).await;
    let listed = photos.json("/v1/albums?limit=1", None).await["items"][0].take();
    assert_eq!((&listed["id"], &listed["photos"]), (&json!("300"), &json!(60)));
    let alone = photos.json("/v1/albums/300", None).await;
    assert_eq!((&alone["photos"], &alone["cover"]), (&json!(300), &listed["cover"]));
}

#[tokio::test]
async fn a_search_touches_as_much_however_much_there_is_when_it_is_planned_for_what_is_asked() {
    stays("force_custom_plan").await;
}

#[tokio::test]
async fn a_search_touches_as_much_however_much_there_is_when_it_is_planned_once_for_all() {
    stays("force_generic_plan").await;
}
