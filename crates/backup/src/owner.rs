use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use contracts::Service;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::process::Command;
use url::Url;

use crate::BackupError;

/// The authorities that a program of PostgreSQL checks a server against, where nothing else is said.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The owner of a platform's database, and how its programs are found.
#[derive(Clone)]
pub struct Owner {
    url: Url,
    options: PgConnectOptions,
    programs: Option<PathBuf>,
}

impl Owner {
    /// Reads the URL of the database as its owner. `programs` is the folder of `pg_dump` and `pg_restore`, if they are not to be
    /// found by the PATH.
    pub fn new(url: &str, programs: Option<PathBuf>) -> Result<Self, BackupError> {
        let options = PgConnectOptions::from_str(url).map_err(|_| BackupError::Url)?;
        let url = Url::parse(url).map_err(|_| BackupError::Url)?;
        if url.host_str().is_none() || options.get_database().is_none() {
            return Err(BackupError::Url);
        }
        Ok(Self { url, options, programs })
    }

    /// The name of the database.
    pub fn database(&self) -> &str {
        self.options.get_database().unwrap_or_default()
    }

    /// The owner's name.
    pub(crate) fn name(&self) -> &str {
        self.options.get_username()
    }

    /// Connects to the platform's database, which may just be starting.
    pub(crate) async fn connect(&self) -> Result<PgConnection, BackupError> {
        let mut connection =
            database::connect_owner(self.url.as_str()).await.map_err(BackupError::database("connect to the database as its owner"))?;
        patient(&mut connection).await?;
        Ok(connection)
    }

    /// Connects to another database of the same server.
    pub(crate) async fn connect_to(&self, database: &str) -> Result<PgConnection, BackupError> {
        let options = self.options.clone().database(database);
        let connecting = PgConnection::connect_with(&options).await;
        let mut connection = connecting.map_err(BackupError::database("connect to the scratch database"))?;
        patient(&mut connection).await?;
        Ok(connection)
    }

    /// One of PostgreSQL's programs, on `database`. The password is in its environment: its arguments are for all to see.
    pub(crate) fn command(&self, program: &str, database: &str) -> Command {
        let path = self.programs.as_ref().map_or_else(|| PathBuf::from(program), |folder| folder.join(program));
        let mut command = Command::new(path);
        let mut url = self.url.clone();
        url.set_path(&format!("/{database}"));
        if let Some(password) = url.password().map(decoded) {
            command.env("PGPASSWORD", password);
            // It fails for URLs without a host only, and this one has a host.
            let _ = url.set_password(None);
        }
        // Named where it is needed alone: with a file of authorities, `require` would check the server against them too.
        if url.query_pairs().any(|(name, value)| name == "sslmode" && value.starts_with("verify")) {
            command.env("PGSSLROOTCERT", std::env::var_os("SSL_CERT_FILE").unwrap_or_else(|| AUTHORITIES.into()));
        }
        command.arg(format!("--dbname={url}")).arg("--no-password").kill_on_drop(true);
        command
    }
}

/// A copy takes as long as it takes, whatever the server thinks of queries that do.
async fn patient(connection: &mut PgConnection) -> Result<(), BackupError> {
    sqlx::raw_sql("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set client_min_messages = warning")
        .execute(connection)
        .await
        .map(drop)
        .map_err(BackupError::database("prepare the connection"))
}

/// The text that a part of a URL stands for.
fn decoded(part: &str) -> String {
    // In forms, `+` is a blank; in the rest of a URL it is itself.
    let form = format!("it={}", part.replace('+', "%2B"));
    url::form_urlencoded::parse(form.as_bytes()).next().map(|(_, text)| text.into_owned()).unwrap_or_default()
}

/// The names of the platform's schemas.
pub(crate) fn schemas() -> Vec<String> {
    Service::ALL.iter().map(ToString::to_string).collect()
}

/// How many rows each table of the platform has.
pub(crate) async fn rows(connection: &mut PgConnection) -> Result<BTreeMap<String, i64>, BackupError> {
    let failed = "count the rows";
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select n.nspname::text, c.relname::text
         from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p') and n.nspname::text = any($1) order by 1, 2",
    )
    .bind(schemas())
    .fetch_all(&mut *connection)
    .await
    .map_err(BackupError::database(failed))?;
    let mut rows = BTreeMap::new();
    for (schema, table) in tables {
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {schema:?}.{table:?}")))
            .fetch_one(&mut *connection)
            .await
            .map_err(BackupError::database(failed))?;
        rows.insert(format!("{schema}.{table}"), count);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Owner {
        Owner::new(url, None).unwrap()
    }

    #[test]
    fn a_password_is_in_no_argument() {
        let owner = of("postgres://owner:p%40ss+w%25rd@db.example.org:5433/app?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.crt");
        assert_eq!((owner.database(), owner.name()), ("app", "owner"));
        let command = owner.command("pg_dump", "scratch");
        let arguments: Vec<_> = command.as_std().get_args().map(|it| it.to_string_lossy().into_owned()).collect();
        assert_eq!(
            arguments,
            ["--dbname=postgres://owner@db.example.org:5433/scratch?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.crt", "--no-password"]
        );
        let environment: BTreeMap<_, _> = command.as_std().get_envs().collect();
        assert_eq!(environment[std::ffi::OsStr::new("PGPASSWORD")].unwrap(), "p@ss+w%rd");
        assert!(environment.contains_key(std::ffi::OsStr::new("PGSSLROOTCERT")));
    }

    #[test]
    fn what_is_not_checked_needs_no_authorities() {
        let command = of("postgres://owner:word@db/app?sslmode=require").command("pg_dump", "app");
        assert!(command.as_std().get_envs().all(|(name, _)| name != "PGSSLROOTCERT"));
    }

    #[test]
    fn a_url_names_a_host_and_a_database() {
        for url in ["", "postgres://", "postgres://owner@db:5432", "somewhere"] {
            assert!(Owner::new(url, None).is_err(), "{url}");
        }
    }
}
