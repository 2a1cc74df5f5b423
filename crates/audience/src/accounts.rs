//! Which accounts nobody sees, kept by the facts of auth in the table of `migrations/hidden.sql`.

use std::collections::BTreeSet;

use contracts::AccountId;
use contracts::fact::{AccountChanged, AccountState};
use sqlx::PgConnection;

/// Sets what a fact of auth says. Of an account that is erased nothing changes any more.
pub async fn apply(connection: &mut PgConnection, changed: &AccountChanged) -> sqlx::Result<()> {
    lock(connection, changed.account).await?;
    let set = match changed.state {
        AccountState::Hidden => "insert into hidden_accounts (account) values ($1) on conflict (account) do nothing",
        AccountState::Active => "delete from hidden_accounts where account = $1 and state = 'hidden'",
    };
    sqlx::query(set).bind(changed.account).execute(connection).await.map(drop)
}

/// Begins to erase an account: from the commit on, nothing of it is made any more, and
/// [`Forgetting`](crate::forgetting::Forgetting) deletes what there is.
pub async fn erase(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<()> {
    lock(connection, account).await?;
    sqlx::query(
        "insert into hidden_accounts (account, state) values ($1, 'erasing')
         on conflict (account) do update set state = excluded.state where hidden_accounts.state = 'hidden'",
    )
    .bind(account)
    .execute(connection)
    .await
    .map(drop)
}

/// Waits for the transactions that are making something of the account, and holds up new ones.
async fn lock(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(account_lock($1))").bind(account).execute(connection).await.map(drop)
}

/// Is the account gone for good? Then nothing may be made of it. If not, no erasure begins until the transaction ends.
pub async fn is_gone(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<bool> {
    sqlx::query_scalar("select is_gone($1)").bind(account).fetch_one(connection).await
}

/// Which of these accounts are gone for good? Nothing may be made of them, and of the others no erasure begins until the transaction
/// ends. They are locked in one order.
pub async fn gone(connection: &mut PgConnection, accounts: &BTreeSet<AccountId>) -> sqlx::Result<BTreeSet<AccountId>> {
    let accounts: Vec<i64> = accounts.iter().map(|account| account.0).collect();
    let gone: Vec<AccountId> = sqlx::query_scalar("select account from unnest($1::bigint[]) asked (account) where is_gone(account)")
        .bind(accounts)
        .fetch_all(connection)
        .await?;
    Ok(gone.into_iter().collect())
}

/// Is the account hidden, or gone for good? Then it may not do anything. If not, that stays so until the transaction ends.
pub async fn is_barred(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<bool> {
    sqlx::query_scalar("select is_barred($1)").bind(account).fetch_one(connection).await
}
