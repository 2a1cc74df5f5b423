use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Error, fetch};

/// The oldest version whose SQL the platform's schema needs.
const OLDEST: u32 = 15;

/// A folder with `postgres` and `initdb`.
#[derive(Clone, Debug)]
pub struct Programs {
    folder: PathBuf,
    /// The major version.
    pub version: u32,
}

impl Programs {
    /// The programs for the server of `folder`: those of `PG_BIN`, else the pinned ones, which are fetched once, else the
    /// newest of this system. Data that is there already is opened by programs of its own version only.
    pub fn for_folder(folder: &Path) -> Result<Self, Error> {
        if std::env::var_os("PG_BIN").is_some() {
            return Self::of_system();
        }
        let made_by = made_by(&folder.join("data"));
        let fits = |programs: &Self| made_by.is_none_or(|version| version == programs.version);
        if let Some(system) = made_by.and_then(|version| installed().find(|programs| programs.version == version)) {
            return Ok(system);
        }
        let pinned = fetch::pinned().and_then(|folder| Self::in_folder(&folder));
        pinned.filter(fits).map_or_else(Self::of_system, Ok)
    }

    /// The programs of `PG_BIN`, else the newest that this system has.
    pub fn of_system() -> Result<Self, Error> {
        if let Some(folder) = std::env::var_os("PG_BIN") {
            return Self::in_folder(Path::new(&folder)).ok_or(Error::NoPrograms);
        }
        installed().max_by_key(|programs| programs.version).ok_or(Error::NoPrograms)
    }

    /// The newest of this system that has `pg_dump` and `pg_restore` beside the server.
    pub fn of_system_with_clients() -> Result<Self, Error> {
        let has_clients = |programs: &Self| ["pg_dump", "pg_restore"].iter().all(|name| programs.path(name).exists());
        installed().filter(has_clients).max_by_key(|programs| programs.version).ok_or(Error::NoPrograms)
    }

    fn in_folder(folder: &Path) -> Option<Self> {
        let printed = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let version = major(&String::from_utf8_lossy(&printed.stdout))?;
        (version >= OLDEST && folder.join("initdb").exists()).then(|| Self { folder: folder.to_owned(), version })
    }

    /// The path of one of them.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// What this system has.
fn installed() -> impl Iterator<Item = Programs> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let others = ["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/usr/local/pgsql/bin"].map(PathBuf::from);
    debian.chain(others).filter_map(|folder| Programs::in_folder(&folder))
}

/// The major version that made the data folder `data`; `None` if there is none yet.
pub(crate) fn made_by(data: &Path) -> Option<u32> {
    std::fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian …)`.
fn major(printed: &str) -> Option<u32> {
    let version = printed.split_once("(PostgreSQL)")?.1.trim_start();
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_is_printed() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("initdb"), None);
    }
}
