use contracts::{AccountId, SessionId};
use serving::Result;
use sqlx::{PgConnection, PgPool};

use super::{beginnings, sessions};

/// An app as it registered itself.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) name: String,
    pub(crate) website: Option<String>,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) scope: String,
    pub(crate) grant_types: Vec<String>,
    pub(crate) auth_method: String,
    pub(crate) secret_hash: Option<Vec<u8>>,
}

impl App {
    /// Has it registered for this way to get tokens?
    pub(crate) fn may(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|known| known == grant_type)
    }
}

/// Registers an app, and answers when that was, in Unix seconds.
pub(crate) async fn insert(pool: &PgPool, app: &App) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"insert into apps (client_id, name, website, redirect_uris, scope, grant_types, auth_method, secret_hash)
           values ($1, $2, $3, $4, $5, $6, $7, $8) returning extract(epoch from created_at)::bigint as "issued!""#,
        app.client_id,
        app.name,
        app.website.as_deref(),
        &app.redirect_uris[..],
        app.scope,
        &app.grant_types[..],
        app.auth_method,
        app.secret_hash.as_deref(),
    )
    .fetch_one(pool)
    .await?)
}

pub(crate) async fn find(pool: &PgPool, client_id: &str) -> Result<Option<App>> {
    Ok(sqlx::query_as!(
        App,
        "select client_id, name, website, redirect_uris, scope, grant_types, auth_method, secret_hash from apps where client_id = $1",
        client_id,
    )
    .fetch_optional(pool)
    .await?)
}

/// Notes that the app got something, so that it is kept. Once a day is enough.
pub(crate) async fn used(connection: &mut PgConnection, client_id: &str) -> Result<()> {
    sqlx::query!(
        "update apps set used_at = clock_timestamp()
         where client_id = $1 and (used_at is null or used_at < clock_timestamp() - interval '1 day')",
        client_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes a session of somebody for an app, which lasts for `minutes`. `granted_in` is the one in which they allowed it.
pub(crate) async fn insert_session(
    connection: &mut PgConnection,
    account: AccountId,
    granted_in: SessionId,
    app: &App,
    scope: &str,
    secret: &[u8],
    minutes: i32,
) -> Result<SessionId> {
    beginnings::check(connection, account).await?;
    sessions::make_room(connection, account, granted_in, sessions::MOST - 1).await?;
    Ok(sqlx::query_scalar!(
        r#"insert into sessions (account_id, client_id, scope, secret, name, expires_at)
           values ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(mins => $6)) returning id as "id: SessionId""#,
        account as AccountId,
        app.client_id,
        scope,
        secret,
        app.name,
        minutes,
    )
    .fetch_one(connection)
    .await?)
}

/// Makes a session that has just begun an app's.
pub(crate) async fn adopt_session(connection: &mut PgConnection, session: SessionId, app: &App, scope: &str) -> Result<()> {
    sqlx::query!(
        "update sessions set client_id = $2, scope = $3, name = $4 where id = $1",
        session as SessionId,
        app.client_id,
        scope,
        app.name,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An id for a token of an app itself, under which it can be revoked like a session.
pub(crate) async fn next_session_id(pool: &PgPool) -> Result<SessionId> {
    Ok(sqlx::query_scalar!(r#"select next_id('sessions') as "id!: SessionId""#).fetch_one(pool).await?)
}

/// The living sessions that an app has of somebody.
pub(crate) async fn sessions(connection: &mut PgConnection, account: AccountId, client_id: &str) -> Result<Vec<SessionId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: SessionId" from sessions where account_id = $1 and client_id = $2 and ended_at is null order by id"#,
        account as AccountId,
        client_id,
    )
    .fetch_all(connection)
    .await?)
}

/// Deletes apps that registered and never came back, and those that stayed away for long and have nothing of anybody any more.
pub(crate) async fn delete_unused(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from apps where used_at is null and created_at < now() - interval '30 days'").execute(pool).await?;
    sqlx::query!(
        "delete from apps where used_at < now() - interval '90 days'
             and not exists (select from consents where consents.client_id = apps.client_id)
             and not exists (select from sessions where sessions.client_id = apps.client_id)
             and not exists (select from codes where codes.client_id = apps.client_id)"
    )
    .execute(pool)
    .await?;
    Ok(())
}
