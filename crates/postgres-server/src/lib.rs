//! A PostgreSQL of one's own, on 127.0.0.1.
//!
//! Where its programs come from: the folder `PG_BIN`, else a pinned PostgreSQL 17 that is fetched once into the user's
//! cache, else Debian's or another system's, 15 or newer. The data folder records its major version, and only matching
//! programs open it.

mod account;
mod fetch;
mod programs;
mod running;
mod server;

pub use programs::Programs;
pub use running::superuser_url_of_running;
pub use server::{Durability, Server};

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No programs were found.
    #[error(
        "failed to fetch PostgreSQL, and to find version 15 or newer: install it (`apt-get install postgresql`), or set PG_BIN to the folder that holds `postgres` and `initdb`"
    )]
    NoPrograms,
    /// The folder belongs to another version.
    #[error(
        "the data in {folder} was made by PostgreSQL {made_by}, and the programs found are version {found}: set PG_BIN to those of version {made_by}, or move the data by pg_dump"
    )]
    OtherVersion {
        /// The data folder.
        folder: String,
        /// Its version.
        made_by: u32,
        /// Ours.
        found: u32,
    },
    /// A program said no.
    #[error("failed to run {program}: {output}")]
    Program {
        /// Which.
        program: &'static str,
        /// What it printed.
        output: String,
    },
    /// It did not get ready.
    #[error("PostgreSQL did not start within {seconds} s; its log is {log}")]
    NotReady {
        /// How long we waited.
        seconds: u64,
        /// Where to look.
        log: String,
    },
    /// The folder cannot be used.
    #[error("failed to use {path}")]
    Folder {
        /// Which file or folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

/// Adds the path to an I/O error.
fn at(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.display().to_string();
    move |source| Error::Folder { path, source }
}
