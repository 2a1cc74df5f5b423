//! Facts: what one service tells the others through its outbox, after it became true.
//!
//! A fact carries ids and the state that holds now, never text of people and never a difference, so that applying one
//! twice changes nothing.

use serde::{Deserialize, Serialize};

use crate::photo::PhotoState;
use crate::{AccountId, PhotoId, PostId};

/// Everything that is told. The tag is the name used in metrics, spans and the table of parked facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Fact {
    /// Told by relation.
    #[serde(rename = "relation.changed")]
    RelationChanged(RelationChanged),
    /// Told by photo.
    #[serde(rename = "photo.changed")]
    PhotoChanged(PhotoChanged),
    /// Told by social.
    #[serde(rename = "post.narrowed")]
    PostNarrowed(PostNarrowed),
}

impl Fact {
    /// The tag, for labels.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RelationChanged(_) => "relation.changed",
            Self::PhotoChanged(_) => "photo.changed",
            Self::PostNarrowed(_) => "post.narrowed",
        }
    }
}

/// How one person stands to another, now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationChanged {
    /// Who follows or blocks.
    pub actor: AccountId,
    /// Whom.
    pub target: AccountId,
    /// The actor follows the target.
    pub follows: bool,
    /// The actor blocks the target.
    pub blocks: bool,
    /// One of the two now sees less of the other than before.
    pub severed: bool,
}

/// A photo changed its state or is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoChanged {
    /// Which.
    pub photo: PhotoId,
    /// Whose.
    pub owner: AccountId,
    /// What holds now; `None` when it is deleted.
    pub state: Option<PhotoState>,
}

/// A post is deleted, or shown to fewer than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostNarrowed {
    /// Which.
    pub post: PostId,
    /// Whose.
    pub author: AccountId,
}
