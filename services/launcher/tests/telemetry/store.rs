//! An S3 store of one's own, which people can reach themselves.

use std::process::{Command, Stdio};

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::collector::Background;
use crate::platform::{Lines, kept};
use crate::{eventually, free_port};

/// Signs what goes there.
pub const SECRET: &str = "own-store-3f0c9d5e71";

/// The process, and then its folder, go with this.
pub struct Store {
    url: String,
    lines: Lines,
    _process: Background,
    _folder: TempDir,
}

impl Store {
    /// Tells what it does to `otlp`, if that is an address.
    pub async fn start(otlp: Option<&str>) -> Self {
        Self::start_with(otlp, &[]).await
    }

    /// The same, with more in its environment.
    pub async fn start_with(otlp: Option<&str>, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(env!("CARGO_BIN_EXE_social-platform"));
        command.arg("dev-s3").env("S3_ADDR", &address).env("S3_ROOT", folder.path()).env("S3_BUCKET", "own");
        command.env("AWS_ACCESS_KEY_ID", "own").env("AWS_SECRET_ACCESS_KEY", SECRET);
        command.envs(otlp.map(|url| ("OTEL_EXPORTER_OTLP_ENDPOINT", url))).envs(environment.iter().copied());
        let mut process = Background(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts"));
        let lines = kept(&mut process.0);
        eventually("the store listens", async || TcpStream::connect(&address).await.map(drop).map_err(|error| error.to_string())).await;
        Self { url: format!("http://{address}"), lines, _process: process, _folder: folder }
    }

    /// What it has written so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// What makes it the store of a platform.
    pub fn environment(&self) -> [(&str, &str); 5] {
        [
            ("S3_ENDPOINT", &self.url),
            ("S3_PUBLIC_ENDPOINT", &self.url),
            ("S3_BUCKET", "own"),
            ("AWS_ACCESS_KEY_ID", "own"),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
        ]
    }
}
