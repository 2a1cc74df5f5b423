//! A social service of a test's own.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use clap::Parser;
use contracts::client::PhotoClient;
use contracts::fact::{AccountChanged, AccountState, Fact, RelationChanged};
use contracts::{AccountId, Scopes, Service};
use database::{Schema, Wakeups};
use facts::Outbox;
use identity::testing::Issuer;
use identity::{ACCESS_TOKEN_TYPE, ADMIN_ROLE};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use serving::{Listeners, Rates, Readiness, ServingConfig, private_stack, public_stack, serve};
use social::Social;
use sqlx::PgPool;
use test_db::TestDb;
use tokio::task::JoinSet;

use crate::answers::{answer, eventually, ids, link, path};
use crate::photo_service::PhotoService;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    serving: ServingConfig,
}

pub struct TestSocial {
    /// Everything that runs; ends with this.
    _tasks: JoinSet<()>,
    pub url: String,
    pub private_url: String,
    pub http: Client,
    relation: PgPool,
    photo: PgPool,
    auth: PgPool,
    pub social: Social,
    pub issuer: Issuer,
    pub photos: PhotoService,
    pub db: TestDb,
}

/// On free ports, and as often as a test asks.
pub fn config() -> ServingConfig {
    let flags = Flags::parse_from([
        "social",
        "--public-addr=127.0.0.1:0",
        "--private-addr=127.0.0.1:0",
        "--rate-per-address=1000000",
        "--rate-per-account=1000000",
    ]);
    flags.serving
}

/// Somebody who is signed in.
pub struct Person {
    pub id: AccountId,
    pub token: String,
}

impl TestSocial {
    pub async fn spawn() -> Self {
        Self::on(|db| db.pool(Service::Social)).await
    }

    /// On connections that wait long for locks.
    pub async fn patient() -> Self {
        Self::on(|db| db.patient_pool(Service::Social)).await
    }

    async fn on(pool: impl FnOnce(&TestDb) -> PgPool) -> Self {
        let config = config();
        let db = TestDb::new(&[Schema { service: Service::Social, migrations: &social::MIGRATIONS }]).await;
        let pool = pool(&db);
        let (issuer, photos) = (Issuer::new(), PhotoService::default());
        let rates = Rates::new(&config);
        let signer = issuer.signer(Service::Social);
        let client = PhotoClient::new(photos.transport(), signer.tokens_for(Service::Photo));
        let social = Social::new(pool.clone(), issuer.identity(Service::Social, rates.clone()), client, signer);

        let listeners = Listeners::bind(&config).await.expect("free ports");
        let url = format!("http://{}", listeners.public_addr().expect("a bound socket"));
        let private_url = format!("http://{}", listeners.private_addr().expect("a bound socket"));
        let public = public_stack(social.public(), &config, &rates);
        let private = private_stack(social.private(), Readiness::default());
        let mut tasks = JoinSet::new();
        let wakeups = Wakeups::new(social::channels());
        tasks.spawn(wakeups.clone().run(pool));
        tasks.spawn({
            let social = social.clone();
            async move { social.background(&wakeups).await }
        });
        tasks.spawn(async move {
            serve(listeners, &config, public, private, Readiness::default(), std::future::pending()).await;
        });

        let (relation, photo, auth) = (db.pool(Service::Relation), db.pool(Service::Photo), db.pool(Service::Auth));
        for producer in [&relation, &photo, &auth] {
            let registered = "select exists (select from outbox_cursors where consumer = 'social')";
            let registered = async || sqlx::query_scalar::<_, bool>(registered).fetch_one(producer).await.expect("a row");
            eventually("social consumes facts", registered).await;
        }
        Self { _tasks: tasks, url, private_url, http: Client::new(), relation, photo, auth, social, issuer, photos, db }
    }

    /// Somebody new, whose handle is `person_<id>`.
    pub fn person(&self) -> Person {
        static NEXT: AtomicI64 = AtomicI64::new(1);
        let id = AccountId(NEXT.fetch_add(1, Ordering::Relaxed));
        Person { id, token: self.issuer.token(id) }
    }

    /// Somebody new who is an administrator.
    pub fn admin(&self) -> Person {
        let person = self.person();
        let mut claims = self.issuer.claims(person.id);
        claims.roles = vec![ADMIN_ROLE.to_owned()];
        claims.scope = Scopes::USER.or(Scopes::ADMIN).to_string();
        Person { token: self.issuer.sign(ACCESS_TOKEN_TYPE, &claims), ..person }
    }

    /// Tells a fact as relation, photo or auth would, and waits until social has applied it.
    pub async fn tell(&self, fact: Fact) {
        self.tell_together(&[fact]).await;
    }

    /// The same for facts of one producer, which become true at once.
    pub async fn tell_together(&self, facts: &[Fact]) {
        let (producer, pool) = match &facts[0] {
            Fact::RelationChanged(_) | Fact::RelationHappened(_) | Fact::RelationEnded(_) => (Service::Relation, &self.relation),
            Fact::PhotoChanged(_) => (Service::Photo, &self.photo),
            Fact::AccountChanged(_) | Fact::AccountErased(_) => (Service::Auth, &self.auth),
            Fact::PostNarrowed(_)
            | Fact::PhotosShown(_)
            | Fact::InterestChanged(_)
            | Fact::ProfileChanged(_)
            | Fact::AccountPosted(_)
            | Fact::AccountForgotten(_)
            | Fact::Unknown => {
                panic!("nobody tells social this")
            }
        };
        let mut tx = pool.begin().await.expect("a transaction");
        let mut last = None;
        for fact in facts {
            last = Some(facts::publish(&mut tx, fact).await.expect("a place in the outbox"));
        }
        tx.commit().await.expect("a commit");
        let applied = Outbox::new(pool.clone(), producer).passed(last.expect("the first"), Duration::from_secs(120)).await;
        assert!(applied.expect("a row"), "social has not applied {facts:?}");
    }

