//! What is answered.

use audience::Visibility;
use contracts::{AccountId, PhotoId, PostId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store;

/// Who wrote something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Author {
    pub(crate) id: AccountId,
    pub(crate) handle: String,
    pub(crate) display_name: String,
    /// The address of the picture, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) picture: Option<String>,
}

/// A profile.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Profile {
    #[serde(flatten)]
    pub(crate) author: Author,
    pub(crate) bio: String,
}

impl From<store::profiles::Profile> for Profile {
    fn from(profile: store::profiles::Profile) -> Self {
        let picture = profile.picture_key.map(|key| address(&key, "thumb", None));
        let author = Author { id: profile.id, handle: profile.handle, display_name: profile.display_name, picture };
        Self { author, bio: profile.bio }
    }
}

/// A post, or a comment on one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Post {
    pub(crate) id: PostId,
    pub(crate) author: Author,
    pub(crate) text: String,
    /// A comment has that of the post it hangs on.
    pub(crate) visibility: Visibility,
    /// What a comment answers; gone when that was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<PostId>,
    /// The post that a comment's thread hangs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) root: Option<PostId>,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
    pub(crate) photos: Vec<Photo>,
    pub(crate) reactions: Vec<Reaction>,
    /// Answers to this very post or comment.
    pub(crate) comments_count: i32,
}

/// A photo in a post.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Photo {
    pub(crate) id: PhotoId,
    /// What it shows, in words.
    pub(crate) alt: String,
    pub(crate) width: i32,
    pub(crate) height: i32,
    /// A placeholder in base64, see <https://evanw.github.io/thumbhash/>.
    pub(crate) thumbhash: String,
    pub(crate) urls: Urls,
}

/// Where the bytes are. Addresses of a private photo carry a grant for you, good for five minutes: send your access token
/// with them, and ask for the post again when they have gone stale.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Urls {
    pub(crate) thumb: String,
    pub(crate) large: String,
    pub(crate) original: String,
}

impl Urls {
    pub(crate) fn new(key: &str, grant: Option<&str>) -> Self {
        Self { thumb: address(key, "thumb", grant), large: address(key, "large", grant), original: address(key, "original", grant) }
    }
}

/// Relative to the platform, whatever name the reader knows it by.
fn address(key: &str, variant: &str, grant: Option<&str>) -> String {
    match grant {
        Some(grant) => format!("/p/{key}/{variant}?grant={grant}"),
        None => format!("/p/{key}/{variant}"),
    }
}

/// How often an emoji stands under a post.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reaction {
    pub(crate) emoji: String,
    pub(crate) count: i32,
    /// One of them is yours.
    pub(crate) mine: bool,
}

/// When an id was made: its upper 48 bits are Unix milliseconds.
pub(crate) fn made_at(id: i64) -> Timestamp {
    Timestamp::from_millisecond(id >> 16).unwrap_or(Timestamp::UNIX_EPOCH)
}
