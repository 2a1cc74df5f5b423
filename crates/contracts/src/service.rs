use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The services of the platform. The name is also the role of the executable, the schema and the database role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Accounts, sign-in and tokens.
    Auth,
    /// Profiles, posts, comments, reactions and timelines.
    Social,
    /// Photos and their bytes.
    Photo,
    /// Who follows and who blocks whom.
    Relation,
}

impl Service {
    /// Every service, in the order in which they are migrated.
    pub const ALL: [Self; 4] = [Self::Auth, Self::Relation, Self::Photo, Self::Social];

    /// The lower-case name used for the role, the schema, URLs and telemetry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Social => "social",
            Self::Photo => "photo",
            Self::Relation => "relation",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no service's.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no service; the services are auth, social, photo and relation")]
pub struct UnknownService(String);

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|service| service.name() == name).ok_or_else(|| UnknownService(name.to_owned()))
    }
}
