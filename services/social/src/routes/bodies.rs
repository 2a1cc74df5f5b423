//! What is answered.

use audience::Visibility;
use contracts::{AccountId, PhotoId, PostId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::entities::Entity;
use crate::store;
use crate::store::profiles::Field;

/// Who wrote something.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Author {
    pub(crate) id: AccountId,
    pub(crate) handle: String,
    pub(crate) display_name: String,
    /// The address of the picture, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) picture: Option<String>,
}

impl Author {
    pub(crate) fn new(id: AccountId, handle: String, display_name: String, picture_key: Option<&str>) -> Self {
        Self { id, handle, display_name, picture: picture_key.map(thumb) }
    }
}

/// A profile.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Profile {
    #[serde(flatten)]
    pub(crate) author: Author,
    pub(crate) bio: String,
    pub(crate) pronouns: String,
    /// In the order that their owner chose.
    pub(crate) fields: Vec<Field>,
    /// The address of the header picture, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) header: Option<String>,
    /// May be found by search and suggested to others.
    pub(crate) discoverable: bool,
    /// Posts that everybody may see, comments not counted.
    pub(crate) posts_count: i32,
}

impl From<store::profiles::Profile> for Profile {
    fn from(profile: store::profiles::Profile) -> Self {
        Self {
            author: Author::new(profile.id, profile.handle, profile.display_name, profile.picture_key.as_deref()),
            bio: profile.bio,
            pronouns: profile.pronouns,
            fields: profile.fields.0,
            header: profile.header_key.map(|key| address(&key, "large", None)),
            discoverable: profile.discoverable,
            posts_count: profile.posts_count,
        }
    }
}

/// A short list that has no pages.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
}

/// A post, or a comment on one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Post {
    pub(crate) id: PostId,
    pub(crate) author: Author,
    pub(crate) text: String,
    /// What to show instead of the text and the photos, until the reader wants to see them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) content_warning: String,
    /// The primary subtag of BCP 47, such as `en`, if the author said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<String>,
    /// People, tags and links in the text, in its order.
    pub(crate) entities: Vec<Entity>,
    /// The custom emoji in the text and the content warning that are on, up to fifty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) emojis: Vec<NamedEmoji>,
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
    /// When the text, the photos or what belongs to them were last changed, if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) edited_at: Option<Timestamp>,
    pub(crate) photos: Vec<Photo>,
    pub(crate) reactions: Vec<Reaction>,
    /// Answers to this very post or comment, without those of whom you block or who block you.
    pub(crate) comments_count: i32,
    /// It is among your bookmarks.
    pub(crate) bookmarked: bool,
    /// Its author's account is erased, and with it what the post said. It is there because others have answered it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) erased: bool,
}

/// A photo in a post.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Photo {
    pub(crate) id: PhotoId,
    /// What it shows, in words.
    pub(crate) alt: String,
    pub(crate) width: i32,
    pub(crate) height: i32,
    /// A placeholder in base64, see <https://evanw.github.io/thumbhash/>.
    pub(crate) thumbhash: String,
    /// Whose it is: `account:<id>`. Not always who posted it.
    pub(crate) owner: String,
    /// What others may do with it: an identifier of SPDX, or `all-rights-reserved`. This, `credit` and `animated` may be missing
    /// of what was posted before the platform knew them, for a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) license: Option<String>,
    /// Whom to name, in the owner's words; empty, if they did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credit: Option<String>,
    /// The original moves; the smaller pictures are stills.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) animated: Option<bool>,
    pub(crate) urls: Urls,
}

impl Photo {
    /// A private photo needs a grant, unless it is the reader's own.
    pub(crate) fn new(photo: store::photos::Shown, grant: Option<&str>) -> Self {
        Self {
            id: photo.id,
            alt: photo.alt,
            width: photo.width,
            height: photo.height,
            thumbhash: photo.thumbhash,
            owner: format!("account:{}", photo.owner),
            license: photo.license,
            credit: photo.credit,
            animated: photo.animated,
            urls: Urls::new(&photo.key, grant),
        }
    }
}

/// Where the bytes are. Addresses of a private photo carry a grant for you, good for five minutes: send your access token
/// with them, and ask for the post again when they have gone stale.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Urls {
    pub(crate) thumb: String,
    pub(crate) small: String,
    pub(crate) large: String,
    pub(crate) original: String,
}

impl Urls {
    pub(crate) fn new(key: &str, grant: Option<&str>) -> Self {
        let url = |variant| address(key, variant, grant);
        Self { thumb: url("thumb"), small: url("small"), large: url("large"), original: url("original") }
    }
}

/// Relative to the platform, whatever name the reader knows it by.
fn address(key: &str, variant: &str, grant: Option<&str>) -> String {
    match grant {
        Some(grant) => format!("/p/{key}/{variant}?grant={grant}"),
        None => format!("/p/{key}/{variant}"),
    }
}

/// The address of a public picture as it is shown small.
pub(crate) fn thumb(key: &str) -> String {
    address(key, "thumb", None)
}

/// A custom emoji that a text names.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NamedEmoji {
    /// As it stands in the text, but in small letters: `:cat:`.
    pub(crate) emoji: String,
    /// The address of its picture.
    pub(crate) picture: String,
}

/// How often an emoji stands under a post, without the reactions of whom you block or who block you.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Reaction {
    /// One of Unicode, or the name of a custom one, such as `:cat:`.
    pub(crate) emoji: String,
    /// The address of the picture of a custom emoji; missing when that is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) picture: Option<String>,
    pub(crate) count: i32,
    /// One of them is yours.
    pub(crate) mine: bool,
}

/// When an id was made: its upper 48 bits are Unix milliseconds.
pub(crate) fn made_at(id: i64) -> Timestamp {
    Timestamp::from_millisecond(id >> 16).unwrap_or(Timestamp::UNIX_EPOCH)
}
