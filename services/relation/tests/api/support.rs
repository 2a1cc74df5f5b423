//! A relation service of a test's own.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use clap::Parser;
use contracts::export::{EXPORT, ExportFile, ExportPage, ExportRequest};
use contracts::fact::{AccountChanged, AccountState, Fact, RelationChanged, RelationEvent, RelationHappened};
use contracts::{AccountId, Service};
use database::{Schema, Wakeups};
use facts::{Outbox, channel};
use identity::testing::Issuer;
use relation::Relation;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use serving::{Listeners, Rates, Readiness, ServingConfig, private_stack, public_stack, serve};
use sqlx::PgPool;
use test_db::TestDb;
use tokio::task::JoinSet;

use crate::answers::{answer, done, eventually, requested};

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    serving: ServingConfig,
}

pub struct TestRelation {
    /// Everything that runs; ends with this.
    _tasks: JoinSet<()>,
    url: String,
    private_url: String,
    issuer: Issuer,
    http: Client,
    /// The service itself, for what no route does.
    pub service: Relation,
    pub db: TestDb,
}

/// Somebody who is signed in.
pub struct Person {
    pub id: AccountId,
    token: String,
}

impl TestRelation {
    pub async fn spawn() -> Self {
        Self::on(|db| db.pool(Service::Relation)).await
    }

    /// On connections that wait long for locks.
    pub async fn patient() -> Self {
        Self::on(|db| db.patient_pool(Service::Relation)).await
    }

    /// On connections of the test's choice.
    pub async fn on(pool: impl FnOnce(&TestDb) -> PgPool) -> Self {
        let flags = Flags::parse_from(["relation", "--public-addr=127.0.0.1:0", "--private-addr=127.0.0.1:0"]);
        let db = TestDb::new(&[Schema { service: Service::Relation, migrations: &relation::MIGRATIONS }]).await;
        let issuer = Issuer::new();
        let rates = Rates::new(&flags.serving);
        let pool = pool(&db);
        let relation = Relation::new(pool.clone(), issuer.identity(Service::Relation, rates.clone()));

        let listeners = Listeners::bind(&flags.serving).await.expect("free ports");
        let url = format!("http://{}", listeners.public_addr().expect("a bound socket"));
        let private_url = format!("http://{}", listeners.private_addr().expect("a bound socket"));
        let public = public_stack(relation.public(), &flags.serving, &rates);
        let private = private_stack(relation.private(), Readiness::default());
        let mut tasks = JoinSet::new();
        let wakeups = Wakeups::new(relation::PRODUCERS.map(channel));
        tasks.spawn(wakeups.clone().run(pool));
        tasks.spawn({
            let relation = relation.clone();
            async move { relation.background(&wakeups).await }
        });
        tasks.spawn(async move {
            serve(listeners, &flags.serving, public, private, Readiness::default(), std::future::pending()).await;
        });
        Self { _tasks: tasks, url, private_url, issuer, http: Client::new(), service: relation, db }
    }

