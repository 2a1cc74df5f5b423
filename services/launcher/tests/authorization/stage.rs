//! `social-platform all` on a database that the test can look into.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use postgres_server::{Durability, Programs, Server};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{All, GUARD, answered, program};

pub struct Stage {
    all: All,
    server: Server,
    data: PathBuf,
    _folder: TempDir,
    pub http: Client,
}

impl Stage {
    pub fn start() -> Self {
        Self::with(|_| ())
    }

    /// One that is told more.
    pub fn with(configure: impl FnOnce(&mut Command)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // PostgreSQL may run as somebody else, who has to get through.
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let server = Server::start(&Programs::of_system().unwrap(), &folder.path().join("postgres"), Durability::None).unwrap();
        let data = folder.path().join("data");
        let all = All::start(&data, |command| {
            // Whoever tries everything is fast.
            command.env("OWNER_DATABASE_URL", server.superuser_url("postgres")).env("RATE_PER_ACCOUNT", "1000000");
            command.env("RATE_PER_ADDRESS", "1000000");
            configure(command);
        });
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { all, server, data, _folder: folder, http }
    }

    pub fn url(&self) -> &str {
        &self.all.url
    }

    pub fn database_url(&self) -> String {
        self.server.superuser_url("postgres")
    }

    /// Where the platform keeps what it made up.
    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn request(&self, method: &str, path: &str, token: Option<&str>) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, format!("{}{path}", self.url()));
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn status(&self, method: &str, path: &str, token: Option<&str>) -> StatusCode {
        self.request(method, path, token).send().await.unwrap().status()
    }

    /// Sends JSON that must be taken.
    pub async fn done(&self, method: &str, path: &str, token: &str, body: Value) -> Value {
        let (status, text) = answered(|| self.request(method, path, Some(token)).json(&body)).await;
        assert!(status.is_success(), "{method} {path}: {status}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Waits until a request is answered so.
    pub async fn until(&self, method: &str, path: &str, token: Option<&str>, status: StatusCode) {
        let deadline = Instant::now() + GUARD;
        while self.status(method, path, token).await != status {
            assert!(Instant::now() < deadline, "{method} {path} is not answered with {status}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// What whoever runs the platform does to somebody: `grant`, `revoke` or `erase`.
    pub fn admin(&self, action: &str, handle: &str) {
        let done = program().args(["admin", action, handle]).env("OWNER_DATABASE_URL", self.database_url()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}
