use contracts::AccountId;
use serving::Result;
use sqlx::PgExecutor;

/// What an account has besides the password.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SecondFactors {
    pub(crate) totp: bool,
    pub(crate) passkeys: i64,
    /// Those that are not used up.
    pub(crate) recovery_codes: i64,
}

impl SecondFactors {
    /// Is the password not enough?
    pub(crate) fn on(self) -> bool {
        self.totp || self.passkeys > 0
    }
}

/// What this account has. Whoever changes it has locked the account.
pub(crate) async fn of(executor: impl PgExecutor<'_>, account: AccountId) -> Result<SecondFactors> {
    Ok(sqlx::query_as!(
        SecondFactors,
        r#"select exists (select from totp where account_id = $1 and confirmed_at is not null) as "totp!",
               (select count(*) from passkeys where account_id = $1) as "passkeys!",
               (select count(*) from recovery_codes where account_id = $1) as "recovery_codes!""#,
        account as AccountId,
    )
    .fetch_one(executor)
    .await?)
}
