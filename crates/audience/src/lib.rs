//! Who may see.
//!
//! The rule stands here once as [`may_see`] and once as the SQL function of the same name in
//! `migrations/audience.sql`, which every query that lists anything asks. `tests/agreement.rs` holds the two against
//! each other.

use contracts::AccountId;
use contracts::fact::RelationChanged;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

/// For whom a post is. A comment has none of its own: it is for those who see its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody, in every list.
    #[default]
    Public,
    /// Everybody who has the address or follows the author; not in public lists.
    Unlisted,
    /// Who follows the author.
    Followers,
}

impl Visibility {
    /// All of them, the widest first.
    pub const ALL: [Self; 3] = [Self::Public, Self::Unlisted, Self::Followers];
}

/// How a viewer stands to an author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// They are the same.
    pub author: bool,
    /// The viewer follows the author.
    pub follows: bool,
    /// Either blocks the other.
    pub severed: bool,
}

/// May someone of this standing see what its author shows to `visibility`?
pub fn may_see(visibility: Visibility, viewer: Standing) -> bool {
    match viewer {
        Standing { author: true, .. } => true,
        Standing { severed: true, .. } => false,
        Standing { follows, .. } => match visibility {
            Visibility::Public | Visibility::Unlisted => true,
            Visibility::Followers => follows,
        },
    }
}

/// Keeps the local copy: sets what a fact of relation says.
pub async fn apply(connection: &mut PgConnection, changed: &RelationChanged) -> sqlx::Result<()> {
    let RelationChanged { actor, target, follows, blocks, severed: _ } = changed;
    keep(connection, *actor, *target, *follows, *blocks).await
}

async fn keep(connection: &mut PgConnection, actor: AccountId, target: AccountId, follows: bool, blocks: bool) -> sqlx::Result<()> {
    let statement = match follows || blocks {
        true => {
            "insert into relations (actor, target, follows, blocks) values ($1, $2, $3, $4)
             on conflict (actor, target) do update set follows = excluded.follows, blocks = excluded.blocks"
        }
        false => "delete from relations where actor = $1 and target = $2 and not ($3 or $4)",
    };
    sqlx::query(statement).bind(actor).bind(target).bind(follows).bind(blocks).execute(connection).await.map(drop)
}
