use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What others may do with a photo: a Creative Commons license by its SPDX identifier, or nothing without asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[sqlx(type_name = "text")]
pub enum License {
    /// Nothing but what the law allows, and to show it here.
    #[default]
    #[serde(rename = "all-rights-reserved")]
    #[sqlx(rename = "all-rights-reserved")]
    AllRightsReserved,
    /// Anything.
    #[serde(rename = "CC0-1.0")]
    #[sqlx(rename = "CC0-1.0")]
    Cc0,
    /// Anything, with credit.
    #[serde(rename = "CC-BY-4.0")]
    #[sqlx(rename = "CC-BY-4.0")]
    CcBy,
    /// With credit, under the same license.
    #[serde(rename = "CC-BY-SA-4.0")]
    #[sqlx(rename = "CC-BY-SA-4.0")]
    CcBySa,
    /// With credit, not for money.
    #[serde(rename = "CC-BY-NC-4.0")]
    #[sqlx(rename = "CC-BY-NC-4.0")]
    CcByNc,
    /// With credit, not for money, under the same license.
    #[serde(rename = "CC-BY-NC-SA-4.0")]
    #[sqlx(rename = "CC-BY-NC-SA-4.0")]
    CcByNcSa,
    /// With credit, unchanged.
    #[serde(rename = "CC-BY-ND-4.0")]
    #[sqlx(rename = "CC-BY-ND-4.0")]
    CcByNd,
    /// With credit, not for money, unchanged.
    #[serde(rename = "CC-BY-NC-ND-4.0")]
    #[sqlx(rename = "CC-BY-NC-ND-4.0")]
    CcByNcNd,
}

impl License {
    /// Each of them.
    pub const ALL: [Self; 8] =
        [Self::AllRightsReserved, Self::Cc0, Self::CcBy, Self::CcBySa, Self::CcByNc, Self::CcByNcSa, Self::CcByNd, Self::CcByNcNd];

    /// Its identifier.
    pub const fn id(self) -> &'static str {
        match self {
            Self::AllRightsReserved => "all-rights-reserved",
            Self::Cc0 => "CC0-1.0",
            Self::CcBy => "CC-BY-4.0",
            Self::CcBySa => "CC-BY-SA-4.0",
            Self::CcByNc => "CC-BY-NC-4.0",
            Self::CcByNcSa => "CC-BY-NC-SA-4.0",
            Self::CcByNd => "CC-BY-ND-4.0",
            Self::CcByNcNd => "CC-BY-NC-ND-4.0",
        }
    }

    /// The license with this identifier.
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|license| license.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_license_is_its_identifier_everywhere() {
        for license in License::ALL {
            assert_eq!(serde_json::to_value(license).unwrap(), license.id());
            assert_eq!(License::find(license.id()), Some(license));
        }
        assert_eq!(License::find("MIT"), None);
    }
}
