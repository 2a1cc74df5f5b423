//! A platform that says what each request costs it: SQL statements, and pages of the database that they touch.

use std::str::FromStr;

use contracts::Service;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
pub use test_db::plans::Cost;
use test_db::plans::{Meter, reporting};

use crate::answers::link;
use crate::replica::Replica;
use crate::support::{Person, TestSocial};

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
    /// The test and the services it talks to run on this one thread.
    meter: Meter,
}

impl Measured {
    /// Counts the statements that a request sends.
    pub async fn spawn() -> Self {
        Self::spawn_planning("auto").await
    }

    /// As [`spawn`](Self::spawn): `plans` is the `plan_cache_mode` of PostgreSQL, by which it plans for what is asked or once for all.
    pub async fn spawn_planning(plans: &'static str) -> Self {
        Self::spawn_with(plans, false).await
    }

    /// Counts those within statements too: of functions and triggers.
    pub async fn spawn_with_triggers() -> Self {
        Self::spawn_with("auto", true).await
    }

    async fn spawn_with(plans: &'static str, nested: bool) -> Self {
        let meter = Meter::install();
        let social = TestSocial::spawn().await;
        let settings = [("search_path", "social,extensions"), ("plan_cache_mode", plans)];
        let options = PgConnectOptions::from_str(&social.db.superuser_url()).unwrap().options(settings);
        let options = reporting(options, nested);
        let replica = Replica::spawn(&social, PgPoolOptions::new().max_connections(4).connect_lazy_with(options)).await;
        let pool = social.db.superuser_pool(Service::Social);
        Self { social, pool, replica, meter }
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
        self.meter.take();
        let answer = request.send().await.unwrap();
        let (status, more) = (answer.status(), link(&answer, "next").is_some());
        let body: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{status}: {body}");
        let cost = self.meter.take();
        Answered { body, more, cost }
    }

    /// The cheapest of five reads after the first, which may have work to do that it leaves done; and a connection that has not
    /// done this before looks up what it names. Only reads of which every statement has reported: some do when the answer is sent
    /// already.
    pub async fn again(&self, path: &str, who: &Person) -> Answered {
        let read = async || self.ask(self.request(Method::GET, path, who)).await;
        read().await;
        let mut reported = Vec::new();
        for _ in 0..100 {
            let answered = read().await;
            if answered.cost.plans >= answered.cost.statements {
                reported.push(answered);
            }
            if reported.len() == 5 {
                break;
            }
        }
        let cheapest = reported.into_iter().min_by_key(|answered| answered.cost.buffers);
        cheapest.unwrap_or_else(|| panic!("no read of {path} reports all its statements"))
    }
}
