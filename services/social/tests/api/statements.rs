//! How many SQL statements a request costs: as many for a long page as for a short one.

use reqwest::{Method, StatusCode};
use serde_json::json;
use test_db::plans::Meter;

use crate::answers::{answer, path};
use crate::support::TestSocial;

/// Each hot read of posts and how many statements it may cost.
const READS: [(&str, i64); 7] =
    [("", 3), ("/comments", 5), ("/replies", 5), ("/context", 6), ("/reactions", 3), ("/revisions", 2), ("/bookmarks", 4)];

#[tokio::test]
async fn a_read_costs_as_many_statements_however_much_there_is() {
    // The test and the service it talks to run on this one thread.
    let meter = Meter::install();
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let address = |below: &str| match below {
        "/bookmarks" => "/v1/timelines/bookmarks?limit=80".to_owned(),
        below => format!("{}{below}", path(&post)),
    };
    for round in 0..3 {
        let who = social.person();
        for _ in 0..round * 8 {
            let comment = social.commented(&who, &post, "#tag").await;
            for below in ["/bookmark", "/reactions/👍"] {
                let request = social.request(Method::PUT, &format!("{}{below}", path(&comment)), Some(&ada));
                assert_eq!(answer(request).await.0, StatusCode::NO_CONTENT);
            }
        }
        for below in ["/bookmark", "/reactions/👍"] {
            answer(social.request(Method::PUT, &format!("{}{below}", path(&post)), Some(&who))).await;
            answer(social.request(Method::PUT, &format!("{}{below}", path(&post)), Some(&ada))).await;
        }
        social.commented(&who, &post, "b").await;
        social.edited(&ada, &post, json!({"text": round.to_string()})).await;
        for (below, expected) in READS {
            meter.take();
            social.read(&address(below), Some(&ada)).await;
            assert_eq!(meter.take().statements, expected, "{below}, with {} comments", round * 8);
        }
    }
}

#[tokio::test]
async fn a_kind_that_is_switched_off_a_thousand_times_is_written_once() {
    let meter = Meter::install();
    let social = TestSocial::spawn().await;
    let ada = social.person();
    meter.take();
    let muted = json!({"muted": vec!["reaction"; 1_000]});
    let (status, settings) = answer(social.request(Method::PUT, "/v1/notifications/settings", Some(&ada)).json(&muted)).await;
    assert_eq!((status, settings), (StatusCode::OK, json!({"muted": ["reaction"]})));
    assert!(meter.take().statements < 20);
}
