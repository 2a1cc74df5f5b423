use audience::accounts;
use contracts::fact::Fact;
use facts::Apply;
use sqlx::PgConnection;

use crate::store::{interests, undiscoverable};

/// What relation does with the facts of auth and of social: it keeps who is hidden, who follows which tags and who does not want
/// to be found, and begins to forget who is erased.
pub(crate) struct FactsOfOthers;

impl Apply for FactsOfOthers {
    async fn apply(&self, connection: &mut PgConnection, fact: &Fact) -> sqlx::Result<()> {
        match fact {
            Fact::AccountChanged(changed) => accounts::apply(connection, changed).await,
            Fact::AccountErased(erased) => accounts::erase(connection, erased.account).await,
            Fact::InterestChanged(changed) => interests::apply(connection, changed).await,
            Fact::ProfileChanged(changed) => undiscoverable::apply(connection, changed).await,
            _ => Ok(()),
        }
    }
}
