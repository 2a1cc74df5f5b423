//! A relation service of a test's own.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use contracts::fact::{Fact, RelationChanged};
use contracts::{AccountId, Service};
use database::Schema;
use identity::testing::Issuer;
use relation::Relation;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use serving::{Listeners, Rates, Readiness, ServingConfig, private_stack, public_stack, serve};
use test_db::TestDb;
use tokio::task::JoinSet;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    serving: ServingConfig,
}

pub struct TestRelation {
    /// Everything that runs; ends with this.
    _tasks: JoinSet<()>,
    url: String,
    issuer: Issuer,
    http: Client,
    pub db: TestDb,
}

/// Somebody who is signed in.
pub struct Person {
    pub id: AccountId,
    token: String,
}

impl TestRelation {
    pub async fn spawn() -> Self {
        let flags = Flags::parse_from(["relation", "--public-addr=127.0.0.1:0", "--private-addr=127.0.0.1:0"]);
        let db = TestDb::new(&[Schema { service: Service::Relation, migrations: &relation::MIGRATIONS }]).await;
        let issuer = Issuer::new();
        let rates = Rates::new(&flags.serving);
        let relation = Relation::new(db.pool(Service::Relation), issuer.identity(Service::Relation, rates.clone()));

        let listeners = Listeners::bind(&flags.serving).await.expect("free ports");
        let url = format!("http://{}", listeners.public_addr().expect("a bound socket"));
        let public = public_stack(relation.public(), &flags.serving, &rates);
        let private = private_stack(relation.private(), Readiness::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(relation.background());
        tasks.spawn(async move {
            serve(listeners, &flags.serving, public, private, Readiness::default(), std::future::pending()).await;
        });
        Self { _tasks: tasks, url, issuer, http: Client::new(), db }
    }

    /// Somebody new.
    pub fn person(&self) -> Person {
        static NEXT: AtomicI64 = AtomicI64::new(1);
        let id = AccountId(NEXT.fetch_add(1, Ordering::Relaxed));
        Person { id, token: self.issuer.token(id) }
    }

    pub fn request(&self, method: Method, path: &str, who: Option<&Person>) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match who {
            Some(person) => request.bearer_auth(&person.token),
            None => request,
        }
    }

    pub fn follow(&self, who: &Person, whom: &Person) -> RequestBuilder {
        self.request(Method::PUT, &format!("/v1/relations/{}/follow", whom.id), Some(who))
    }

    pub fn unfollow(&self, who: &Person, whom: &Person) -> RequestBuilder {
        self.request(Method::DELETE, &format!("/v1/relations/{}/follow", whom.id), Some(who))
    }

    pub fn block(&self, who: &Person, whom: &Person) -> RequestBuilder {
        self.request(Method::PUT, &format!("/v1/relations/{}/block", whom.id), Some(who))
    }

    pub fn unblock(&self, who: &Person, whom: &Person) -> RequestBuilder {
        self.request(Method::DELETE, &format!("/v1/relations/{}/block", whom.id), Some(who))
    }

    /// How `who` stands to `whom`: following, followed by, blocking.
    pub async fn standing(&self, who: &Person, whom: &Person) -> [bool; 3] {
        let (status, body) = answer(self.request(Method::GET, &format!("/v1/relations/{}", whom.id), Some(who))).await;
        assert_eq!((status, &body["id"]), (StatusCode::OK, &Value::from(whom.id.to_string())));
        ["following", "followed_by", "blocking"].map(|member| body[member].as_bool().expect("yes or no"))
    }

    /// What was told, in the order in which others hear it.
    pub async fn told(&self) -> Vec<RelationChanged> {
        let pool = self.db.superuser_pool(Service::Relation);
        let waiting = "select exists (select from outbox where position is null)";
        eventually("every fact has its place", async || !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&pool).await.expect("a row"))
            .await;
        let facts: Vec<Value> = sqlx::query_scalar("select fact from outbox order by position").fetch_all(&pool).await.expect("facts");
        let changed = facts.into_iter().map(|fact| match serde_json::from_value(fact) {
            Ok(Fact::RelationChanged(changed)) => changed,
            other => panic!("relation tells {other:?}"),
        });
        changed.collect()
    }
}

/// Makes each change in turn; each must be done at once.
pub async fn done(changes: impl IntoIterator<Item = RequestBuilder>) {
    for change in changes {
        assert_eq!(answer(change).await, (StatusCode::NO_CONTENT, Value::Null));
    }
}

/// The status of an answer and what its body says, but for the trace.
pub async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    let bytes = answer.bytes().await.expect("a body");
    let mut body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
    if let Some(body) = body.as_object_mut() {
        body.remove("trace_id");
    }
    (status, body)
}

/// Waits until it holds.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(Instant::now() < deadline, "still not: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
