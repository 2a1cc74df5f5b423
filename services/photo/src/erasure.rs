//! Forgetting somebody: what they kept goes photo by photo, each as if they had deleted it, wherever it is shown. They are forgotten
//! when the objects are gone too.

use std::sync::Arc;

use audience::accounts;
use audience::forgetting::{Forget, Progress};
use contracts::AccountId;
use serving::{Problem, Result};
use sqlx::{PgConnection, Postgres, Transaction};

use crate::owner::Owner;
use crate::reuse::What;
use crate::store::erasure::{self, Kept};
use crate::store::{albums, photos};
use crate::{State, cleaning, removal, reuse};

/// Refuses to make or change anything for somebody who is suspended or erased. If they are not, that stays so until the transaction
/// ends: to be asked before anything else is locked, as whoever hides them counts what is theirs.
pub(crate) async fn admit(connection: &mut PgConnection, account: AccountId) -> Result<()> {
    match accounts::is_barred(connection, account).await? {
        true => Err(Problem::forbidden("Your account is suspended or erased.")),
        false => Ok(()),
    }
}

pub(crate) struct Erasure(pub(crate) Arc<State>);

impl Forget for Erasure {
    async fn forget(&self, account: AccountId) -> Result<Progress> {
        let photo = &*self.0;
        let owner = Owner::Account(account);
        let mut tx = photo.pool.begin().await?;
        let kept = erasure::something(&mut tx, account, owner).await?;
        match kept {
            Some(Kept::Photo(id)) => {
                if let Some(row) = photos::lock(&mut tx, id).await? {
                    erasure::owe_blob(&mut tx, account, &row.blob).await?;
                    removal::remove(&mut tx, &row, None).await?;
                }
            }
            Some(Kept::Album(id)) => {
                if albums::lock(&mut tx, id, owner).await?.is_some() {
                    reuse::shows(&mut tx, account, What { source: &reuse::album(id), open: false }, &[]).await?;
                    albums::delete(&mut tx, id).await?;
                }
            }
            Some(Kept::Use(id, source)) => {
                if let Some(row) = photos::lock(&mut tx, id).await? {
                    reuse::ends(&mut tx, &row, account, &source).await?;
                }
            }
            None => return self.rest(tx, account, owner).await,
        }
        tx.commit().await?;
        photo.outbox.committed();
        Ok(Progress::More)
    }
}

impl Erasure {
    /// Where no photo, album or use is left: uploads under way, and then what is counted. Whoever was given an address at the store may
    /// write there for up to an hour more, and is not forgotten before that is over and what lies there is gone.
    async fn rest(&self, mut tx: Transaction<'static, Postgres>, account: AccountId, owner: Owner) -> Result<Progress> {
        for object_key in erasure::end_uploads(&mut tx, account, owner).await? {
            erasure::owe(&mut tx, account, &object_key).await?;
            cleaning::delete_incoming_later(&mut tx, &object_key).await?;
        }
        let owed = erasure::is_owed(&mut tx, account, owner).await?;
        if !owed {
            erasure::clear(&mut tx, account, owner).await?;
        }
        tx.commit().await?;
        Ok(if owed { Progress::Waiting } else { Progress::Done })
    }
}
