use contracts::AccountId;
use jiff::Timestamp;
use serde_json::Value;
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};

use crate::source::Source;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    SignedUp,
    SignedIn,
    SignInFailed,
    SignedOut,
    SessionEnded,
    SessionsEnded,
    PasswordChanged,
    PasswordAsked,
    PasswordReset,
    EmailAsked,
    EmailVerified,
    InviteMade,
    InviteDeleted,
    Approved,
    Refused,
    Suspended,
    Restored,
    AdminGranted,
    AdminRevoked,
    AppAllowed,
    AppRemoved,
    SecondFactorFailed,
    ConfirmationFailed,
    TotpAdded,
    TotpRemoved,
    PasskeyAdded,
    PasskeyRemoved,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    ErasureAsked,
    ErasureCanceled,
    Erased,
    ExportAsked,
    ExportFetched,
    HandleChanged,
    TokenReused,
    CodeReused,
    TokenRevoked,
    AppSignedIn,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SignedUp => "SignedUp",
            Self::SignedIn => "SignedIn",
            Self::SignInFailed => "SignInFailed",
            Self::SignedOut => "SignedOut",
            Self::SessionEnded => "SessionEnded",
            Self::SessionsEnded => "SessionsEnded",
            Self::PasswordChanged => "PasswordChanged",
            Self::PasswordAsked => "PasswordAsked",
            Self::PasswordReset => "PasswordReset",
            Self::EmailAsked => "EmailAsked",
            Self::EmailVerified => "EmailVerified",
            Self::InviteMade => "InviteMade",
            Self::InviteDeleted => "InviteDeleted",
            Self::Approved => "Approved",
            Self::Refused => "Refused",
            Self::Suspended => "Suspended",
            Self::Restored => "Restored",
            Self::AdminGranted => "AdminGranted",
            Self::AdminRevoked => "AdminRevoked",
            Self::AppAllowed => "AppAllowed",
            Self::AppRemoved => "AppRemoved",
            Self::SecondFactorFailed => "SecondFactorFailed",
            Self::ConfirmationFailed => "ConfirmationFailed",
            Self::TotpAdded => "TotpAdded",
            Self::TotpRemoved => "TotpRemoved",
            Self::PasskeyAdded => "PasskeyAdded",
            Self::PasskeyRemoved => "PasskeyRemoved",
            Self::RecoveryCodesMade => "RecoveryCodesMade",
            Self::RecoveryCodeUsed => "RecoveryCodeUsed",
            Self::ErasureAsked => "ErasureAsked",
            Self::ErasureCanceled => "ErasureCanceled",
            Self::Erased => "Erased",
            Self::ExportAsked => "ExportAsked",
            Self::ExportFetched => "ExportFetched",
            Self::HandleChanged => "HandleChanged",
            Self::TokenReused => "TokenReused",
            Self::CodeReused => "CodeReused",
            Self::TokenRevoked => "TokenRevoked",
            Self::AppSignedIn => "AppSignedIn",
        }
    }
}

/// Tells the log, before the transaction ends: nothing of ours hears of a commit, and one more line for what failed in the end
/// harms less than a process that dies between the two and says nothing. The table has only what happened.
pub(super) fn log(kind: Kind) {
    tracing::info!(event.name = "security", kind = kind.name(), "security event: {}", kind.name());
}

/// Writes down what happens, in the transaction in which it does. `account` is whose it is, if anybody's; nothing secret and
/// no text of people may be in `details`.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    kind: Kind,
    account: Option<AccountId>,
    source: Option<&Source>,
    details: Value,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into security_events (kind, account, source, details)
         values ($1, (select pseudonym from accounts where id = $2), $3, $4)",
        kind.name(),
        account as Option<AccountId>,
        source.map(Source::prefix),
        details,
    )
    .execute(connection)
    .await?;
    log(kind);
    Ok(())
}

/// The same for whoever has this handle, if anybody has: one query for known and unknown names.
pub(crate) async fn insert_by_handle(connection: &mut PgConnection, kind: Kind, handle: &str, source: &Source) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into security_events (kind, account, source) values ($1, (select pseudonym from accounts where handle = $2), $3)",
        kind.name(),
        handle,
        source.prefix(),
    )
    .execute(connection)
    .await?;
    log(kind);
    Ok(())
}

/// Has somebody had another password since then, in Unix seconds?
pub(crate) async fn is_password_changed(connection: &mut PgConnection, account: AccountId, since: f64) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from security_events
                          where account = (select pseudonym from accounts where id = $1)
                              and kind in ('PasswordChanged', 'PasswordReset') and created_at >= to_timestamp($2)) as "changed!""#,
        account as AccountId,
        since,
    )
    .fetch_one(connection)
    .await
}

pub(crate) struct Event {
    pub(crate) id: i64,
    pub(crate) kind: String,
    pub(crate) account: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) details: Value,
    pub(crate) created_at: Timestamp,
}

/// What happened, in the order of the page and one more than it holds: of this account, of this kind.
pub(crate) async fn list(pool: &PgPool, account: Option<AccountId>, kind: Option<&str>, page: &Page) -> Result<Vec<Event>> {
    let listed = if let Some(after) = page.after() {
        sqlx::query_as!(
            Event,
            "select id, kind, account, source, details, created_at from security_events
             where ($1::bigint is null or account = (select pseudonym from accounts where accounts.id = $1))
                 and ($2::text is null or kind = $2) and id > $3 order by id limit $4",
            account as Option<AccountId>,
            kind,
            after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_as!(
            Event,
            "select id, kind, account, source, details, created_at from security_events
             where ($1::bigint is null or account = (select pseudonym from accounts where accounts.id = $1))
                 and ($2::text is null or kind = $2) and id < $3 order by id desc limit $4",
            account as Option<AccountId>,
            kind,
            page.before(),
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(listed)
}

/// Deletes what happened half a year ago, and sooner what nobody's name was tried for: there is no end to those.
pub(crate) async fn delete_old(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from security_events where created_at < now() - interval '180 days'
             or (account is null and kind = 'SignInFailed' and created_at < now() - interval '7 days')"
    )
    .execute(pool)
    .await?;
    Ok(())
}
