//! A platform that says what each request costs it: SQL statements, and pages of the database that they touch.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use contracts::Service;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
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

/// What a request has cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub buffers: i64,
    pub statements: i64,
}

/// An answer, and what it cost.
pub struct Answered {
    pub body: Value,
    /// There is a next page.
    pub more: bool,
    pub cost: Cost,
}

impl Answered {
    /// How many it found, and whether there are more; nothing, if it is no list.
    pub fn found(&self) -> Option<(usize, bool)> {
        self.body["items"].as_array().map(|items| (items.len(), self.more))
    }
}

/// A platform whose every statement reports its plan.
pub struct Measured {
    pub social: TestSocial,
    pub pool: PgPool,
    replica: Replica,
    buffers: Buffers,
    /// The test and the services it talks to run on this one thread.
    _guard: DefaultGuard,
}

impl Measured {
    /// Counts the statements that a request sends.
    pub async fn spawn() -> Self {
        Self::spawn_with("off").await
    }

    /// Counts those within statements too: of functions and triggers.
    pub async fn spawn_with_triggers() -> Self {
        Self::spawn_with("on").await
    }

    async fn spawn_with(nested: &str) -> Self {
        let buffers = Buffers::default();
        let guard = tracing::subscriber::set_default(Registry::default().with(buffers.clone()));
        let social = TestSocial::spawn().await;
        let options = PgConnectOptions::from_str(&social.db.superuser_url()).unwrap().options([
            ("search_path", "social,extensions"),
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_analyze", "on"),
            ("auto_explain.log_buffers", "on"),
            ("auto_explain.log_timing", "off"),
            ("auto_explain.log_format", "json"),
            ("auto_explain.log_nested_statements", nested),
            ("client_min_messages", "log"),
        ]);
        let replica = Replica::spawn(&social, PgPoolOptions::new().max_connections(4).connect_lazy_with(options)).await;
        let pool = social.db.superuser_pool(Service::Social);
        Self { social, pool, replica, buffers, _guard: guard }
    }

    /// Writes past the front door, and past what a post would set in motion.
    pub async fn write(&self, statements: &[&str], who: &Person, n: i64) {
        let mut tx = self.pool.begin().await.unwrap();
        sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.unwrap();
        for statement in statements {
            let statement = statement.replace("$who", &who.id.to_string()).replace("$n", &n.to_string());
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        sqlx::raw_sql("vacuum analyze").execute(&self.pool).await.unwrap();
    }

    pub fn request(&self, method: Method, path: &str, who: &Person) -> RequestBuilder {
        self.social.http.request(method, format!("{}{path}", self.replica.url)).bearer_auth(&who.token)
    }

    /// What must succeed.
    pub async fn ask(&self, request: RequestBuilder) -> Answered {
        self.buffers.0.0.store(0, Ordering::SeqCst);
        self.buffers.0.1.store(0, Ordering::SeqCst);
        let answer = request.send().await.unwrap();
        let (status, more) = (answer.status(), link(&answer, "next").is_some());
        let body: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{status}: {body}");
        let cost = Cost { buffers: self.buffers.0.0.load(Ordering::SeqCst), statements: self.buffers.0.1.load(Ordering::SeqCst) };
        Answered { body, more, cost }
    }

    /// The cheapest of five reads after the first, which may have work to do that it leaves done; and a connection that has not
    /// done this before looks up what it names.
    pub async fn again(&self, path: &str, who: &Person) -> Answered {
        let read = async || self.ask(self.request(Method::GET, path, who)).await;
        read().await;
        let mut cheapest = read().await;
        for _ in 0..4 {
            let answered = read().await;
            if answered.cost.buffers < cheapest.cost.buffers {
                cheapest = answered;
            }
        }
        cheapest
    }
}
