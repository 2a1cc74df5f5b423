//! PostgreSQL for development: one pod, one volume, no backup.
//!
//! The contract with the image: `sh`, `initdb` and `postgres` on PATH, and a user of the id 999. Nothing else of the
//! image is used, neither its entrypoint nor any other program in it.

use super::{Component, Disk, POSTGRES, Port, Probes, SecretFiles, resources};
use crate::platform::{Platform, Scale};
use crate::resources::env;

const USER: i64 = 999;
const PORT: u16 = 5432;

/// The volume holds `data-1`, and `current` names the folder in use. A pod that is killed while it makes the first
/// folder leaves it half made; as `current` is written last, the next start makes `data-2`, with the shell alone.
///
/// The password is set at each start, or one that was made anew in the place of a lost Secret would never be PostgreSQL's. The
/// server reads it from its file and quotes it itself, so it is in no command line, whatever it consists of.
const START: &str = r#"set -eu
cd /var/lib/postgresql/volume
if [ ! -s current ]; then
  n=1
  while [ -e "data-$n" ]; do n=$((n + 1)); done
  initdb --pgdata="data-$n" --username=postgres --pwfile=/etc/postgresql/password \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
  echo 'host all all all scram-sha-256' >> "data-$n/pg_hba.conf"
  echo 'create database social' | postgres --single -D "data-$n" postgres
  echo "data-$n" > current
fi
read -r folder < current
postgres --single -D "$folder" postgres <<'SQL' > /dev/null
do $do$ begin execute format('alter role postgres password %L', rtrim(pg_read_file('/etc/postgresql/password'), E'\r\n')); end $do$
SQL
exec postgres -D "$PWD/$folder" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql \
  -c max_connections="$MAX_CONNECTIONS"
"#;

pub(super) fn postgres(platform: &Platform, image: &str, storage: &str) -> Component {
    let shell = |script: &str| vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()];
    Component {
        name: POSTGRES,
        image: image.to_owned(),
        command: shell(START),
        scale: Scale::Fixed(1),
        spread: Vec::new(),
        resources: resources("100m", "256Mi", "1Gi"),
        env: vec![env::value("MAX_CONNECTIONS", &platform.max_connections.to_string())],
        ports: vec![Port { name: "postgres", number: PORT, open: false }],
        probes: Probes::Tcp(PORT),
        calls: Vec::new(),
        user: USER,
        disk: Some(Disk { path: "/var/lib/postgresql/volume", size: storage.to_owned() }),
        scratch: vec!["/tmp", "/var/run/postgresql"],
        secret_files: Some(SecretFiles { secret: platform.named("database"), keys: &["password"], path: "/etc/postgresql" }),
        // Kubernetes sends SIGTERM, at which PostgreSQL waits for its clients; SIGINT ends their sessions.
        config_file: None,
        before_stop: Some(shell("kill -INT 1")),
        grace_seconds: 60,
        overrides: None,
    }
}
