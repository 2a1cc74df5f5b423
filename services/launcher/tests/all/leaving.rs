//! A pod that is asked to go waits for what is under way, and for nothing else: the minutes that the operator gives it are for
//! uploads.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use contracts::Service;
use database::login_role;
use identity::ServiceSigner;
use postgres_server::{Durability, Programs, Server};
use reqwest::{Client, StatusCode};
use sqlx::{Connection, PgConnection};

use crate::own_server::{Background, KEYS, free_port, large};
use crate::process::{All, GUARD, ask_to_stop, ended, program, sign_up};
use crate::slow_upload::SlowUpload;

/// What the operator gives a pod of photo, but for a shorter drain.
const GRACE: [(&str, &str); 2] = [("DRAIN_SECONDS", "1"), ("FINISH_SECONDS", "305")];
const DATABASE: &str = "postgres";
const DATABASE_PASSWORD: &str = "word";
/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A server with the schemas and roles of a platform.
fn migrated(folder: &Path) -> Server {
    std::fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    let server = Server::start(&Programs::of_system().unwrap(), &folder.join("postgres"), Durability::None).unwrap();
    let mut command = program();
    command.arg("migrate").env("OWNER_DATABASE_URL", server.superuser_url(DATABASE));
    for service in Service::ALL {
        command.env(format!("{}_DATABASE_PASSWORD", service.name().to_uppercase()), DATABASE_PASSWORD);
    }
    let migrated = command.output().expect("the program runs");
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stdout));
    server
}

/// Photo as a cluster runs it, without its neighbors.
fn photo(server: &Server, public: u16, private: u16) -> Background {
    let keys: BTreeMap<Service, String> = Service::ALL.into_iter().map(|service| (service, ServiceSigner::generate())).collect();
    let public_key = |service: Service| ServiceSigner::parse(service, &keys[&service]).unwrap().public_key();
    let public_keys: BTreeMap<Service, [String; 1]> = Service::ALL.into_iter().map(|service| (service, [public_key(service)])).collect();
    let mut command = program();
    command
        .arg("photo")
        .env("DATABASE_URL", server.url(&login_role(DATABASE, Service::Photo, 'a'), DATABASE_PASSWORD, DATABASE))
        .env("PUBLIC_URL", "http://social.localhost")
        .env("PUBLIC_ADDR", format!("127.0.0.1:{public}"))
        .env("PRIVATE_ADDR", format!("127.0.0.1:{private}"))
        .env("SERVICE_KEY", &keys[&Service::Photo])
        .env("SERVICE_KEYS", serde_json::to_string(&public_keys).unwrap())
        .env("AUTH_URL", NOWHERE)
        .env("S3_ENDPOINT", NOWHERE)
        .env("S3_BUCKET", "none")
        .envs(KEYS)
        .envs(GRACE);
    Background(command.stdout(Stdio::null()).spawn().expect("the program starts"))
}

/// Waits until `holds`.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + GUARD;
    while !holds().await {
        assert!(Instant::now() < deadline, "not in {GUARD:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_pod_of_photo_does_not_wait_for_whoever_only_stays_connected() {
    let folder = tempfile::tempdir().unwrap();
    let server = migrated(folder.path());
    let (public, private) = (free_port(), free_port());
    let mut pod = photo(&server, public, private);
    let http = Client::new();
    // Each of these connections is kept, as gateways and Prometheus keep theirs.
    for url in [format!("http://127.0.0.1:{private}/livez"), format!("http://127.0.0.1:{public}/v1/photos/tags")] {
        until("it answers", async || match http.get(&url).send().await {
            Ok(answer) => answer.text().await.is_ok(),
            Err(_) => false,
        })
        .await;
    }
    // This one has never asked for anything.
    let _silent = TcpStream::connect(("127.0.0.1", public)).unwrap();
    // Its background work has begun.
    let mut admin = PgConnection::connect(&server.superuser_url(DATABASE)).await.unwrap();
    until("it is connected to its database", async || {
        let connected = "select exists (select from pg_stat_activity where application_name = 'photo')";
        sqlx::query_scalar::<_, bool>(connected).fetch_one(&mut admin).await.unwrap()
    })
    .await;

    let asked = Instant::now();
    ask_to_stop(&pod.0);
    assert!(ended(&mut pod.0).success());
    println!("it was gone after {:.1} s", asked.elapsed().as_secs_f64());
    // Whoever stays connected to the private port may do so for two minutes, and what is under way for all of the grace.
    assert!(asked.elapsed() < Duration::from_secs(60), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn an_upload_that_is_under_way_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let http = Client::new();
    let all = All::start(folder.path(), |command| {
        command.envs(GRACE);
    });
    let token = sign_up(&http, &all.url, "ada").await;
    let upload = SlowUpload::begin(&http, &all.url, &token, &large()).await;
    all.ask_to_stop();
    let address = all.url.trim_start_matches("http://").to_owned();
    until("nobody new is let in", async || TcpStream::connect(&address).is_err()).await;
    assert_eq!(upload.end().await.status(), StatusCode::NO_CONTENT);
    assert!(all.ended().success());
}
