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
    /// What belongs beside it. `None` where a version tells that did not tell it yet: then what was told before holds.
    #[serde(flatten)]
    pub details: Option<PhotoDetails>,
}

/// What belongs beside a photo wherever it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoDetails {
    /// What others may do with it: an identifier of SPDX, or `all-rights-reserved`.
    pub license: String,
    /// Whom to name, in the owner's words; empty, if they did not say.
    pub credit: String,
    /// The original moves; the smaller pictures are stills.
    pub animated: bool,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_older_version_tells_can_be_read() {
        let mut told = json!({
            "id": "7", "owner": "5", "key": "k", "visibility": "public", "alt": "", "width": 1, "height": 1, "thumbhash": "t"
        });
        let photo: UsablePhoto = serde_json::from_value(told.clone()).unwrap();
        assert_eq!(photo.state.details, None);
        assert_eq!(serde_json::to_value(&photo).unwrap(), told);
        told["license"] = json!("CC-BY-4.0");
        told["credit"] = json!("Ada Lovelace");
        told["animated"] = json!(true);
        let photo: UsablePhoto = serde_json::from_value(told.clone()).unwrap();
        assert!(photo.state.details.as_ref().is_some_and(|details| details.animated && details.credit == "Ada Lovelace"));
        assert_eq!(serde_json::to_value(&photo).unwrap(), told);
    }
}
