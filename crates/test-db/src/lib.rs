//! A migrated database per test, and what requests [cost](plans) it.

pub mod plans;
mod server;

use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

use contracts::Service;
use database::{Login, Newer, Schema};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

/// What a service under test sees of one that is absent: its outbox and, of auth, what is revoked.
const OUTBOX: &str = include_str!("../../facts/migrations/outbox.sql");
const REVOCATIONS: &str = include_str!("../../identity/migrations/revocations.sql");
/// The password of every role in tests.
const PASSWORD: &str = "test";
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A database that only one test uses; it is dropped with this.
pub struct TestDb {
    name: String,
    template: String,
}

impl TestDb {
    /// A database with the given schemas, each service's role and what they share.
    pub async fn new(schemas: &[Schema]) -> Self {
        let template = make_template(schemas).await;
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut admin = superuser("postgres").await;
        execute(&mut admin, format!("create database {name} template {template}")).await;
        Self { name, template }
    }

    /// A URL of this database for a service's login role.
    pub fn url(&self, service: Service) -> String {
        let options = superuser_options(&self.name);
        let login = database::login_role(&self.template, service, 'a');
        // The role's settings belong to the template and are not copied with it.
        let settings = format!("-c%20search_path%3D{service}%2Cextensions%20-c%20lock_timeout%3D5s%20-c%20statement_timeout%3D30s");
        format!("postgres://{login}:{PASSWORD}@{}:{}/{}?options={settings}", options.get_host(), options.get_port(), self.name)
    }

    /// A URL of this database for the superuser.
    pub fn superuser_url(&self) -> String {
        let (url, _) = server::url().rsplit_once('/').expect("a URL with a database");
        format!("{url}/{}", self.name)
    }

    /// A pool with a service's rights.
    pub fn pool(&self, service: Service) -> PgPool {
        pool(self.options(service))
    }

    /// The same, on connections that wait for a lock for as long as a slow machine may take to look at those who wait.
    pub fn patient_pool(&self, service: Service) -> PgPool {
        // What is said last holds.
        pool(self.options(service).options([("lock_timeout", "120s"), ("statement_timeout", "120s")]))
    }

    fn options(&self, service: Service) -> PgConnectOptions {
        PgConnectOptions::from_str(&self.url(service)).expect("a URL of our own")
    }

    /// A pool with all rights, to look behind the curtain; unqualified names mean the schema of `service`.
    pub fn superuser_pool(&self, service: Service) -> PgPool {
        let options = superuser_options(&self.name).options([("search_path", format!("{service},extensions"))]);
        PgPoolOptions::new().max_connections(2).connect_lazy_with(options)
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let name = self.name.clone();
        // A runtime of its own: the test's may be ending.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                if let Ok(mut admin) = PgConnection::connect_with(&superuser_options("postgres")).await {
                    let _ = sqlx::raw_sql(AssertSqlSafe(format!("drop database if exists {name} with (force)"))).execute(&mut admin).await;
                }
            });
        });
        let _ = dropping.join();
    }
}

fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(8).connect_lazy_with(options)
}

/// Migrates once per server and set of migrations; the name holds their checksum.
async fn make_template(schemas: &[Schema]) -> String {
    let sums = schemas.iter().flat_map(|schema| schema.migrations.iter().flat_map(|migration| migration.checksum.iter()));
    let hash = sums.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let template = format!("template_{hash:016x}");
    let mut admin = superuser("postgres").await;
    let mut guard = admin.begin().await.expect("a transaction");
    sqlx::query("select pg_advisory_xact_lock(4711)").execute(&mut *guard).await.expect("the lock");
    let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1 and datistemplate)")
        .bind(&template)
        .fetch_one(&mut *guard)
        .await
        .expect("the list of databases");
    if !there {
        let mut other = superuser("postgres").await;
        execute(&mut other, format!("drop database if exists {template}")).await;
        execute(&mut other, format!("create database {template}")).await;
        let mut owner = superuser(&template).await;
        let logins = Service::ALL.map(|service| Login { service, slot: 'a', password: PASSWORD.to_owned() });
        database::provision(&mut owner, &logins).await.expect("roles");
        database::migrate(&mut owner, schemas, Newer::Refused).await.expect("migrations");
        for absent in Service::ALL.into_iter().filter(|service| schemas.iter().all(|schema| schema.service != *service)) {
            execute(&mut owner, format!("set search_path = {absent}; {OUTBOX}")).await;
            if absent == Service::Auth {
                execute(&mut owner, REVOCATIONS.to_owned()).await;
            }
        }
        database::share(&mut owner).await.expect("grants");
        owner.close().await.expect("a goodbye");
        execute(&mut other, format!("alter database {template} is_template true")).await;
    }
    guard.commit().await.expect("the end of the lock");
    template
}

fn superuser_options(database: &str) -> PgConnectOptions {
    PgConnectOptions::from_str(server::url()).expect("TEST_DATABASE_URL must be a URL").database(database)
}

async fn superuser(database: &str) -> PgConnection {
    PgConnection::connect_with(&superuser_options(database)).await.expect("the test server")
}

async fn execute(connection: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.expect("a statement of our own");
}
