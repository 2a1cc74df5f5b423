//! The services as a cluster runs them: each a process of its own with settings of its own, on one database.

use std::collections::{BTreeMap, BTreeSet};
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
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use crate::collector::Background;
use crate::eventually;
use crate::platform::{Lines, ROOM, kept};
use crate::sink::Sink;
use crate::store::Store;
use crate::tour::PASSWORD;

/// The name of their database.
pub const DATABASE: &str = "postgres";
const DATABASE_PASSWORD: &str = "word";
/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9";
/// What whoever does not need it passes over. No picture is stored, unless there is a store.
const SETTINGS: [(&str, &str); 6] = [
    ("PUBLIC_URL", "http://social.localhost"),
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
    _processes: Vec<Background>,
    lines: BTreeMap<Service, Lines>,
    server: Server,
    _folder: TempDir,
    pub http: Client,
    /// Auth's public port.
    pub auth: String,
    /// Photo's.
    pub photo: String,
    /// Relation's.
    pub relation: String,
    /// Social's.
    pub social: String,
    /// The private port of each.
    private: [String; 4],
}

impl Pods {
    /// Starts them, and waits until they are ready. What photo records, and nothing else, goes to `sink`.
    pub async fn start(sink: &Sink, samplers: Samplers) -> Self {
        Self::start_each(|service, pod| match service {
            Service::Photo => export(pod.env("OTEL_TRACES_SAMPLER", samplers.photo), sink),
            Service::Social => {
                pod.env("OTEL_TRACES_SAMPLER", samplers.social);
            }
            Service::Auth | Service::Relation => {}
        })
        .await
    }

    /// The same, with a store. Everything goes to `sink`.
    pub async fn observed(sink: &Sink, store: &Store) -> Self {
        Self::start_each(|_, pod| export(pod.env("OTEL_TRACES_SAMPLER", "always_on").envs(store.environment()), sink)).await
    }

    /// The same, where `settle` has the last word on the settings of each.
    async fn start_each(settle: impl Fn(Service, &mut Command)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // PostgreSQL may run as somebody else, who has to get through.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("the folder is ours");
        let programs = Programs::of_system().expect("PostgreSQL is installed");
        let server = Server::start(&programs, &folder.path().join("postgres"), Durability::None).expect("PostgreSQL starts");
        migrate(&server);

        let keys: BTreeMap<Service, String> = Service::ALL.into_iter().map(|service| (service, ServiceSigner::generate())).collect();
        let public_keys = public_keys(&keys);
        let free: [u16; 8] = free_ports();
        let ports: BTreeMap<Service, (u16, u16)> = Service::ALL.into_iter().zip(free.chunks(2).map(|pair| (pair[0], pair[1]))).collect();
        let public = |service: Service| at(ports[&service].0);
        let private = |service: Service| at(ports[&service].1);
        let pod = |service: Service| {
            let database_url = server.url(&login_role(DATABASE, service, 'a'), DATABASE_PASSWORD, DATABASE);
            let mut command = program();
            command.arg(service.name()).envs(SETTINGS).env("DATABASE_URL", database_url).env("MAIL_FOLDER", folder.path().join("mail"));
            let (public_port, private_port) = ports[&service];
            command.env("PUBLIC_ADDR", format!("127.0.0.1:{public_port}")).env("PRIVATE_ADDR", format!("127.0.0.1:{private_port}"));
            command.env("SERVICE_KEY", &keys[&service]).env("SERVICE_KEYS", &public_keys).env("AUTH_URL", public(Service::Auth));
            for (variable, other) in [("PHOTO_URL", Service::Photo), ("RELATION_URL", Service::Relation), ("SOCIAL_URL", Service::Social)] {
                command.env(variable, private(other));
            }
            settle(service, &mut command);
            let mut process = Background(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts"));
            let lines = kept(&mut process.0);
            (process, (service, lines))
        };
        let (processes, lines): (Vec<_>, _) = Service::ALL.map(pod).into_iter().unzip();

        let http = Client::new();
        for service in Service::ALL {
            eventually("the service is ready", async || {
                let answer = http.get(format!("{}/readyz", private(service))).send().await.map_err(|error| error.to_string())?;
                if answer.status() == StatusCode::OK { Ok(()) } else { Err(answer.text().await.unwrap_or_default()) }
            })
            .await;
        }
        let [auth, photo, relation, social] = [Service::Auth, Service::Photo, Service::Relation, Service::Social].map(public);
        let private = Service::ALL.map(private);
        Self { _processes: processes, lines, server, _folder: folder, http, auth, photo, relation, social, private }
    }

    /// `/metrics` of each, as it is now.
    pub async fn metrics(&self) -> Vec<String> {
        let mut pages = Vec::new();
        for private in &self.private {
            let answer = self.http.get(format!("{private}/metrics")).send().await.expect("an answer");
            pages.push(answer.text().await.expect("text"));
        }
        pages
    }

    /// What a service has written so far, up to its last whole line.
    pub fn lines_of(&self, service: Service) -> Vec<String> {
        self.lines[&service].lock().unwrap().clone()
    }

    /// Which services read this table, by the last statement of each of their connections.
    pub async fn who_reads(&self, table: &str) -> BTreeSet<String> {
        let mut connection = PgConnection::connect(&self.server.superuser_url(DATABASE)).await.expect("a connection");
        let last =
            "select distinct application_name from pg_stat_activity where query like '%from ' || $1 || '%' and pid <> pg_backend_pid()";
        let services: Vec<String> = sqlx::query_scalar(last).bind(table).fetch_all(&mut connection).await.expect("an answer");
        services.into_iter().collect()
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

/// Sends what a pod records to `sink`.
fn export(pod: &mut Command, sink: &Sink) {
    pod.env("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.url).env("OTEL_BSP_SCHEDULE_DELAY", "200").envs(ROOM);
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
