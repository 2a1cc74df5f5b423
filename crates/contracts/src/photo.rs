//! What social asks of photo, and what it may keep of a photo: text and links, never bytes.

use serde::{Deserialize, Serialize};

use crate::{AccountId, PhotoId};

/// The path of [`UsableRequest`] on photo's private port.
pub const USABLE: &str = "/internal/photos/usable";

/// Who may see a photo by itself. There is nothing between: a private one is seen through what shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum PhotoVisibility {
    /// Everybody.
    Public,
    /// The owner, and who holds a grant of the service that shows it.
    Private,
}

/// What a service that shows a photo keeps of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoState {
    /// The unguessable part of its address, new at each privatization.
    pub key: String,
    /// Who may see it by itself.
    pub visibility: PhotoVisibility,
    /// What it shows, in words.
    pub alt: String,
    /// Pixels of the largest variant.
    pub width: i32,
    /// Pixels of the largest variant.
    pub height: i32,
    /// A placeholder of some 25 bytes in base64, see <https://evanw.github.io/thumbhash/>.
    pub thumbhash: String,
}

/// "May this author use these?" One call for all the photos of a post. Photo takes note that they do: their owners see it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsableRequest {
    /// Who wants to show them.
    pub author: AccountId,
    /// Which.
    pub photos: Vec<PhotoId>,
}

/// A photo that the author may show: their own, or a public one.
#[derive(Debug, Serialize, Deserialize)]
pub struct UsablePhoto {
    /// Which.
    pub id: PhotoId,
    /// Whose.
    pub owner: AccountId,
    /// What to keep of it.
    #[serde(flatten)]
    pub state: PhotoState,
}

/// The usable ones, in the order asked. One that is missing here does not exist for the author.
#[derive(Debug, Serialize, Deserialize)]
pub struct UsableResponse {
    /// The usable ones.
    pub photos: Vec<UsablePhoto>,
}
