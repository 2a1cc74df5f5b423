//! The migration Job of a cluster: who may log in after it, and what it needs to be allowed.

use std::process::Output;

use postgres_server::{Durability, Programs, Server};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::own_server::{KEYS, free_port, store};
use crate::process::program;

const SERVICES: [&str; 4] = ["auth", "relation", "photo", "social"];

/// A server with the database `own` and its owner of the same name.
async fn server(folder: &tempfile::TempDir, owner: &str) -> (Server, PgConnection) {
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let server = Server::start(&Programs::of_system().unwrap(), &folder.path().join("postgres"), Durability::None).unwrap();
    let mut admin = PgConnection::connect(&server.superuser_url("postgres")).await.unwrap();
    run(&mut admin, format!("create role own login {owner} password 'own'")).await;
    run(&mut admin, "create database own owner own".to_owned()).await;
    (server, admin)
}

async fn run(connection: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

/// The URL of the database `own` for a role.
fn url(server: &Server, role: &str, password: &str) -> String {
    let superuser = server.superuser_url("own");
    let (_, host) = superuser.rsplit_once('@').expect("a URL with a user");
    format!("postgres://{role}:{password}@{host}")
}

async fn migrate(server: &Server, variables: Vec<(String, String)>) -> Output {
    let mut command = program();
    command.arg("migrate").env("OWNER_DATABASE_URL", url(server, "own", "own")).envs(variables);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn passwords(suffix: &str, password: &str) -> Vec<(String, String)> {
    SERVICES.map(|service| (format!("{}_DATABASE_PASSWORD{suffix}", service.to_uppercase()), password.to_owned())).into()
}

async fn logs_in(server: &Server, role: &str, password: &str) -> bool {
    PgConnection::connect(&url(server, role, password)).await.is_ok()
}

#[tokio::test]
async fn two_logins_of_a_service_overlap_and_one_without_a_password_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _admin) = server(&folder, "createrole").await;

    let first = migrate(&server, passwords("", "old")).await;
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stdout));
    let both = migrate(&server, [passwords("", "old"), passwords("_B", "new")].concat()).await;
    assert!(both.status.success(), "{}", String::from_utf8_lossy(&both.stdout));
    assert!(logs_in(&server, "own_photo_a", "old").await && logs_in(&server, "own_photo_b", "new").await);

    let last = migrate(&server, passwords("_B", "new")).await;
    assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stdout));
    assert!(!logs_in(&server, "own_photo_a", "old").await && logs_in(&server, "own_photo_b", "new").await);

    let none = migrate(&server, Vec::new()).await;
    assert!(!none.status.success() && String::from_utf8_lossy(&none.stdout).contains("AUTH_DATABASE_PASSWORD"), "{none:?}");
}

#[tokio::test]
async fn roles_that_somebody_else_made_need_no_right_to_make_any() {
    let folder = tempfile::tempdir().unwrap();
    let (server, mut admin) = server(&folder, "").await;
    for service in SERVICES {
        let roles = format!("create role own_{service} nologin; create role own_{service}_a login in role own_{service} password 'given'");
        run(&mut admin, roles).await;
    }
    for _ in 0..2 {
        let given = migrate(&server, vec![("ROLES".to_owned(), "Given".to_owned())]).await;
        assert!(given.status.success(), "{}", String::from_utf8_lossy(&given.stdout));
    }
    let mut photo = PgConnection::connect(&url(&server, "own_photo_a", "given")).await.unwrap();
    run(&mut photo, "select count(*) from photo.outbox; select count(*) from auth.revocations".to_owned()).await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_unless_it_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _admin) = server(&folder, "createrole").await;
    let first = migrate(&server, passwords("", "word")).await;
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stdout));
    let mut owner = PgConnection::connect(&url(&server, "own", "own")).await.unwrap();
    let newer =
        "insert into photo._sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'newer', true, '', 0)";
    run(&mut owner, newer.to_owned()).await;

    let refused = migrate(&server, passwords("", "word")).await;
    let told = String::from_utf8_lossy(&refused.stdout);
    assert!(!refused.status.success() && told.contains("migration 9999 of the schema photo is of a newer version"), "{told}");

    let accepting = [passwords("", "word"), vec![("NEWER_SCHEMA".to_owned(), "Accepted".to_owned())]].concat();
    let accepted = migrate(&server, accepting).await;
    assert!(accepted.status.success(), "{}", String::from_utf8_lossy(&accepted.stdout));
    assert!(logs_in(&server, "own_photo_a", "word").await);
}

#[tokio::test]
async fn a_new_database_that_knows_no_letters_but_those_of_ascii_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (server, mut admin) = server(&folder, "createrole").await;
    run(&mut admin, "drop database own".to_owned()).await;
    run(&mut admin, "create database own owner own template template0 lc_ctype 'C'".to_owned()).await;

    let refused = migrate(&server, passwords("", "word")).await;
    let told = String::from_utf8_lossy(&refused.stdout);
    assert!(!refused.status.success() && told.contains("LC_CTYPE"), "{told}");
}

/// What a platform with a store at `port` is told of it.
fn store_at(port: u16) -> Vec<(String, String)> {
    let (endpoint, bucket) = (format!("http://127.0.0.1:{port}"), "own".to_owned());
    let keys = KEYS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    [vec![("S3_ENDPOINT".to_owned(), endpoint), ("S3_BUCKET".to_owned(), bucket)], keys.into()].concat()
}

async fn schemas(owner: &mut PgConnection) -> i64 {
    let ours = "select count(*) from pg_namespace where nspname in ('auth', 'photo', 'relation', 'social')";
    sqlx::query_scalar(ours).fetch_one(owner).await.unwrap()
}

#[tokio::test]
async fn a_store_that_is_named_is_tried_before_the_database_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _admin) = server(&folder, "createrole").await;
    let mut owner = PgConnection::connect(&url(&server, "own", "own")).await.unwrap();
    let port = free_port();

    let half = migrate(&server, [passwords("", "word"), store_at(port)[..1].to_vec()].concat()).await;
    assert!(!half.status.success() && String::from_utf8_lossy(&half.stderr).contains("--s3-bucket"), "{half:?}");

    let refused = migrate(&server, [passwords("", "word"), store_at(port)].concat()).await;
    let told = String::from_utf8_lossy(&refused.stdout);
    let named = format!("the object store at http://127.0.0.1:{port} does not serve bucket own");
    assert!(!refused.status.success() && told.contains(&named), "{told}");
    assert!(!told.contains(KEYS[1].1), "{told}");
    assert_eq!(schemas(&mut owner).await, 0);

    let objects = folder.path().join("objects");
    std::fs::create_dir(&objects).unwrap();
    let _store = store(&objects, port);
    let migrated = migrate(&server, [passwords("", "word"), store_at(port)].concat()).await;
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stdout));
    assert_eq!(schemas(&mut owner).await, 4);
    let left = std::fs::read_dir(objects.join("own/incoming")).unwrap().count();
    assert_eq!(left, 0, "nothing is left of what was tried");
}
