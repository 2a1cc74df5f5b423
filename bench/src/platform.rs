//! The platform under load: `social-platform all`, on a PostgreSQL and a folder of its own.
//!
//! The database is started here and not by `all`, with the same settings, so that it stays while `all` comes back with
//! others, and so that `pgbench` can be let in.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use postgres_server::{Durability, Programs, Server};
use tempfile::TempDir;

use crate::arguments::{Arguments, cores};
use crate::process::Process;
use crate::{Failure, Result};

/// A running platform. Its parts end in this order.
pub struct Platform {
    all: Option<Process>,
    address: SocketAddr,
    postgres: Server,
    program: PathBuf,
    folder: TempDir,
}

impl Platform {
    /// Starts everything on an empty folder.
    pub async fn start(arguments: &Arguments) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("social-platform-bench-").tempdir()?;
        // PostgreSQL may run as another user, and has to pass through.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711))?;
        let data = folder.path().join("postgres");
        let starting =
            tokio::task::spawn_blocking(move || Ok::<_, Failure>(Server::start(&Programs::for_folder(&data)?, &data, Durability::Full)?));
        let postgres = starting.await??;
        let mut platform = Self { all: None, address: ([127, 0, 0, 1], 0).into(), postgres, program: arguments.program.clone(), folder };
        platform.restart(&[]).await?;
        Ok(platform)
    }

    /// Starts `all` again, on the same data, with these variables in its environment.
    pub async fn restart(&mut self, variables: &[(&str, String)]) -> Result<()> {
        if let Some(all) = self.all.take() {
            all.stop().await?;
        }
        let mut command = Command::new(&self.program);
        // Callers are told from each other by their addresses, as behind a gateway; and what limits one caller would
        // limit the load.
        command
            .args(["all", "--public-addr=127.0.0.1:0", "--private-addr=127.0.0.1:0", "--log-format=json"])
            .args(["--trusted-proxy-hops=1", "--rate-per-address=1000000", "--rate-per-account=1000000", "--data"])
            .arg(self.folder.path().join("data"))
            .env("OWNER_DATABASE_URL", self.database_url())
            .env("PASSWORD_HASHES_AT_ONCE", cores().to_string())
            .env("SIGN_UPS_PER_HOUR", "1000000")
            .env("PHOTO_WORKERS", cores().to_string());
        for name in [
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_TRACES_SAMPLER",
            "OTEL_TRACES_SAMPLER_ARG",
            "TRACES_PER_SECOND",
            "S3_ENDPOINT",
            "PUBLIC_URL",
            "RUST_LOG",
        ] {
            command.env_remove(name);
        }
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let (all, address) = Process::announced(&mut command, "listening at http://").await?;
        self.all = Some(all);
        self.address = address.parse().map_err(|_| format!("`all` says that it listens at {address:?}, which is no address"))?;
        Ok(())
    }

    /// Where people call.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process of `all`.
    pub fn pid(&self) -> Result<u32> {
        self.all.as_ref().map(Process::pid).ok_or_else(|| "`all` does not run".into())
    }

    /// The process whose children are PostgreSQL's own.
    pub fn postmaster(&self) -> Result<u32> {
        let file = self.postgres_folder().join("data/postmaster.pid");
        let text = std::fs::read_to_string(&file).map_err(|error| format!("failed to read {}: {error}", file.display()))?;
        let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
        pid.ok_or_else(|| format!("{} does not begin with a number", file.display()).into())
    }

    /// What PostgreSQL writes its log into.
    pub fn database_log(&self) -> PathBuf {
        self.postgres_folder().join("log")
    }

    /// With all rights.
    pub fn database_url(&self) -> String {
        self.postgres.superuser_url("postgres")
    }

    /// The program, to seed with.
    pub fn program(&self) -> &Path {
        &self.program
    }

    fn postgres_folder(&self) -> PathBuf {
        self.folder.path().join("postgres")
    }
}
