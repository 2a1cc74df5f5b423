//! Auth alone, as in a pod of its own, when everybody signs in at once.

use std::process::Stdio;
use std::time::{Duration, Instant};

use contracts::Service;
use database::login_role;
use identity::ServiceSigner;
use postgres_server::{Durability, Programs, Server};
use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio::task::JoinSet;

use crate::own_server::{Background, free_port};
use crate::process::{GUARD, PASSWORD, program};

const DATABASE: &str = "postgres";
const DATABASE_PASSWORD: &str = "word";
/// Nobody listens there: nobody takes a copy of what is theirs.
const NOWHERE: &str = "http://127.0.0.1:9";
/// Sign-ins at once: many more than there are places for.
const AT_ONCE: usize = 500;
/// KiB that the process may take.
const MOST_MEMORY: u64 = 256 * 1024;

/// Makes the tables and the roles, as the migration Job does.
fn migrate(server: &Server) {
    let mut command = program();
    command.arg("migrate").env("OWNER_DATABASE_URL", server.superuser_url(DATABASE));
    for service in Service::ALL {
        command.env(format!("{}_DATABASE_PASSWORD", service.name().to_uppercase()), DATABASE_PASSWORD);
    }
    let migrated = command.output().unwrap();
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stdout));
}

/// Starts auth behind one proxy, with the memory and the places that it has unless somebody says otherwise.
fn start(server: &Server, public: u16, private: u16) -> Background {
    let key = ServiceSigner::generate();
    let public_key = ServiceSigner::parse(Service::Auth, &key).unwrap().public_key();
    let mut command = program();
    command.arg("auth").env("PUBLIC_URL", "http://social.localhost").env("TRUSTED_PROXY_HOPS", "1");
    command.env("DATABASE_URL", server.url(&login_role(DATABASE, Service::Auth, 'a'), DATABASE_PASSWORD, DATABASE));
    command.env("PUBLIC_ADDR", format!("127.0.0.1:{public}")).env("PRIVATE_ADDR", format!("127.0.0.1:{private}"));
    command.env("KEY_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    command.env("SERVICE_KEY", key).env("SERVICE_KEYS", json!({ "auth": [public_key] }).to_string());
    command.env("SOCIAL_URL", NOWHERE).env("PHOTO_URL", NOWHERE).env("RELATION_URL", NOWHERE);
    Background(command.stdout(Stdio::null()).spawn().unwrap())
}

async fn until_ready(http: &Client, private: u16) {
    let deadline = Instant::now() + GUARD;
    while !http.get(format!("http://127.0.0.1:{private}/readyz")).send().await.is_ok_and(|answer| answer.status() == StatusCode::OK) {
        assert!(Instant::now() < deadline, "auth is not ready after {GUARD:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The most memory that the process has had, in KiB.
fn peak(process: &Background) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.0.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux says it");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_sign_ins_at_once_fit_into_256_mib_and_hold_up_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    // PostgreSQL may run as somebody else, who has to get through.
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let server = Server::start(&Programs::of_system().unwrap(), &folder.path().join("postgres"), Durability::None).unwrap();
    migrate(&server);
    let (public, private) = (free_port(), free_port());
    let auth = start(&server, public, private);
    let (http, url) = (Client::new(), format!("http://127.0.0.1:{public}"));
    until_ready(&http, private).await;
    let ada = json!({ "handle": "ada", "password": PASSWORD });
    assert_eq!(http.post(format!("{url}/v1/accounts")).json(&ada).send().await.unwrap().status(), StatusCode::CREATED);

    let mut signing_in = JoinSet::new();
    for n in 0..AT_ONCE {
        // Each from a network of its own: one alone would get a quarter of the places.
        let from = format!("198.18.{}.{}", n / 250, n % 250 + 1);
        let request = http.post(format!("{url}/v1/sessions")).header("x-forwarded-for", from).json(&ada);
        signing_in.spawn(async move {
            let answer = request.send().await.unwrap();
            (answer.status(), answer.headers().contains_key("retry-after"))
        });
    }
    let mut answers = vec![signing_in.join_next().await.unwrap().unwrap()];
    for _ in 0..20 {
        let keys = http.get(format!("{url}/.well-known/jwks.json")).send().await.unwrap();
        assert_eq!(keys.status(), StatusCode::OK, "whoever asks for the keys need not wait");
    }
    answers.extend(signing_in.join_all().await);

    let created = answers.iter().filter(|(status, _)| *status == StatusCode::CREATED).count();
    assert!((1..AT_ONCE).contains(&created), "{created} came in");
    for (status, says_when) in answers {
        let is_refused = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status);
        assert!(status == StatusCode::CREATED || (is_refused && says_when), "{status}; Retry-After: {says_when}");
    }
    let peak = peak(&auth);
    println!("of {AT_ONCE} sign-ins at once, {created} came in, with {} MiB at the most", peak / 1024);
    assert!(peak < MOST_MEMORY, "auth took {} MiB", peak / 1024);
}
