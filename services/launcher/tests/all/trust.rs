//! Neighbors whose certificates are of a private authority, with the variables that the operator sets for `trust.caBundleRef`.

use std::path::Path;
use std::process::{Command, Stdio};

use contracts::Service;
use postgres_server::{Durability, Programs, Server};
use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio_rustls::TlsAcceptor;

use crate::own_server::{KEYS, free_port, store};
use crate::process::{All, PASSWORD, png, program, sign_up, upload};
use crate::tls::{Behind, Port, authority};

/// The authorities that everybody trusts.
const EVERYBODYS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What a platform calls but for its database.
struct Neighbors {
    store: Port,
    mail: Port,
    collector: Port,
}

impl Neighbors {
    async fn open(acceptor: &TlsAcceptor, store: u16) -> Self {
        // The other two are not talked to: whether their certificates are trusted is known before.
        Self {
            store: Port::open(acceptor, Behind::Port(store)).await,
            mail: Port::open(acceptor, Behind::Nothing).await,
            collector: Port::open(acceptor, Behind::Nothing).await,
        }
    }

    fn configure(&self, command: &mut Command) {
        command
            .env("SSL_CERT_FILE", EVERYBODYS)
            .env_remove("SSL_CERT_DIR")
            .env("S3_ENDPOINT", format!("https://localhost:{}", self.store.number))
            .env("S3_BUCKET", "own")
            .envs(KEYS)
            .env("SMTP_HOST", "localhost")
            .env("SMTP_PORT", self.mail.number.to_string())
            .env("SMTP_TLS", "Implicit")
            .env("MAIL_FROM", "no-reply@example.org")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("https://localhost:{}", self.collector.number));
    }

    async fn are_trusted(&self) -> [bool; 3] {
        [
            self.store.is_trusted("the store").await,
            self.mail.is_trusted("the mail server").await,
            self.collector.is_trusted("the collector").await,
        ]
    }
}

/// The server's superuser by way of `port`, who knows the server by its name and its authority.
fn verified(server: &Server, port: &Port, authorities: &Path) -> String {
    let url = server.superuser_url("postgres");
    let (user, _) = url.rsplit_once('@').expect("a URL with a user");
    format!("{user}@localhost:{}/postgres?sslmode=verify-full&sslrootcert={}", port.number, authorities.display())
}

fn port_of(server: &Server) -> u16 {
    let url = server.superuser_url("postgres");
    let port = url.rsplit(':').next().and_then(|rest| rest.split('/').next());
    port.and_then(|port| port.parse().ok()).expect("a URL with a port")
}

async fn ask_for_a_letter(http: &Client, all: &All, token: &str) {
    let email = json!({ "email": "ada@example.org", "password": PASSWORD });
    let asked = http.put(format!("{}/v1/accounts/me/email", all.url)).bearer_auth(token).json(&email).send().await.unwrap();
    assert_eq!(asked.status(), StatusCode::ACCEPTED);
}

// More than one thread: the ports answer while the test waits for a program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_authority_is_trusted_by_all_four_clients_with_its_bundle_and_by_none_without() {
    let folder = tempfile::tempdir().unwrap();
    let [own, embedded, objects, postgres] = ["own", "embedded", "objects", "postgres"].map(|name| folder.path().join(name));
    std::fs::create_dir(&objects).unwrap();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let acceptor = authority(folder.path());
    let (trust, store_port) = (folder.path().join("trust"), free_port());
    let _store = store(&objects, store_port);
    let server = Server::start(&Programs::of_system().unwrap(), &postgres, Durability::None).unwrap();
    let http = Client::new();

    let database = Port::open(&acceptor, Behind::Postgres(port_of(&server))).await;
    let neighbors = Neighbors::open(&acceptor, store_port).await;
    let all = All::start(&own, |command| {
        neighbors.configure(command);
        command.env("OWNER_DATABASE_URL", verified(&server, &database, &trust.join("ca.crt"))).env("SSL_CERT_DIR", &trust);
    });
    let token = sign_up(&http, &all.url, "ada").await;
    upload(&http, &all.url, &token).await;
    ask_for_a_letter(&http, &all, &token).await;
    assert!(database.is_trusted("the database").await);
    assert_eq!(neighbors.are_trusted().await, [true; 3]);
    all.kill();

    let database = Port::open(&acceptor, Behind::Postgres(port_of(&server))).await;
    let url = verified(&server, &database, Path::new(EVERYBODYS));
    let mut migrating = program();
    migrating.arg("migrate").env("OWNER_DATABASE_URL", url).stdout(Stdio::null());
    for service in Service::ALL {
        migrating.env(format!("{}_DATABASE_PASSWORD", service.name().to_uppercase()), "none that is ever set");
    }
    let mut migrating = migrating.spawn().unwrap();
    let is_trusted = database.is_trusted("the database").await;
    // It would try again for a while.
    migrating.kill().unwrap();
    migrating.wait().unwrap();
    assert!(!is_trusted);

    // On a database of its own: the others are what it has to do without.
    let neighbors = Neighbors::open(&acceptor, store_port).await;
    let all = All::start(&embedded, |command| neighbors.configure(command));
    let token = sign_up(&http, &all.url, "ada").await;
    let file = reqwest::multipart::Part::bytes(png(&image::RgbImage::new(8, 8))).file_name("black.png").mime_str("image/png").unwrap();
    let form = reqwest::multipart::Form::new().text("visibility", "public").part("file", file);
    let answer = http.post(format!("{}/v1/photos", all.url)).bearer_auth(&token).multipart(form).send().await.unwrap();
    assert!(answer.status().is_server_error(), "{}", answer.status());
    ask_for_a_letter(&http, &all, &token).await;
    assert_eq!(neighbors.are_trusted().await, [false; 3]);
    all.kill();
}
