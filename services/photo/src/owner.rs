use std::fmt;
use std::str::FromStr;

use contracts::AccountId;
use serde::Serialize;
use serving::Problem;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef, Postgres};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// Whose a photo is: `account:<id>` in the database and in JSON. A commission will be another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A person or an app.
    Account(AccountId),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => write!(f, "account:{account}"),
        }
    }
}

/// Text that is no owner.
#[derive(Debug, thiserror::Error)]
#[error("an owner is written `account:<id>`")]
pub struct InvalidOwner;

impl FromStr for Owner {
    type Err = InvalidOwner;

    fn from_str(text: &str) -> Result<Self, InvalidOwner> {
        let id = text.strip_prefix("account:").ok_or(InvalidOwner)?;
        id.parse().map(Self::Account).map_err(|_| InvalidOwner)
    }
}

impl Owner {
    /// Whose things are asked for in a query: `account:<id>`, or `me`, which needs somebody who is signed in.
    pub(crate) fn asked(asked: Option<&str>, myself: Option<Self>) -> Result<Option<Self>, Problem> {
        match asked {
            None => Ok(None),
            Some("me") => myself.map(Some).ok_or_else(|| Problem::unauthorized("Sign in to see what is yours.")),
            Some(owner) => owner.parse().map(Some).map_err(|_| Problem::bad_request("owner is `me` or `account:<id>`.")),
        }
    }
}

impl Serialize for Owner {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl sqlx::Type<Postgres> for Owner {
    fn type_info() -> PgTypeInfo {
        <String as sqlx::Type<Postgres>>::type_info()
    }

    fn compatible(column: &PgTypeInfo) -> bool {
        <String as sqlx::Type<Postgres>>::compatible(column)
    }
}

impl<'r> sqlx::Decode<'r, Postgres> for Owner {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(<&str as sqlx::Decode<'r, Postgres>>::decode(value)?.parse()?)
    }
}

impl utoipa::PartialSchema for Owner {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^account:[0-9]{1,19}$")).into()
    }
}

impl utoipa::ToSchema for Owner {}