    /// Hides somebody from everybody, or lets them come back.
    pub async fn hide(&self, who: &Person, state: AccountState) {
        self.tell(Fact::AccountChanged(AccountChanged { account: who.id, state })).await;
    }

    async fn relate(&self, who: &Person, whom: &Person, follows: bool, blocks: bool) {
        let severed = !follows;
        self.tell(Fact::RelationChanged(RelationChanged { follows, blocks, severed, ..RelationChanged::nothing(who.id, whom.id) })).await;
    }

    pub async fn befriend(&self, one: &Person, other: &Person) {
        for (who, whom) in [(one, other), (other, one)] {
            self.tell(Fact::RelationChanged(RelationChanged { friends: true, ..RelationChanged::nothing(who.id, whom.id) })).await;
        }
    }

    pub async fn follow(&self, who: &Person, whom: &Person) {
        self.relate(who, whom, true, false).await;
    }

    pub async fn unfollow(&self, who: &Person, whom: &Person) {
        self.relate(who, whom, false, false).await;
    }

    pub async fn block(&self, who: &Person, whom: &Person) {
        self.relate(whom, who, false, false).await;
        self.relate(who, whom, false, true).await;
    }

    pub fn request(&self, method: Method, path: &str, who: Option<&Person>) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match who {
            Some(person) => request.bearer_auth(&person.token),
            None => request,
        }
    }

    /// What is there for somebody.
    pub async fn get(&self, path: &str, who: Option<&Person>) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path, who)).await
    }

    /// What must be there for somebody.
    pub async fn read(&self, path: &str, who: Option<&Person>) -> Value {
        let (status, body) = self.get(path, who).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub fn post(&self, who: &Person, post: &Value) -> RequestBuilder {
        self.request(Method::POST, "/v1/posts", Some(who)).json(post)
    }

    /// Posts what must be taken.
    pub async fn posted(&self, who: &Person, post: Value) -> Value {
        let (status, body) = answer(self.post(who, &post)).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body
    }

    /// Comments on what must be there.
    pub async fn commented(&self, who: &Person, parent: &Value, text: &str) -> Value {
        self.posted(who, json!({"text": text, "parent": parent["id"]})).await
    }

    pub async fn delete(&self, who: &Person, post: &Value) -> StatusCode {
        answer(self.request(Method::DELETE, &path(post), Some(who))).await.0
    }

    /// Changes what must be there.
    pub async fn edited(&self, who: &Person, post: &Value, change: Value) -> Value {
        let (status, body) = answer(self.request(Method::PATCH, &path(post), Some(who)).json(&change)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    pub fn react(&self, method: Method, who: &Person, post: &Value, emoji: &str) -> RequestBuilder {
        self.request(method, &format!("{}/reactions/{emoji}", path(post)), Some(who))
    }

    /// The ids of a list, turning its pages by their `next` links.
    pub async fn list(&self, first: &str, who: Option<&Person>) -> Vec<String> {
        let (mut seen, mut address) = (Vec::new(), Some(first.to_owned()));
        while let Some(page) = address {
            let answer = self.request(Method::GET, &page, who).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::OK, "{page}");
            address = link(&answer, "next");
            seen.extend(ids(&answer.json().await.expect("JSON")));
        }
        seen
    }

    /// All that social has told, but for who has written something.
    pub async fn told(&self) -> Vec<Value> {
        let told = sqlx::query_scalar("select fact from outbox where fact ->> 'kind' <> 'account.posted' order by id");
        told.fetch_all(&self.db.superuser_pool(Service::Social)).await.expect("facts")
    }

    /// Who has written something, as social has told it.
    pub async fn told_postings(&self) -> Vec<Value> {
        let told = sqlx::query_scalar("select fact from outbox where fact ->> 'kind' = 'account.posted' order by id");
        told.fetch_all(&self.db.superuser_pool(Service::Social)).await.expect("facts")
    }

    /// Writes past the front door, and past what a write sets in motion.
    pub async fn plant(&self, statements: &[String]) {
        let mut tx = self.db.superuser_pool(Service::Social).begin().await.expect("a transaction");
        sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.expect("a superuser");
        for statement in statements {
            sqlx::query(sqlx::AssertSqlSafe(statement.clone())).execute(&mut *tx).await.expect("what can be written");
        }
        tx.commit().await.expect("a commit");
    }

    /// The most rows of a table, or of a part of it, that one transaction has made or changed last.
    pub async fn most_at_once(&self, rows: &str) -> i64 {
        let sql = format!("select coalesce(max(changed), 0) from (select count(*) as changed from {rows} group by xmin::text) one");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&self.db.superuser_pool(Service::Social)).await.expect("a number")
    }

    /// Rows of a table of the service.
    pub async fn count(&self, table: &str) -> i64 {
        let sql = format!("select count(*) from {table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&self.db.superuser_pool(Service::Social)).await.expect("a number")
    }
}
