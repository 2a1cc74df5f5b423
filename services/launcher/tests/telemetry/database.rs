//! A PostgreSQL of one's own, to see into it and to break it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use postgres_server::{Durability, Programs, Server};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// The server, and then the folder, go with this.
pub struct Database {
    server: Server,
    _folder: TempDir,
}

impl Database {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // PostgreSQL may run as somebody else, who has to get through.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("the folder is ours");
        let programs = Programs::of_system().expect("PostgreSQL is installed");
        let server = Server::start(&programs, &folder.path().join("postgres"), Durability::None).expect("PostgreSQL starts");
        Self { server, _folder: folder }
    }

    /// For `OWNER_DATABASE_URL`.
    pub fn url(&self) -> String {
        self.server.superuser_url("postgres")
    }

    /// Connects to one of its databases as the superuser.
    pub async fn connect(&self, database: &str) -> PgConnection {
        PgConnection::connect(&self.server.superuser_url(database)).await.expect("a connection")
    }
}
