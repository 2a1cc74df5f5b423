//! How many SQL statements a request costs: as many for a long page as for a short one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::{Method, StatusCode};
use serde_json::json;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use crate::answers::{answer, path};
use crate::support::TestSocial;

/// Counts what sqlx logs within a request; what loops in the background ask is not counted.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicUsize>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let in_request = || context.event_scope(event).is_some_and(|mut spans| spans.any(|span| span.name() == "http.server"));
        if event.metadata().target() == "sqlx::query" && in_request() {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Statements {
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

/// Each hot read of posts and how many statements it may cost.
const READS: [(&str, usize); 7] =
    [("", 3), ("/comments", 5), ("/replies", 5), ("/context", 6), ("/reactions", 2), ("/revisions", 2), ("/bookmarks", 4)];

#[tokio::test]
async fn a_read_costs_as_many_statements_however_much_there_is() {
    let statements = Statements::default();
    // The test and the service it talks to run on this one thread.
    let _guard = tracing::subscriber::set_default(Registry::default().with(statements.clone()));
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
            statements.take();
            social.read(&address(below), Some(&ada)).await;
            assert_eq!(statements.take(), expected, "{below}, with {} comments", round * 8);
        }
    }
}

#[tokio::test]
async fn a_kind_that_is_switched_off_a_thousand_times_is_written_once() {
    let statements = Statements::default();
    let _guard = tracing::subscriber::set_default(Registry::default().with(statements.clone()));
    let social = TestSocial::spawn().await;
    let ada = social.person();
    statements.take();
    let muted = json!({"muted": vec!["reaction"; 1_000]});
    let (status, settings) = answer(social.request(Method::PUT, "/v1/notifications/settings", Some(&ada)).json(&muted)).await;
    assert_eq!((status, settings), (StatusCode::OK, json!({"muted": ["reaction"]})));
    assert!(statements.take() < 20);
}
