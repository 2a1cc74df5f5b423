//! The server that this test process uses.

use std::sync::OnceLock;

use postgres_server::{Durability, Programs, Server};

/// A superuser's URL.
pub(crate) fn url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| std::env::var("TEST_DATABASE_URL").unwrap_or_else(|_| start()))
}

/// Starts a server that lives as long as this process, and forgets everything.
fn start() -> String {
    let programs = Programs::of_system().expect("PostgreSQL for the tests");
    let folder = tempfile::Builder::new().prefix("test-db").tempdir().expect("a temporary folder");
    let server = Server::start(&programs, folder.path(), Durability::None).expect("a server for the tests");
    let url = server.superuser_url("postgres");
    // Statics are never dropped: the server's own guard stops it when this process ends.
    Box::leak(Box::new((server, folder)));
    url
}
