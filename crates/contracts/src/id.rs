//! Ids: 64-bit numbers made by the database, strings in JSON.
//!
//! JavaScript's numbers lose digits above 2^53, so an id is a string wherever it leaves the process. The upper 48 bits
//! are Unix milliseconds, so ids sort by time; they are never a secret and never a delivery cursor.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Text that is not an id.
#[derive(Debug, thiserror::Error)]
#[error("an id is a positive decimal number of at most 19 digits, as a string")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                match text.parse() {
                    Ok(id) if id > 0 && digits => Ok(Self(id)),
                    _ => Err(InvalidId),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some("^[0-9]{1,19}$"))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

id!(
    /// A person or an app that signs in; made by auth.
    AccountId
);
id!(
    /// A post or a comment; made by social.
    PostId
);
id!(
    /// A tag, wherever its text may not go; made by social.
    TagId
);
id!(
    /// A photo; made by photo.
    PhotoId
);
id!(
    /// An album of photos; made by photo.
    AlbumId
);
id!(
    /// Somebody's use of another's photo; made by photo.
    UseId
);
id!(
    /// An upload in pieces, or one straight to the store; made by photo.
    UploadId
);
id!(
    /// A sign-in, from the password to the sign-out; made by auth.
    SessionId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_string_in_json() {
        let id = PostId(i64::MAX);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"9223372036854775807\"");
        assert_eq!(serde_json::from_str::<PostId>(&json).unwrap(), id);
    }

    #[test]
    fn what_is_no_positive_number_is_no_id() {
        for text in ["", "0", "-1", "+1", " 1", "1e3", "9223372036854775808", "abc"] {
            assert!(text.parse::<PostId>().is_err(), "{text:?}");
        }
        assert!(serde_json::from_str::<PostId>("12").is_err());
    }
}
