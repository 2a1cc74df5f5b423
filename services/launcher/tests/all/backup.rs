//! A platform on stores of one's own, backed up and brought back as another.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use postgres_server::{Durability, Programs, Server};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

use crate::own_server::{Background, KEYS, free_port, store};
use crate::process::{All, GUARD, post, program, sign_in, sign_up, upload};

/// A PostgreSQL, two S3 stores, and a folder for backups.
struct Place {
    programs: Programs,
    server: Server,
    ports: [u16; 2],
    _stores: [Background; 2],
    /// Dropped last: the others lie in it.
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
        let programs = Programs::of_system_with_clients().expect("PostgreSQL");
        let server = Server::start(&programs, &folder.path().join("postgres"), Durability::None).expect("a server");
        let ports = [free_port(), free_port()];
        let stores = ["old", "new"].map(|name| folder.path().join(name));
        stores.iter().for_each(|objects| std::fs::create_dir(objects).expect("a folder for objects"));
        let [old, new] = &stores;
        let stores = [store(old, ports[0]), store(new, ports[1])];
        Self { programs, server, ports, _stores: stores, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a platform on `database` and on the store of `port` is told.
    fn tell(&self, command: &mut Command, database: &str, port: u16) {
        command
            .env("OWNER_DATABASE_URL", self.server.superuser_url(database))
            .env("S3_ENDPOINT", format!("http://127.0.0.1:{port}"))
            .env("S3_BUCKET", "own")
            .envs(KEYS);
    }

    fn all(&self, data: &str, database: &str, port: u16) -> All {
        All::start(&self.path(data), |command| self.tell(command, database, port))
    }

    /// `backup` or `restore` of a name.
    fn command(&self, role: &str, name: &str, database: &str, port: u16) -> Command {
        let mut command = program();
        command.args([role, "--log-format=json", "--name", name, "--folder"]).arg(self.path("backups"));
        command.arg("--pg-bin").arg(self.programs.path(""));
        self.tell(&mut command, database, port);
        command
    }

    fn back_up(&self, name: &str) -> Output {
        self.command("backup", name, "postgres", self.ports[0]).output().expect("the program runs")
    }

    async fn execute(&self, database: &str, sql: &str) {
        let mut connection = PgConnection::connect(&self.server.superuser_url(database)).await.expect("the server");
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect("a statement of our own");
        connection.close().await.expect("a goodbye");
    }

    /// Whether a query answers that something is so.
    async fn is_so(&self, database: &str, sql: &str) -> bool {
        let mut connection = PgConnection::connect(&self.server.superuser_url(database)).await.expect("the server");
        let so = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.expect("an answer");
        connection.close().await.expect("a goodbye");
        so
    }
}

/// The report in the last line.
fn report(output: &Output) -> Value {
    assert!(output.status.success(), "{}", said(output));
    let printed = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(printed.lines().last().expect("a line")).expect("JSON")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The files below a folder whose names end so.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found
}

#[tokio::test]
async fn a_backup_comes_back_as_another_platform_even_if_it_is_killed_on_the_way() {
    let place = Place::new();
    let http = Client::new();
    let all = place.all("data", "postgres", place.ports[0]);
    let token = sign_up(&http, &all.url, "ada").await;
    let photo = upload(&http, &all.url, &token).await;
    let kept = post(&http, format!("{}/v1/posts", all.url), &token, json!({ "text": "kept", "photos": [photo["id"]] })).await;
    let original = photo["urls"]["original"].as_str().unwrap();
    let bytes = http.get(format!("{}{original}", all.url)).send().await.unwrap().bytes().await.unwrap();

    // While the platform serves.
    let first = report(&place.back_up("monday"));
    assert_eq!((&first["verified"], &first["objects"], &first["missing"]), (&json!(true), &json!(7), &json!(0)), "{first}");
    post(&http, format!("{}/v1/posts", all.url), &token, json!({ "text": "too late" })).await;
    assert_eq!(report(&place.back_up("monday")), first, "one that is verified is left as it is");
    let scratch = "select exists (select from pg_database where datname like '%backup_check')";
    assert!(!place.is_so("postgres", scratch).await, "the scratch database is gone");
    assert!(all.stop().success());

    place.execute("postgres", "create database again").await;
    let restore = || place.command("restore", "monday", "again", place.ports[1]);
    // Whoever makes a schema of this name waits for what comes of this one: however fast the restore is, it stops amid the dump.
    let mut hindering = PgConnection::connect(&place.server.superuser_url("again")).await.unwrap();
    sqlx::raw_sql("begin; create schema social").execute(&mut hindering).await.unwrap();
    let mut killed = restore().stdout(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + GUARD;
    let waits = "select exists (select from pg_stat_activity where datname = 'again' and wait_event_type = 'Lock')";
    while !place.is_so("again", waits).await {
        assert!(Instant::now() < deadline, "the restore did not begin in {GUARD:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    killed.kill().unwrap();
    assert_eq!(killed.wait().unwrap().code(), None, "it did not end by itself");
    assert!(place.is_so("again", "select to_regclass('backup.restored') is not null").await);
    sqlx::raw_sql("rollback").execute(&mut hindering).await.unwrap();
    hindering.close().await.unwrap();
    // Its connections may outlive it for a moment, and with them the lock.
    let deadline = Instant::now() + GUARD;
    let locked = "select not exists (select from pg_stat_activity where datname = 'again' and pid <> pg_backend_pid())";
    while !place.is_so("again", locked).await {
        assert!(Instant::now() < deadline, "the connections did not end in {GUARD:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The database comes first, so this one stops between the two.
    let list = files(&place.path("backups"), ".jsonl").remove(0);
    let aside = place.path("aside.jsonl");
    std::fs::rename(&list, &aside).unwrap();
    let stopped = restore().output().unwrap();
    assert!(said(&stopped).contains("cannot be trusted"), "{}", said(&stopped));
    assert!(place.is_so("again", "select to_regclass('social.posts') is not null").await);
    std::fs::rename(&aside, &list).unwrap();
    assert_eq!(report(&restore().output().unwrap()), first);
    assert_eq!(report(&restore().output().unwrap()), first, "a restore that went through does nothing");
    std::fs::remove_dir_all(place.path("backups")).unwrap();
    let without = restore().output().unwrap();
    assert!(without.status.success(), "it needs the backup no longer: {}", said(&without));

    std::fs::create_dir(place.path("other")).unwrap();
    std::fs::copy(place.path("data/secrets.json"), place.path("other/secrets.json")).unwrap();
    let all = place.all("other", "again", place.ports[1]);
    let token = sign_in(&http, &all.url, "ada").await;
    let posts: Value = http.get(format!("{}/v1/timelines/public", all.url)).send().await.unwrap().json().await.unwrap();
    let texts: Vec<_> = posts["items"].as_array().unwrap().iter().map(|post| &post["text"]).collect();
    assert_eq!(texts, [&kept["text"]], "what was written after the backup is not there");
    let answer = http.get(format!("{}{original}", all.url)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.bytes().await.unwrap(), bytes);
    post(&http, format!("{}/v1/posts", all.url), &token, json!({ "text": "life goes on" })).await;
    assert!(all.stop().success());
}

#[tokio::test]
async fn what_is_not_whole_is_neither_called_a_backup_nor_restored() {
    let place = Place::new();
    let http = Client::new();
    let all = place.all("data", "postgres", place.ports[0]);
    let token = sign_up(&http, &all.url, "ada").await;
    upload(&http, &all.url, &token).await;
    assert!(all.stop().success());
    let monday = report(&place.back_up("monday"));

    // What keeps it from deleting old ones is in its log, and takes nothing from what is verified.
    let unreadable = place.path("backups/manifests/20000101t000000z.json");
    std::os::unix::fs::symlink(&unreadable, &unreadable).unwrap();
    let mut pruning = place.command("backup", "monday", "postgres", place.ports[0]);
    let pruned = pruning.args(["--series", "", "--keep", "1"]).output().unwrap();
    assert_eq!(report(&pruned), monday);
    assert!(String::from_utf8_lossy(&pruned.stdout).contains("failed to delete old backups"));
    std::fs::remove_file(&unreadable).unwrap();

    let occupied = place.command("restore", "monday", "postgres", place.ports[1]).output().unwrap();
    assert!(said(&occupied).contains("is not empty"), "{}", said(&occupied));
    // The bucket of a platform that lives.
    place.execute("postgres", "create database other").await;
    let shared = place.command("restore", "monday", "other", place.ports[0]).output().unwrap();
    assert!(said(&shared).contains("name an empty bucket"), "{}", said(&shared));
    assert!(place.is_so("other", "select to_regclass('backup.restored') is null").await, "nothing was begun");

    // A copy that has changed since.
    let copy = files(&place.path("backups"), ".thumb").remove(0);
    let mut bytes = std::fs::read(&copy).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&copy, bytes).unwrap();
    place.execute("postgres", "create database again").await;
    let changed = place.command("restore", "monday", "again", place.ports[1]).output().unwrap();
    assert!(said(&changed).contains("cannot be trusted"), "{}", said(&changed));

    // An object that the platform has lost without knowing it.
    let lost = files(&place.path("old/own"), ".large").remove(0);
    std::fs::remove_file(&lost).unwrap();
    let failed = place.back_up("tuesday");
    assert!(said(&failed).contains("is not in the platform's store"), "{}", said(&failed));
    let none = place.command("restore", "tuesday", "other", place.ports[1]).output().unwrap();
    assert!(said(&none).contains("no whole backup"), "{}", said(&none));
}
