use contracts::AccountId;
use jiff::Timestamp;
use serving::{OnConstraint, Page, Problem, Result};
use sqlx::{PgConnection, PgExecutor, PgPool};

use crate::handle::Handle;
use crate::standing::Standing;

/// The one role there is.
pub(crate) const ADMIN: &str = identity::ADMIN_ROLE;

pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) handle: String,
    pub(crate) standing: Standing,
    /// Of whoever is suspended, and of whoever leaves and will be suspended if they stay.
    pub(crate) suspended_reason: Option<String>,
    pub(crate) roles: Vec<String>,
    /// Always one that was proved to be theirs.
    pub(crate) email: Option<String>,
    pub(crate) pseudonym: String,
    pub(crate) created_at: Timestamp,
}

impl Account {
    pub(crate) fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role == ADMIN)
    }
}

/// `query_as!` of an [`Account`], given what comes after `from accounts`.
macro_rules! select_accounts {
    ($rest:tt, $($argument:tt)*) => {
        sqlx::query_as!(
            Account,
            r#"select id as "id: AccountId", handle, state as "standing: Standing", suspended_reason, roles, email, pseudonym, created_at
               from accounts "# + $rest,
            $($argument)*
        )
    };
}

/// Makes an account; 409 if the handle is taken.
pub(crate) async fn insert(connection: &mut PgConnection, handle: &Handle, password_hash: &str, standing: Standing) -> Result<Account> {
    sqlx::query_as!(
        Account,
        r#"insert into accounts (handle, password_hash, state) values ($1, $2, $3)
           returning id as "id: AccountId", handle, state as "standing: Standing", suspended_reason, roles, email, pseudonym, created_at"#,
        handle.as_str(),
        password_hash,
        standing.name(),
    )
    .fetch_one(connection)
    .await
    .on_constraint("accounts_handle_key", handle_taken)
}

/// 409: it is somebody's, or was of late.
pub(crate) fn handle_taken() -> Problem {
    Problem::conflict("handle-taken", "This handle is taken; choose another one.")
}

/// Changes a handle; 409 if it is taken.
pub(crate) async fn set_handle(connection: &mut PgConnection, id: AccountId, handle: &Handle) -> Result<()> {
    sqlx::query!("update accounts set handle = $2 where id = $1", id as AccountId, handle.as_str())
        .execute(connection)
        .await
        .map(drop)
        .on_constraint("accounts_handle_key", handle_taken)
}

pub(crate) async fn find(executor: impl PgExecutor<'_>, id: AccountId) -> Result<Option<Account>> {
    Ok(select_accounts!("where id = $1", id as AccountId).fetch_optional(executor).await?)
}

/// Finds and locks an account: until the transaction ends, no session of it begins.
pub(crate) async fn lock(connection: &mut PgConnection, id: AccountId) -> Result<Option<Account>> {
    Ok(select_accounts!("where id = $1 for update", id as AccountId).fetch_optional(connection).await?)
}

/// The account as it is now, if this still is its password. Whatever would end its sessions waits until the transaction ends.
pub(crate) async fn hold(connection: &mut PgConnection, id: AccountId, password_hash: &str) -> Result<Option<Account>> {
    Ok(select_accounts!("where id = $1 and password_hash = $2 for share", id as AccountId, password_hash)
        .fetch_optional(connection)
        .await?)
}

/// Whose verified address it is, in whatever case it is written.
pub(crate) async fn with_email(pool: &PgPool, email: &str) -> Result<Option<Account>> {
    Ok(select_accounts!("where lower(email) = lower($1)", email).fetch_optional(pool).await?)
}

/// Whose handle it is, in small letters.
pub(crate) async fn with_handle(pool: &PgPool, handle: &str) -> Result<Option<Account>> {
    Ok(select_accounts!("where handle = $1", handle).fetch_optional(pool).await?)
}

/// Accounts, in the order of the page and one more than it holds: those in this state, whose handle begins like this.
pub(crate) async fn list(pool: &PgPool, state: Option<Standing>, beginning: &str, page: &Page) -> Result<Vec<Account>> {
    let state = state.map(Standing::name);
    let listed = if let Some(after) = page.after() {
        select_accounts!(
            "where ($1::text is null or state = $1) and starts_with(handle, $2) and id > $3 order by id limit $4",
            state,
            beginning,
            after,
            page.limit + 1
        )
        .fetch_all(pool)
        .await?
    } else {
        select_accounts!(
            "where ($1::text is null or state = $1) and starts_with(handle, $2) and id < $3 order by id desc limit $4",
            state,
            beginning,
            page.before(),
            page.limit + 1
        )
        .fetch_all(pool)
        .await?
    };
    Ok(listed)
}

