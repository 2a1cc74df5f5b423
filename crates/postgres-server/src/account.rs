//! PostgreSQL refuses to run as root, so root gives it another account.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// A user id and a group id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// Whom to run the server as: `None` to stay who we are, else `postgres` where that user exists, else `nobody`.
    pub(crate) fn for_server() -> Option<Self> {
        let we_are_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        we_are_root.then(|| Self::find(&users, "postgres").or_else(|| Self::find(&users, "nobody"))).flatten()
    }

    fn find(users: &str, name: &str) -> Option<Self> {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some(Self { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    }

    /// Makes `command` run as this account.
    pub(crate) fn run(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Gives `path` to this account.
    pub(crate) fn own(self, path: &Path) -> std::io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let users = "root:x:0:0::/root:/bin/sh\npostgresql:x:7:7::/:/bin/sh\npostgres:x:999:998::/:/bin/sh\n";
        let account = Account::find(users, "postgres").unwrap();
        assert_eq!((account.uid, account.gid), (999, 998));
        assert!(Account::find(users, "nobody").is_none());
    }
}
