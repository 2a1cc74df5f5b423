//! What is answered.

use contracts::PhotoId;
use contracts::id::AlbumId;
use contracts::photo::PhotoVisibility;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::license::License;
use crate::owner::Owner;
use crate::store::albums::AlbumRow;
use crate::store::photos::PhotoRow;
use crate::variant::Variant;

/// A photo, as its owner or, if it is public, anybody sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Photo)]
pub(crate) struct PhotoBody {
    id: PhotoId,
    /// The unguessable part of its addresses. New whenever the photo becomes private.
    key: String,
    owner: Owner,
    visibility: PhotoVisibility,
    title: String,
    /// What it shows, in words, for whoever cannot see it.
    alt: String,
    tags: Vec<String>,
    license: License,
    /// Whom to name, in the owner's words; empty, if they did not say.
    credit: String,
    /// How many other people show it.
    uses: i32,
    /// Its owner has left it to those who show it; nobody else may begin to.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    left: bool,
    /// Some of its files are lost. No list shows it to others; for its owner it is in all. It is gone after thirty days without its
    /// original, unless the files come back, or you upload the same picture again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    missing: bool,
    /// Pixels of the original.
    width: i32,
    /// Pixels of the original.
    height: i32,
    /// A placeholder in base64, see <https://evanw.github.io/thumbhash/>.
    thumbhash: String,
    /// What it is mostly of, such as `#a1b2c3`.
    color: String,
    /// The original moves; the smaller pictures are stills.
    animated: bool,
    created_at: Timestamp,
    urls: Urls,
    /// The change holds here, and not all services have heard of it yet (status 202).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pending: bool,
}

/// The addresses of a photo's pictures, on the host that answered. For a private photo, send its owner's token along.
#[derive(Serialize, ToSchema)]
pub(crate) struct Urls {
    thumb: String,
    small: String,
    large: String,
    original: String,
}

/// The address of a picture.
fn address(key: &str, variant: Variant) -> String {
    format!("/p/{key}/{variant}")
}

impl From<PhotoRow> for PhotoBody {
    fn from(row: PhotoRow) -> Self {
        let url = |variant: Variant| address(&row.key, variant);
        let urls =
            Urls { thumb: url(Variant::Thumb), small: url(Variant::Small), large: url(Variant::Large), original: url(Variant::Original) };
        Self {
            id: row.id,
            key: row.key,
            owner: row.owner,
            visibility: row.visibility,
            title: row.title,
            alt: row.alt,
            tags: row.tags,
            license: row.license,
            credit: row.credit,
            uses: row.uses,
            left: row.left,
            missing: row.missing,
            width: row.width,
            height: row.height,
            thumbhash: row.thumbhash,
            color: row.color,
            animated: row.animated,
            created_at: row.created_at,
            urls,
            pending: false,
        }
    }
}

impl PhotoBody {
    /// The same, saying whether some services have yet to hear of its change.
    pub(crate) fn pending(self, pending: bool) -> Self {
        Self { pending, ..self }
    }
}

/// Photos in an order.
#[derive(Serialize, ToSchema)]
#[schema(as = Album)]
pub(crate) struct AlbumBody {
    id: AlbumId,
    owner: Owner,
    title: String,
    /// A private one is there for its owner only.
    visibility: PhotoVisibility,
    /// How many photos you see in it; in a list of albums, how many of its first 60.
    photos: i64,
    /// The address of the first of them, as a thumbnail.
    #[serde(skip_serializing_if = "Option::is_none")]
    cover: Option<String>,
    created_at: Timestamp,
}

impl From<AlbumRow> for AlbumBody {
    fn from(row: AlbumRow) -> Self {
        let AlbumRow { id, owner, title, visibility, created_at, photos, cover } = row;
        let cover = cover.map(|key| address(&key, Variant::Thumb));
        Self { id, owner, title, visibility, photos, cover, created_at }
    }
}

/// What is answered where something is gone here and not everywhere yet.
#[derive(Serialize, ToSchema)]
pub(crate) struct Pending {
    /// Always true.
    pub(crate) pending: bool,
}
