use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the platform is kept in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModerationSpec {
    /// The e-mail address of whoever keeps order, such as `moderators@example.org`: everybody reads it, on the page to sign in on and
    /// at `GET /v1/platform`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 320), regex(pattern = r"^[^\s@<>]+@[^\s@<>]+$"))]
    pub contact: Option<String>,

    /// The rules, a line of text each, in their order. They are shown in the same places.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32), inner(length(min = 1, max = 500), regex(pattern = r"^\S[^\r\n]*$")))]
    pub rules: Option<Vec<String>>,

    /// Handles that only administrators may take, beside those that nobody may, such as `admin`. Who has one keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), inner(length(min = 3, max = 30), regex(pattern = r"^[a-z0-9_]+$")))]
    pub reserved_handles: Option<Vec<String>>,
}
