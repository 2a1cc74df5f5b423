//! Who may see.
//!
//! The rule stands here once as [`may_see`] and once as the SQL function of the same name in
//! `migrations/rule_planned_once.sql`, which every query that lists anything asks. `tests/agreement.rs` holds the two against
//! each other.
//!
//! A mute is no part of it: what one mutes one may still see, and lists leave it out with the SQL function `muted`.
//!
//! It asks a local copy of [how people stand to each other](relations).
//!
//! Whoever is suspended, or leaves, is seen by nobody: each service keeps [who is hidden](accounts), and
//! [forgets](forgetting) whom auth has erased.

pub mod accounts;
pub mod forgetting;
pub mod owed;
pub mod relations;

use serde::{Deserialize, Serialize};

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
    /// Who follows the author, and the author's friends.
    Followers,
    /// The author's friends.
    Friends,
    /// Who is mentioned.
    Direct,
}

impl Visibility {
    /// All of them, the widest first.
    pub const ALL: [Self; 5] = [Self::Public, Self::Unlisted, Self::Followers, Self::Friends, Self::Direct];
}

/// How a viewer stands to an author, and to what the author shows. All `false` is a visitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// They are the same.
    pub author: bool,
    /// The viewer follows the author.
    pub follows: bool,
    /// The two are friends.
    pub friends: bool,
    /// The viewer is mentioned in it.
    pub mentioned: bool,
    /// Either blocks the other.
    pub severed: bool,
    /// The author is hidden from everybody, themself included.
    pub hidden: bool,
}

/// May someone of this standing see what its author shows to `visibility`? A mention counts for direct posts alone: it
/// must not carry a post to somebody whom its author did not choose.
pub fn may_see(visibility: Visibility, viewer: Standing) -> bool {
    match viewer {
        Standing { hidden: true, .. } => false,
        Standing { author: true, .. } => true,
        Standing { severed: true, .. } => false,
        Standing { follows, friends, mentioned, .. } => match visibility {
            Visibility::Public | Visibility::Unlisted => true,
            Visibility::Followers => follows || friends,
            Visibility::Friends => friends,
            Visibility::Direct => mentioned,
        },
    }
}
