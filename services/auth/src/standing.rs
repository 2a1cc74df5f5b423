use serde::{Deserialize, Serialize};

/// May somebody sign in?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[sqlx(type_name = "text")]
pub(crate) enum Standing {
    /// Not yet: an administrator has to approve.
    Pending,
    /// Yes.
    Active,
    /// Not any more, until an administrator restores them.
    Suspended,
    /// Not without saying that they stay: they asked for everything to be erased, and soon it will be. Whoever was suspended
    /// besides is `Suspended` if they stay.
    Leaving,
}

impl Standing {
    /// As it is stored.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Active => "Active",
            Self::Suspended => "Suspended",
            Self::Leaving => "Leaving",
        }
    }
}
