//! What is done to somebody's passkeys, by an app at a route or by themselves on a page: one rule for both.

use contracts::AccountId;
use serde_json::{Value, json};
use serving::{Problem, Result};

use crate::State;
use crate::attempts::InSession;
use crate::password::Password;
use crate::routes::passwords;
use crate::second_factor::passkeys::{Asked, Platform, read_registration};
use crate::second_factor::{self, Change, Confirmation, Showing};
use crate::source::Source;
use crate::store::passkeys::Listed;
use crate::store::{accounts, passkey_challenges, passkeys, second_factors};

/// Most characters of a passkey's name.
const LONGEST_NAME: usize = 100;
/// Passkeys of one account.
const MOST: i64 = 20;

/// A passkey that was added just now.
pub(in crate::routes) struct Added {
    pub(in crate::routes) passkey: Listed,
    /// For whoever had none.
    pub(in crate::routes) recovery_codes: Option<Vec<String>>,
}

/// What an authenticator is asked for a new passkey. It takes the password and the second factor that there is; 409 where the
/// platform has no name, or where there can be no more.
pub(in crate::routes) async fn ask(
    auth: &State,
    who: InSession,
    handle: &str,
    password: Password,
    showing: Showing,
    source: &Source,
) -> Result<Asked> {
    let platform = Platform::of(&auth.issuer)?;
    let account = who.account;
    // Before anything is given in vain: a code is good once.
    has_room(second_factors::of(&auth.pool, account).await?)?;
    let before = passwords::confirm(auth, who, password, "password", source).await?;
    let factor = Confirmation::begin(auth, who, showing).await?;
    let mut tx = auth.pool.begin().await?;
    let locked = passwords::lock_confirmed(&mut tx, account, &before).await?;
    tx = factor.check(auth, tx, &locked, source).await?;
    tx.commit().await?;
    factor.done(auth).await?;
    let user = passkeys::user(&auth.pool, account).await?.ok_or_else(Problem::not_found)?;
    let known = passkeys::known(&auth.pool, account).await?;
    let asked = platform.ask_to_register(handle, &user, known)?;
    passkey_challenges::insert(&auth.pool, Some(account), &asked).await?;
    Ok(asked)
}

/// Keeps the passkey that answered. 409 if it was registered before or is one too many.
pub(in crate::routes) async fn add(auth: &State, account: AccountId, name: &str, credential: &Value, source: &Source) -> Result<Added> {
    let name = read_name(name)?;
    let wrong = || Problem::invalid("credential", "this is not the answer to a challenge of yours that is still good; begin again");
    let platform = Platform::of(&auth.issuer)?;
    let (answer, challenge) = read_registration(credential).ok_or_else(wrong)?;
    let mut tx = auth.pool.begin().await?;
    let account = accounts::lock(&mut tx, account).await?.ok_or_else(Problem::not_found)?;
    let state = passkey_challenges::take(&mut tx, Some(account.id), &challenge).await?.ok_or_else(wrong)?;
    let Ok(registered) = platform.register(&state, &answer)? else { return Err(wrong()) };
    // Again, now that nobody else adds one.
    has_room(second_factors::of(&mut *tx, account.id).await?)?;
    let passkey = passkeys::insert(&mut tx, account.id, name, &registered).await?;
    let recovery_codes = second_factor::first_codes(&mut tx, account.id).await?;
    let details = json!({ "passkey": passkey.id.to_string() });
    second_factor::tell(auth, &mut tx, &account, Change::PasskeyAdded, source, details).await?;
    tx.commit().await?;
    Ok(Added { passkey, recovery_codes })
}

/// Refuses one more than an account may have.
fn has_room(factors: second_factors::SecondFactors) -> Result<()> {
    match factors.passkeys < MOST {
        true => Ok(()),
        false => Err(Problem::conflict("too-many-passkeys", format!("There are {MOST} passkeys. Remove one first."))),
    }
}

/// A name as it is kept; 422 if it is none.
pub(in crate::routes) fn read_name(name: &str) -> Result<&str> {
    let name = name.trim();
    match (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(char::is_control) {
        true => Ok(name),
        false => Err(Problem::invalid("name", format!("a name has 1 to {LONGEST_NAME} characters in one line"))),
    }
}

/// Names one of theirs; 404 if there is no such one.
pub(in crate::routes) async fn rename(auth: &State, account: AccountId, id: i64, name: &str) -> Result<Listed> {
    passkeys::rename(&auth.pool, account, id, read_name(name)?).await?.ok_or_else(Problem::not_found)
}

/// Removes one of theirs, which takes the password and the second factor; 404 if there is no such one.
pub(in crate::routes) async fn remove(
    auth: &State,
    who: InSession,
    id: i64,
    password: Password,
    showing: Showing,
    source: &Source,
) -> Result<()> {
    let before = passwords::confirm(auth, who, password.clone(), "password", source).await?;
    let factor = Confirmation::begin(auth, who, showing).await?;
    let mut tx = auth.pool.begin().await?;
    let account = passwords::lock_confirmed(&mut tx, who.account, &before).await?;
    tx = factor.check(auth, tx, &account, source).await?;
    let removed = match passkeys::delete(&mut tx, account.id, id).await? {
        true => second_factor::removed(auth, &mut tx, &account, &password).await,
        false => Err(Problem::not_found()),
    };
    if let Err(problem) = removed {
        drop(tx);
        factor.done(auth).await?;
        return Err(problem);
    }
    let details = json!({ "passkey": id.to_string() });
    second_factor::tell(auth, &mut tx, &account, Change::PasskeyRemoved, source, details).await?;
    tx.commit().await?;
    factor.done(auth).await?;
    Ok(())
}
