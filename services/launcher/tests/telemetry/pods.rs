//! Auth, photo and social as a cluster runs them: each a process of its own with settings of its own, on one database.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use contracts::Service;
use database::login_role;
use identity::ServiceSigner;
use postgres_server::{Durability, Programs, Server};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::collector::Background;
use crate::eventually;
use crate::sink::Sink;
use crate::tour::PASSWORD;

const DATABASE: &str = "postgres";
const DATABASE_PASSWORD: &str = "word";
/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9";
/// What whoever does not need it passes over. No picture is ever stored.
const SETTINGS: [(&str, &str); 7] = [
    ("PUBLIC_URL", "http://social.localhost"),
    ("RELATION_URL", NOWHERE),
    ("KEY_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("S3_ENDPOINT", NOWHERE),
    ("S3_BUCKET", "none"),
    ("AWS_ACCESS_KEY_ID", "none"),
    ("AWS_SECRET_ACCESS_KEY", "none"),
];

/// Which traces that begin at them they record, in the words of `OTEL_TRACES_SAMPLER`.
pub struct Samplers {
    pub social: &'static str,
    pub photo: &'static str,
}

/// The processes; they are killed before their database stops, and that before its folder goes.
pub struct Pods {
    _processes: [Background; 3],
    _server: Server,
    _folder: TempDir,
    pub http: Client,
    auth: String,
    /// Photo's public port.
    pub photo: String,
    /// Social's public port.
    pub social: String,
}

impl Pods {
    /// Starts them, and waits until they are ready. What photo records, and nothing else, goes to `sink`.
    pub async fn start(sink: &Sink, samplers: Samplers) -> Self {
        let folder = tempfile::tempdir_in("/tmp").expect("a folder");
        // PostgreSQL may run as somebody else, who has to get through.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("the folder is ours");
        let programs = Programs::of_system().expect("PostgreSQL is installed");
        let server = Server::start(&programs, &folder.path().join("postgres"), Durability::None).expect("PostgreSQL starts");
        migrate(&server);

        let keys: BTreeMap<Service, String> = Service::ALL.into_iter().map(|service| (service, ServiceSigner::generate())).collect();
        let public_keys = public_keys(&keys);
        let [auth, auth_private, photo, photo_private, social, social_private] = free_ports();
        let pod = |service: Service, public: u16, private: u16| {
            let database_url = server.url(&login_role(DATABASE, service, 'a'), DATABASE_PASSWORD, DATABASE);
            let mut command = program();
            command.arg(service.name()).envs(SETTINGS).env("DATABASE_URL", database_url);
            command.env("PUBLIC_ADDR", format!("127.0.0.1:{public}")).env("PRIVATE_ADDR", format!("127.0.0.1:{private}"));
            command.env("SERVICE_KEY", &keys[&service]).env("SERVICE_KEYS", &public_keys);
            command.env("AUTH_URL", at(auth)).env("PHOTO_URL", at(photo_private)).env("SOCIAL_URL", at(social_private));
            command
        };
        let auth_pod = pod(Service::Auth, auth, auth_private);
        let mut photo_pod = pod(Service::Photo, photo, photo_private);
        photo_pod.env("OTEL_TRACES_SAMPLER", samplers.photo);
        photo_pod.env("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.url).env("OTEL_BSP_SCHEDULE_DELAY", "200");
        let mut social_pod = pod(Service::Social, social, social_private);
        social_pod.env("OTEL_TRACES_SAMPLER", samplers.social);
        let processes = [auth_pod, photo_pod, social_pod]
            .map(|mut command| Background(command.stdout(Stdio::null()).spawn().expect("the program starts")));

        let http = Client::new();
        for private in [auth_private, photo_private, social_private] {
            eventually("the service is ready", async || {
                let answer = http.get(format!("{}/readyz", at(private))).send().await.map_err(|error| error.to_string())?;
                if answer.status() == StatusCode::OK { Ok(()) } else { Err(answer.text().await.unwrap_or_default()) }
            })
            .await;
        }
        Self { _processes: processes, _server: server, _folder: folder, http, auth: at(auth), photo: at(photo), social: at(social) }
    }

    /// Signs somebody up and in, and answers the access token.
    pub async fn sign_up(&self, handle: &str) -> String {
        let who = json!({ "handle": handle, "password": PASSWORD });
        let made = self.http.post(format!("{}/v1/accounts", self.auth)).json(&who).send().await.expect("an answer");
        assert_eq!(made.status(), StatusCode::CREATED);
        let session = self.http.post(format!("{}/v1/sessions", self.auth)).json(&who).send().await.expect("an answer");
        let session: Value = session.json().await.expect("JSON");
        session["access_token"].as_str().expect("a token").to_owned()
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_social-platform"))
}

fn at(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Makes the tables and the roles, as the migration Job does.
fn migrate(server: &Server) {
    let mut command = program();
    command.arg("migrate").env("OWNER_DATABASE_URL", server.superuser_url(DATABASE));
    for service in Service::ALL {
        command.env(format!("{}_DATABASE_PASSWORD", service.name().to_uppercase()), DATABASE_PASSWORD);
    }
    let migrated = command.output().expect("the program runs");
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stdout));
}

/// The public halves of the keys, as `SERVICE_KEYS` has them.
fn public_keys(keys: &BTreeMap<Service, String>) -> String {
    let public = |(service, key): (&Service, &String)| {
        let signer = ServiceSigner::parse(*service, key).expect("it was just made");
        (*service, [signer.public_key()])
    };
    let public: BTreeMap<Service, [String; 1]> = keys.iter().map(public).collect();
    serde_json::to_string(&public).expect("names and keys are text")
}

/// Ports that nobody listens on; held until all are found, so that no two are alike.
fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    held.map(|listener| listener.local_addr().expect("an address").port())
}
