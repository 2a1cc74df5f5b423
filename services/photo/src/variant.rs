use std::fmt;

use serde::Deserialize;

/// The pictures that there are of each photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// All the pixels, without what the camera wrote beside them.
    Original,
    /// At most 1600 pixels a side.
    Large,
    /// At most 800 pixels a side.
    Small,
    /// At most 400 pixels a side.
    Thumb,
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Original => "original",
            Self::Large => "large",
            Self::Small => "small",
            Self::Thumb => "thumb",
        })
    }
}
