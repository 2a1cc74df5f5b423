use contracts::PhotoId;
use contracts::photo::PhotoVisibility;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::owner::Owner;
use crate::store::photos::PhotoRow;
use crate::variant::Variant;

/// A photo, as its owner or, if it is public, anybody sees it.
#[derive(Serialize, ToSchema)]
pub struct Photo {
    id: PhotoId,
    /// The unguessable part of its addresses. New whenever the photo becomes private.
    key: String,
    owner: Owner,
    visibility: PhotoVisibility,
    title: String,
    /// What it shows, in words, for whoever cannot see it.
    alt: String,
    tags: Vec<String>,
    /// Pixels of the original.
    width: i32,
    /// Pixels of the original.
    height: i32,
    /// A placeholder in base64, see <https://evanw.github.io/thumbhash/>.
    thumbhash: String,
    created_at: Timestamp,
    urls: Urls,
    /// The change holds here, and not all services have heard of it yet (status 202).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pending: bool,
}

/// The addresses of a photo's pictures, on the host that answered. For a private photo, send its owner's token along.
#[derive(Serialize, ToSchema)]
pub struct Urls {
    thumb: String,
    large: String,
    original: String,
}

impl From<PhotoRow> for Photo {
    fn from(row: PhotoRow) -> Self {
        let PhotoRow { id, owner, key, visibility, title, alt, tags, width, height, thumbhash, created_at } = row;
        let url = |variant: Variant| format!("/p/{key}/{variant}");
        let urls = Urls { thumb: url(Variant::Thumb), large: url(Variant::Large), original: url(Variant::Original) };
        Self { id, key, owner, visibility, title, alt, tags, width, height, thumbhash, created_at, urls, pending: false }
    }
}

impl Photo {
    /// The same, saying whether some services have yet to hear of its change.
    pub(crate) fn pending(self, pending: bool) -> Self {
        Self { pending, ..self }
    }
}
