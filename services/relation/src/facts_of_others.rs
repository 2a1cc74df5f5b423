use std::collections::BTreeSet;

use audience::accounts;
use contracts::fact::Fact;
use facts::Apply;
use sqlx::PgConnection;

use crate::store::{interests, postings, undiscoverable};

/// What relation does with the facts of auth and of social: it keeps who is hidden, who follows which tags, who does not want to be
/// found and when somebody last wrote for everybody, and begins to forget who is erased.
pub(crate) struct FactsOfOthers;

impl Apply for FactsOfOthers {
    async fn apply(&self, connection: &mut PgConnection, facts: &[Fact]) -> sqlx::Result<()> {
        // Together and in one order, as auth erases them: one after the other they could wait for each other.
        let writers = facts.iter().filter_map(|fact| if let Fact::AccountPosted(posted) = fact { Some(posted.account) } else { None });
        let writers: BTreeSet<_> = writers.collect();
        if !writers.is_empty() {
            accounts::gone(connection, &writers).await?;
        }
        for fact in facts {
            match fact {
                Fact::AccountChanged(changed) => accounts::apply(connection, changed).await?,
                Fact::AccountErased(erased) => accounts::erase(connection, erased.account).await?,
                Fact::InterestChanged(changed) => interests::apply(connection, changed).await?,
                Fact::ProfileChanged(changed) => undiscoverable::apply(connection, changed).await?,
                Fact::AccountPosted(posted) => postings::apply(connection, posted).await?,
                _ => {}
            }
        }
        Ok(())
    }
}
