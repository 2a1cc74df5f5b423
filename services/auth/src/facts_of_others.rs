use contracts::Service;
use contracts::fact::{AccountForgotten, Fact};
use facts::Apply;
use sqlx::PgConnection;

use crate::store::erasures;

/// Whose facts auth hears: all who keep something of people, and have to forget it.
pub const PRODUCERS: [Service; 3] = [Service::Social, Service::Photo, Service::Relation];

/// Keeps who has forgotten whom.
pub(crate) struct FactsOfOthers;

impl Apply for FactsOfOthers {
    async fn apply(&self, connection: &mut PgConnection, facts: &[Fact]) -> sqlx::Result<()> {
        for fact in facts {
            match fact {
                Fact::AccountForgotten(AccountForgotten { account, service }) => {
                    erasures::forgotten(connection, *account, *service, PRODUCERS.len()).await?;
                }
                Fact::RelationChanged(_)
                | Fact::RelationHappened(_)
                | Fact::RelationEnded(_)
                | Fact::PhotoChanged(_)
                | Fact::PostNarrowed(_)
                | Fact::PhotosShown(_)
                | Fact::InterestChanged(_)
                | Fact::ProfileChanged(_)
                | Fact::AccountPosted(_)
                | Fact::AccountChanged(_)
                | Fact::AccountErased(_)
                | Fact::Unknown => {}
            }
        }
        Ok(())
    }
}
