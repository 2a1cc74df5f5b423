//! What the hot reads cost: statements, and pages of the database that they touch. Both stay where they are, however much
//! there is.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use contracts::Service;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use crate::answers::link;
use crate::replica::Replica;
use crate::support::{Person, TestSocial};

/// Adds up the buffers of every plan that PostgreSQL reports of a request, and counts the plans: one a statement.
#[derive(Clone, Default)]
struct Buffers(Arc<(AtomicI64, AtomicI64)>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Buffers {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let in_request = || context.event_scope(event).is_some_and(|mut spans| spans.any(|span| span.name() == "http.server"));
        if event.metadata().target() != "sqlx::postgres::notice" || !in_request() {
            return;
        }
        let mut said = Said::default();
        event.record(&mut said);
        let Some((_, plan)) = said.0.split_once("plan:") else { return };
        let plan: Value = serde_json::from_str(plan).expect("a plan in JSON");
        let of = |counter: &str| plan["Plan"][counter].as_i64().expect("a number");
        self.0.0.fetch_add(of("Shared Hit Blocks") + of("Shared Read Blocks"), Ordering::SeqCst);
        self.0.1.fetch_add(1, Ordering::SeqCst);
    }
}

/// The message of an event.
#[derive(Default)]
struct Said(String);

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// A platform whose every statement reports its plan.
struct Measured {
    social: TestSocial,
    replica: Replica,
    pool: PgPool,
    buffers: Buffers,
}

impl Measured {
    async fn spawn(buffers: Buffers) -> Self {
        let social = TestSocial::spawn().await;
        let options = PgConnectOptions::from_str(&social.db.superuser_url()).unwrap().options([
            ("search_path", "social,extensions"),
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_analyze", "on"),
            ("auto_explain.log_buffers", "on"),
            ("auto_explain.log_timing", "off"),
            ("auto_explain.log_format", "json"),
            ("client_min_messages", "log"),
        ]);
        let replica = Replica::spawn(&social, PgPoolOptions::new().max_connections(4).connect_lazy_with(options)).await;
        let pool = social.db.superuser_pool(Service::Social);
        Self { social, replica, pool, buffers }
    }

    /// Writes past the front door, and past what a post would set in motion.
    async fn write(&self, statements: &[&str], who: &Person, n: i64) {
        let mut tx = self.pool.begin().await.unwrap();
        sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.unwrap();
        for statement in statements {
            let statement = statement.replace("$who", &who.id.to_string()).replace("$n", &n.to_string());
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        sqlx::raw_sql("vacuum analyze").execute(&self.pool).await.unwrap();
    }

    /// The buffers and the statements of a second read: the first may have work to do that it leaves done.
    async fn cost(&self, path: &str, who: &Person) -> (i64, i64) {
        for _ in 0..2 {
            self.buffers.0.0.store(0, Ordering::SeqCst);
            self.buffers.0.1.store(0, Ordering::SeqCst);
            let answer = Client::new().get(format!("{}{path}", self.replica.url)).bearer_auth(&who.token).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            let more = link(&answer, "next").is_some();
            let page: Value = answer.json().await.unwrap();
            assert_eq!((page["items"].as_array().unwrap().len(), more), (10, true), "a whole page of {path}");
        }
        (self.buffers.0.0.load(Ordering::SeqCst), self.buffers.0.1.load(Ordering::SeqCst))
    }
}

/// `n` people whom somebody follows, and twenty times as many who are suspended.
const FOLLOWEES: [&str; 4] = [
    "insert into hidden_accounts (account) select 2000000 + n from generate_series(1, 20 * $n) n on conflict do nothing",
    "delete from relations where actor = $who",
    "insert into profiles (id, handle) select 1000000 + n, 'crowd_' || n from generate_series(1, $n) n on conflict do nothing",
    "insert into relations (actor, target, follows, blocks) select $who, 1000000 + n, true, false from generate_series(1, $n) n",
];
/// `n` posts of each of them, with a tag; and what a changed relation sets in motion.
const POSTS: [&str; 3] = [
    "insert into posts (author, text, visibility) select id, 'a', 'public' from profiles, generate_series(1, $n) where handle like 'crowd%'",
    "insert into post_tags (tag, post_id) select 'sea', id from posts on conflict do nothing",
    "update home_readers set stale = true",
];

/// What a page of ten may touch, whatever there is. Measured in hundreds, but for a home timeline of a hundred entries: the
/// planner finds it cheaper to look at all of them. Growth is held against the least that a read has touched.
const MOST: i64 = 4_000;

#[tokio::test]
async fn a_hot_read_touches_as_much_however_much_there_is() {
    let buffers = Buffers::default();
    // The test and the services it talks to run on this one thread.
    let _guard = tracing::subscriber::set_default(Registry::default().with(buffers.clone()));
    let measured = Measured::spawn(buffers).await;
    let reader = measured.social.person();
    measured.social.posted(&reader, json!({"text": "a"})).await;
    let reads = ["home?limit=10", "public?limit=10", "tags/sea?limit=10", "accounts/1000001?limit=10"];
    let mut smallest: Vec<Option<(i64, i64)>> = vec![None; reads.len()];
    // Ten people with 12 posts each, then with 10 and with 100 times as many; then five thousand people.
    for (people, posts) in [(10, 12), (10, 108), (10, 1_080), (5_000, 2)] {
        measured.write(&FOLLOWEES, &reader, people).await;
        measured.write(&POSTS, &reader, posts).await;
        for (read, smallest) in reads.iter().zip(&mut smallest) {
            let (buffers, statements) = measured.cost(&format!("/v1/timelines/{read}"), &reader).await;
            println!("{read}: {buffers} buffers in {statements} statements; {people} people with {posts} posts more");
            let (least, expected) = smallest.get_or_insert((MOST, statements));
            assert_eq!(statements, *expected, "statements of {read}, {people} people with {posts} posts more");
            assert!(
                buffers <= MOST && buffers <= 2 * *least + 200,
                "{read} touches {buffers} after {least}, {people} people with {posts} posts more"
            );
            *least = buffers.min(*least);
        }
    }
}