    /// Somebody new.
    pub fn person(&self) -> Person {
        static NEXT: AtomicI64 = AtomicI64::new(1);
        self.person_of(AccountId(NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    /// Whose id it is.
    pub fn person_of(&self, id: AccountId) -> Person {
        Person { id, token: self.issuer.token(id) }
    }

    pub fn request(&self, method: Method, path: &str, who: Option<&Person>) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match who {
            Some(person) => request.bearer_auth(&person.token),
            None => request,
        }
    }

    /// Says how it shall be between `who` and `whom`.
    pub fn put(&self, who: &Person, whom: &Person, what: &str) -> RequestBuilder {
        self.request(Method::PUT, &format!("/v1/relations/{}/{what}", whom.id), Some(who))
    }

    /// Says that it shall be so no more.
    pub fn delete(&self, who: &Person, whom: &Person, what: &str) -> RequestBuilder {
        self.request(Method::DELETE, &format!("/v1/relations/{}/{what}", whom.id), Some(who))
    }

    pub fn follow(&self, who: &Person, whom: &Person) -> RequestBuilder {
        self.put(who, whom, "follow")
    }

    pub fn unfollow(&self, who: &Person, whom: &Person) -> RequestBuilder {
        self.delete(who, whom, "follow")
    }

    pub fn block(&self, who: &Person, whom: &Person) -> RequestBuilder {
        self.put(who, whom, "block")
    }

    pub fn unblock(&self, who: &Person, whom: &Person) -> RequestBuilder {
        self.delete(who, whom, "block")
    }

    /// Makes friends of two who were not.
    pub async fn befriend(&self, one: &Person, other: &Person) {
        requested(self.put(one, other, "friend")).await;
        done([self.put(other, one, "friend")]).await;
    }

    /// Sets whether one must ask to follow somebody.
    pub async fn set_private(&self, who: &Person, approves_followers: bool) {
        let settings = json!({"approves_followers": approves_followers, "suggestible": true});
        let answer = answer(self.request(Method::PUT, "/v1/relations/settings", Some(who)).json(&settings)).await;
        assert_eq!(answer, (StatusCode::OK, settings));
    }

    /// What is asked for, which must be there.
    pub async fn get(&self, path: &str, who: Option<&Person>) -> Value {
        let (status, body) = answer(self.request(Method::GET, path, who)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// The ids on the first page of a list.
    pub async fn ids(&self, path: &str, who: Option<&Person>) -> Vec<AccountId> {
        let body = self.get(path, who).await;
        body["items"].as_array().expect("items").iter().map(|item| item["id"].as_str().expect("an id").parse().expect("an id")).collect()
    }

    /// How `who` stands to `whom`.
    pub async fn between(&self, who: &Person, whom: &Person) -> Value {
        self.get(&format!("/v1/relations/{}", whom.id), Some(who)).await
    }

    /// How `who` stands to `whom`: following, followed by, blocking.
    pub async fn standing(&self, who: &Person, whom: &Person) -> [bool; 3] {
        let body = self.between(who, whom).await;
        assert_eq!(body["id"], whom.id.to_string());
        ["following", "followed_by", "blocking"].map(|member| body[member].as_bool().expect("yes or no"))
    }

    /// Tells a fact as auth or social would, and waits until relation has applied it.
    pub async fn tell(&self, fact: Fact) {
        let producer = match &fact {
            Fact::InterestChanged(_) | Fact::ProfileChanged(_) | Fact::AccountPosted(_) => Service::Social,
            _ => Service::Auth,
        };
        let outbox = self.db.superuser_pool(producer);
        let registered = "select exists (select from outbox_cursors where consumer = 'relation')";
        eventually("relation consumes facts", async || sqlx::query_scalar(registered).fetch_one(&outbox).await.expect("a row")).await;
        let mut tx = outbox.begin().await.expect("a transaction");
        let told = facts::publish(&mut tx, &fact).await.expect("a place in the outbox");
        tx.commit().await.expect("a commit");
        let applied = Outbox::new(outbox, producer).passed(told, Duration::from_secs(120)).await;
        assert!(applied.expect("a row"), "relation has not applied {fact:?}");
    }

    /// Hides somebody from everybody, or lets them come back.
    pub async fn hide(&self, who: &Person, state: AccountState) {
        self.tell(Fact::AccountChanged(AccountChanged { account: who.id, state })).await;
    }

    /// What auth is answered, page after page, when it asks for all that is somebody's: names and files.
    pub async fn exported(&self, of: &Person) -> Vec<ExportFile> {
        let token = self.issuer.signer(Service::Auth).tokens_for(Service::Relation);
        let (mut files, mut after) = (Vec::new(), None);
        loop {
            let asked = ExportRequest { account: of.id, after };
            let request = self.http.post(format!("{}{EXPORT}", self.private_url)).bearer_auth(token()).json(&asked);
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::OK);
            let page: ExportPage = answer.json().await.expect("a page");
            files.extend(page.files);
            match page.after {
                Some(next) => after = Some(next),
                None => return files,
            }
        }
    }

    /// The answer when another service asks for all that is somebody's.
    pub async fn export_for(&self, caller: Service, of: &Person) -> StatusCode {
        let token = self.issuer.signer(caller).tokens_for(Service::Relation)();
        let asked = ExportRequest { account: of.id, after: None };
        answer(self.http.post(format!("{}{EXPORT}", self.private_url)).bearer_auth(token).json(&asked)).await.0
    }

    /// Every fact, in the order in which others hear it.
    pub async fn facts(&self) -> Vec<Fact> {
        let pool = self.db.superuser_pool(Service::Relation);
        let waiting = "select exists (select from outbox where position is null)";
        eventually("every fact has its place", async || !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&pool).await.expect("a row"))
            .await;
        let facts: Vec<Value> = sqlx::query_scalar("select fact from outbox order by position").fetch_all(&pool).await.expect("facts");
        facts.into_iter().map(|fact| serde_json::from_value(fact).expect("a fact")).collect()
    }

    /// How people stand to each other, as it was told.
    pub async fn told(&self) -> Vec<RelationChanged> {
        let changed = self.facts().await.into_iter().filter_map(|fact| match fact {
            Fact::RelationChanged(changed) => Some(changed),
            _ => None,
        });
        changed.collect()
    }

    /// What people may be notified of, as it was told: what, by whom, to whom.
    pub async fn happened(&self) -> Vec<(RelationEvent, AccountId, AccountId)> {
        let happened = self.facts().await.into_iter().filter_map(|fact| match fact {
            Fact::RelationHappened(RelationHappened { event, actor, target }) => Some((event, actor, target)),
            _ => None,
        });
        happened.collect()
    }
}
