//! `social-platform admin`: what whoever runs the platform does past every route.

use std::path::PathBuf;

use clap::Subcommand;
use sqlx::{Connection, PgConnection};

use crate::Failure;
use crate::all::data_folder;

/// What to do.
#[derive(Debug, clap::Args)]
pub(crate) struct AdminConfig {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make somebody who has signed up an administrator.
    Grant(Who),
    /// Make somebody an administrator no more, and sign them out everywhere.
    Revoke(Who),
    /// Erase somebody with all that is theirs, at once and for good: for who wishes it and cannot sign in.
    Erase(Who),
}

/// Whom, and in which platform's database.
#[derive(Debug, clap::Args)]
struct Who {
    /// Their handle.
    handle: String,
    /// The database, as its owner.
    #[arg(long, env = "OWNER_DATABASE_URL", hide_env_values = true)]
    owner_database_url: Option<String>,
    /// The database, as auth.
    #[arg(long, env = "AUTH_DATABASE_URL", hide_env_values = true)]
    auth_database_url: Option<String>,
    /// The same, as a pod of auth has it.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Without a database's URL: the data folder of `social-platform all`, which has to be running.
    #[arg(long, env = "DATA_FOLDER")]
    data: Option<PathBuf>,
}

pub(crate) async fn run(AdminConfig { action }: AdminConfig) -> Result<(), Failure> {
    match action {
        Action::Grant(who) => {
            let mut connection = who.connect().await?;
            auth::grant_admin(&mut connection, &who.handle).await?;
            connection.close().await?;
            println!("{} is an administrator, from the next refresh of their tokens on.", who.handle);
        }
        Action::Revoke(who) => {
            let mut connection = who.connect().await?;
            auth::revoke_admin(&mut connection, &who.handle).await?;
            connection.close().await?;
            println!("{} is no administrator, and is signed out everywhere.", who.handle);
        }
        Action::Erase(who) => {
            let mut connection = who.connect().await?;
            auth::erase_account(&mut connection, &who.handle).await?;
            connection.close().await?;
            println!("{} is hidden and signed out everywhere, and the running platform erases all of it now.", who.handle);
        }
    }
    Ok(())
}

impl Who {
    async fn connect(&self) -> Result<PgConnection, Failure> {
        let said = [&self.owner_database_url, &self.auth_database_url, &self.database_url].into_iter().flatten().next().cloned();
        let url = said.map_or_else(|| self.embedded(), Ok)?;
        // The error names the host at the most; the URL, which holds a password, is not in it.
        let connecting = PgConnection::connect(&url).await;
        Ok(connecting.map_err(|error| format!("failed to connect to the database: {error}"))?)
    }

    fn embedded(&self) -> Result<String, Failure> {
        let folder = data_folder(self.data.clone())?.join("postgres");
        let url = postgres_server::superuser_url_of_running(&folder, "postgres");
        Ok(url.ok_or_else(|| {
            format!(
                "failed to find a running platform in {}: start it, run this as the same user, choose its folder with --data, or name its database with OWNER_DATABASE_URL",
                folder.display()
            )
        })?)
    }
}