pub(crate) struct Credentials {
    pub(crate) id: AccountId,
    pub(crate) password_hash: String,
    /// They have signed in on this device before.
    pub(crate) known_device: bool,
    /// The password is not enough.
    pub(crate) second_factor: bool,
}

/// What a sign-in is checked against. `device` is the hash of what the device showed.
pub(crate) async fn credentials(pool: &PgPool, handle: &str, device: &[u8]) -> Result<Option<Credentials>> {
    Ok(sqlx::query_as!(
        Credentials,
        r#"select id as "id: AccountId", password_hash,
               exists (select from devices where token_hash = $2 and account_id = accounts.id
                           and used_at > now() - interval '1 year') as "known_device!",
               exists (select from totp where totp.account_id = accounts.id and confirmed_at is not null)
                   or exists (select from passkeys where passkeys.account_id = accounts.id) as "second_factor!"
           from accounts where handle = $1"#,
        handle,
        device,
    )
    .fetch_optional(pool)
    .await?)
}

/// Under which name an account is in the log of security events; nothing for one that is not there.
pub(crate) async fn pseudonym(connection: &mut PgConnection, id: AccountId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select pseudonym from accounts where id = $1", id as AccountId).fetch_optional(connection).await?)
}

/// The hash of one's password.
pub(crate) async fn password_hash(pool: &PgPool, id: AccountId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select password_hash from accounts where id = $1", id as AccountId).fetch_optional(pool).await?)
}

pub(crate) async fn set_password(connection: &mut PgConnection, id: AccountId, password_hash: &str) -> Result<()> {
    sqlx::query!("update accounts set password_hash = $2 where id = $1", id as AccountId, password_hash).execute(connection).await?;
    Ok(())
}

/// Sets a verified address; 409 if it is another account's.
pub(crate) async fn set_email(connection: &mut PgConnection, id: AccountId, email: &str) -> Result<()> {
    sqlx::query!("update accounts set email = $2 where id = $1", id as AccountId, email)
        .execute(connection)
        .await
        .map(drop)
        .on_constraint("accounts_email_key", || {
            Problem::conflict("email-taken", "This address belongs to another account. Sign in to that one, or use another address.")
        })
}

/// Sets the state, with a reason where it is `Suspended`, or `Leaving` and suspended besides, and with none elsewhere.
pub(crate) async fn set_standing(connection: &mut PgConnection, id: AccountId, standing: Standing, reason: Option<&str>) -> Result<()> {
    sqlx::query!("update accounts set state = $2, suspended_reason = $3 where id = $1", id as AccountId, standing.name(), reason,)
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes an account an administrator's, or no longer so.
pub(crate) async fn set_admin(connection: &mut PgConnection, id: AccountId, admin: bool) -> Result<()> {
    let roles = if admin { vec![ADMIN.to_owned()] } else { Vec::new() };
    sqlx::query!("update accounts set roles = $2 where id = $1", id as AccountId, &roles[..]).execute(connection).await?;
    Ok(())
}

/// The same for whoever has this handle, if anybody has; whoever becomes an administrator is approved, too.
pub(crate) async fn set_admin_by_handle(connection: &mut PgConnection, handle: &str, admin: bool) -> sqlx::Result<Option<AccountId>> {
    sqlx::query_scalar!(
        r#"update accounts set roles = case when $2 then array['Admin'] else '{}' end,
               state = case when $2 and state = 'Pending' then 'Active' else state end
           where handle = $1 returning id as "id: AccountId""#,
        handle,
        admin,
    )
    .fetch_optional(connection)
    .await
}

/// Lets whoever has this handle leave, if anybody has, whatever state they are in.
pub(crate) async fn leave_by_handle(connection: &mut PgConnection, handle: &str) -> sqlx::Result<Option<AccountId>> {
    sqlx::query_scalar!(r#"update accounts set state = 'Leaving' where handle = $1 returning id as "id: AccountId""#, handle,)
        .fetch_optional(connection)
        .await
}

/// Deletes an account that was never approved.
pub(crate) async fn delete_pending(connection: &mut PgConnection, id: AccountId) -> Result<()> {
    sqlx::query!("delete from accounts where id = $1 and state = 'Pending'", id as AccountId).execute(connection).await?;
    Ok(())
}
