//! Makes the schemas, the roles and their grants. Doing it again changes nothing but passwords.

use contracts::Service;
use sqlx::{AssertSqlSafe, PgConnection};
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;

/// A login role's password to set; a service may have two at a time.
pub struct Login {
    /// Whose.
    pub service: Service,
    /// `a` or `b`.
    pub slot: char,
    /// In plain text; PostgreSQL stores only its SCRAM verifier.
    pub password: String,
}

/// Why roles could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// The owner lacks CREATEROLE.
    #[error("the owner may not create roles: run this as a superuser, then try again:\n{sql}")]
    RolesMissing {
        /// What a superuser has to run.
        sql: String,
        /// PostgreSQL's refusal.
        source: sqlx::Error,
    },
    /// Anything else.
    #[error("failed to make schemas and roles")]
    Database(#[from] sqlx::Error),
}

/// The name of a login role.
pub fn login_role(database: &str, service: Service, slot: char) -> String {
    format!("{database}_{service}_{slot}")
}

/// The tables of others that a service reads: the outbox it consumes, with its own cursor there, and what is revoked.
const SHARED: &[(Service, &str, &str)] = &[
    (Service::Relation, "select", "outbox"),
    (Service::Relation, "select, insert, update, delete", "outbox_cursors"),
    (Service::Social, "select", "outbox"),
    (Service::Social, "select, insert, update, delete", "outbox_cursors"),
    (Service::Photo, "select", "outbox"),
    (Service::Photo, "select, insert, update, delete", "outbox_cursors"),
    (Service::Auth, "select", "outbox"),
    (Service::Auth, "select, insert, update, delete", "outbox_cursors"),
    (Service::Auth, "select", "revocations"),
];

/// Makes what is missing: schema and group role of each service, its login roles, and the grants within its schema.
/// Call it before migrating; [`share`] comes after, when the shared tables exist.
pub async fn provision(owner: &mut PgConnection, logins: &[Login]) -> Result<(), ProvisionError> {
    let database: String = sqlx::query_scalar("select current_database()::text").fetch_one(&mut *owner).await?;
    // That something is there already is what a second run expects, and no news.
    run(owner, "set client_min_messages = warning".to_owned()).await?;
    for service in Service::ALL {
        let group = format!("{database}_{service}");
        make_role(owner, &group, "nologin").await?;
        for slot in ['a', 'b'] {
            let login = login_role(&database, service, slot);
            make_role(owner, &login, &format!("login in role {group:?}")).await?;
            // Limits that hold whatever a query does; and the schema that unqualified names mean.
            run(
                owner,
                format!(
                    "alter role {login:?} in database {database:?} set search_path = {service}, extensions;
                 alter role {login:?} in database {database:?} set statement_timeout = '30s';
                 alter role {login:?} in database {database:?} set idle_in_transaction_session_timeout = '30s';
                 alter role {login:?} in database {database:?} set lock_timeout = '5s'"
                ),
            )
            .await?;
        }
    }
    make_schemas(owner).await?;
    for Login { service, slot, password } in logins {
        let login = login_role(&database, *service, *slot);
        let statement: String = sqlx::query_scalar("select format('alter role %I password %L', $1, $2)")
            .bind(&login)
            .bind(password)
            .fetch_one(&mut *owner)
            .await?;
        // A slow statement is logged with its text, and this one says a password.
        run(owner, statement).with_subscriber(Dispatch::none()).await?;
    }
    Ok(())
}

/// Makes what is missing for roles that somebody else makes: the schema of each service, and the grants within it. The
/// owner needs no right over roles.
pub async fn make_schemas(owner: &mut PgConnection) -> Result<(), ProvisionError> {
    let database: String = sqlx::query_scalar("select current_database()::text").fetch_one(&mut *owner).await?;
    run(owner, "set client_min_messages = warning".to_owned()).await?;
    for service in Service::ALL {
        let group = format!("{database}_{service}");
        run(
            owner,
            format!(
                "create schema if not exists {service};
             create schema if not exists extensions;
             grant usage on schema extensions to {group:?};
             grant usage on schema {service} to {group:?};
             alter default privileges in schema {service} grant select, insert, update, delete on tables to {group:?};
             alter default privileges in schema {service} grant usage on sequences to {group:?}"
            ),
        )
        .await?;
    }
    Ok(())
}

/// Takes the password of a login role away: nobody logs in as it until it is given another. Who is logged in stays so.
pub async fn close(owner: &mut PgConnection, service: Service, slot: char) -> Result<(), ProvisionError> {
    let database: String = sqlx::query_scalar("select current_database()::text").fetch_one(&mut *owner).await?;
    Ok(run(owner, format!("alter role {:?} password null", login_role(&database, service, slot))).await?)
}

/// Gives the services their rights on tables that were there before their roles: those of a dump without owners and rights.
/// Call it after [`provision`] or [`make_schemas`].
pub async fn adopt(owner: &mut PgConnection) -> Result<(), sqlx::Error> {
    let database: String = sqlx::query_scalar("select current_database()::text").fetch_one(&mut *owner).await?;
    for service in Service::ALL {
        let group = format!("{database}_{service}");
        run(
            owner,
            format!(
                "grant select, insert, update, delete on all tables in schema {service} to {group:?};
             grant usage on all sequences in schema {service} to {group:?}"
            ),
        )
        .await?;
    }
    Ok(())
}

/// Grants the services what they read of each other. Call it after migrating.
pub async fn share(owner: &mut PgConnection) -> Result<(), sqlx::Error> {
    let database: String = sqlx::query_scalar("select current_database()::text").fetch_one(&mut *owner).await?;
    for reader in Service::ALL {
        let group = format!("{database}_{reader}");
        for (holder, rights, table) in SHARED.iter().filter(|(holder, ..)| *holder != reader) {
            run(owner, format!("grant usage on schema {holder} to {group:?}; grant {rights} on {holder}.{table} to {group:?}")).await?;
        }
    }
    Ok(())
}

/// Makes a role unless it is there. Roles belong to the whole server, so another database's migration may be making it too.
async fn make_role(owner: &mut PgConnection, role: &str, options: &str) -> Result<(), ProvisionError> {
    let there: bool =
        sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)").bind(role).fetch_one(&mut *owner).await?;
    if there {
        return Ok(());
    }
    let sql = format!("create role {role:?} {options}");
    match run(owner, sql.clone()).await {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42710") => Ok(()),
        Err(source @ sqlx::Error::Database(_)) => Err(ProvisionError::RolesMissing { sql, source }),
        other => Ok(other?),
    }
}

async fn run(owner: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(owner).await.map(drop)
}
