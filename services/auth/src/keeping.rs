//! Asking somebody who leaves whether they stay. They have proved who they are, and say so on another page a moment later.

use jiff::Timestamp;
use serving::Result;

use crate::second_factor::over;
use crate::sign_in::{self, Proof};
use crate::source::Source;
use crate::store::keep_challenges::{self, Asked};
use crate::store::{accounts, erasures};
use crate::{State, told_once};

/// What somebody is asked with who leaves.
pub(crate) struct Leaving {
    /// When it will be too late.
    pub(crate) erase_at: Timestamp,
    /// To be brought along with the answer. It is told this once, and good once, for five minutes.
    pub(crate) challenge: String,
}

/// Asks whoever leaves and has just proved who they are. Others are asked nothing.
pub(crate) async fn ask(auth: &State, proof: &Proof) -> Result<Option<Leaving>> {
    let mut connection = auth.pool.acquire().await?;
    let Some(erase_at) = erasures::time(&mut connection, proof.account).await? else { return Ok(None) };
    let challenge = told_once::make("spkp_")?;
    let password_proof = told_once::hash(&proof.password_hash);
    let asked = Asked { account: proof.account, password_proof, second_factor: proof.second_factor.clone() };
    keep_challenges::insert(&mut connection, &told_once::hash(&challenge), &asked).await?;
    Ok(Some(Leaving { erase_at, challenge }))
}

/// What was proved when this was asked. 409 if it is not good, or not any more.
pub(crate) async fn prove(auth: &State, challenge: &str, device: Option<&str>, source: Source) -> Result<Proof> {
    let asked = keep_challenges::take(&auth.pool, &told_once::hash(challenge)).await?.ok_or_else(over)?;
    let Asked { account, password_proof, second_factor } = asked;
    let password_hash = accounts::password_hash(&auth.pool, account).await?.ok_or_else(over)?;
    if told_once::hash(&password_hash) != password_proof {
        return Err(over());
    }
    let device = sign_in::known_device(auth, account, device).await?;
    Ok(Proof { account, password_hash, device, source, second_factor, guess: None })
}
