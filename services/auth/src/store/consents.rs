use contracts::{AccountId, Scopes};
use jiff::Timestamp;
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};

/// What somebody has allowed an app.
pub(crate) struct Consent {
    pub(crate) id: i64,
    pub(crate) client_id: String,
    pub(crate) name: String,
    pub(crate) website: Option<String>,
    pub(crate) scope: String,
    pub(crate) granted_at: Timestamp,
}

/// `query_as!` of each [`Consent`] of an account, `$1`, given what else must hold, and the order.
macro_rules! select_consents {
    ($rest:tt, $($argument:tt)*) => {
        sqlx::query_as!(
            Consent,
            "select consents.id, consents.client_id, apps.name, apps.website, consents.scope, granted_at
             from consents join apps using (client_id) where account_id = $1 and " + $rest,
            $($argument)*
        )
    };
}

/// What the app was allowed before, if anything.
pub(crate) async fn find(pool: &PgPool, account: AccountId, client_id: &str) -> Result<Option<Scopes>> {
    let scope = sqlx::query_scalar!("select scope from consents where account_id = $1 and client_id = $2", account as AccountId, client_id);
    Ok(scope.fetch_optional(pool).await?.map(|scope| Scopes::known(&scope)))
}

/// Is there a consent that covers these? Whoever takes it away waits until this transaction has ended.
pub(crate) async fn hold(connection: &mut PgConnection, account: AccountId, client_id: &str, scopes: Scopes) -> Result<bool> {
    let scope = sqlx::query_scalar!(
        "select scope from consents where account_id = $1 and client_id = $2 for share",
        account as AccountId,
        client_id,
    );
    Ok(scope.fetch_optional(connection).await?.is_some_and(|scope| scopes.all_in(Scopes::known(&scope))))
}

/// Allows an app these, and what it was allowed before.
pub(crate) async fn allow(connection: &mut PgConnection, account: AccountId, client_id: &str, scopes: Scopes) -> Result<()> {
    // Made first if it is not there, so that of two at once each adds to what the other wrote.
    sqlx::query!(
        "insert into consents (account_id, client_id, scope) values ($1, $2, '') on conflict on constraint consents_pkey do nothing",
        account as AccountId,
        client_id,
    )
    .execute(&mut *connection)
    .await?;
    let before = sqlx::query_scalar!(
        "select scope from consents where account_id = $1 and client_id = $2 for update",
        account as AccountId,
        client_id,
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        "update consents set scope = $3, granted_at = clock_timestamp() where account_id = $1 and client_id = $2",
        account as AccountId,
        client_id,
        scopes.or(Scopes::known(&before)).to_string(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes a consent away; was there one?
pub(crate) async fn delete(connection: &mut PgConnection, account: AccountId, client_id: &str) -> Result<bool> {
    let deleted = sqlx::query!("delete from consents where account_id = $1 and client_id = $2", account as AccountId, client_id)
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected() > 0)
}

/// Whom somebody has allowed something, in the order of the page and one more than it holds.
pub(crate) async fn list(pool: &PgPool, account: AccountId, page: &Page) -> Result<Vec<Consent>> {
    let consents = if let Some(after) = page.after() {
        select_consents!("consents.id > $2 order by consents.id limit $3", account as AccountId, after, page.limit + 1)
            .fetch_all(pool)
            .await?
    } else {
        select_consents!("consents.id < $2 order by consents.id desc limit $3", account as AccountId, page.before(), page.limit + 1)
            .fetch_all(pool)
            .await?
    };
    Ok(consents)
}
