//! What administrators did, for administrators.

use axum::extract::State;
use contracts::{AccountId, PostId};
use identity::Admin;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serving::{Page, Paged, ProblemDocument, Query, Result};
use utoipa::{IntoParams, ToSchema};

use super::bodies::made_at;
use super::cases::Known;
use crate::Social;
use crate::store::acts::{self, Kind};

/// Something that an administrator did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModerationAct {
    id: String,
    moderator: Known,
    kind: Kind,
    /// Whom it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountId>,
    /// Which post or comment of theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    post: Option<PostId>,
    /// Why.
    note: String,
    /// What a post that was removed said.
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<String>,
    /// Which custom emoji it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<acts::Act> for ModerationAct {
    fn from(act: acts::Act) -> Self {
        Self {
            id: act.id.to_string(),
            moderator: Known { id: act.moderator, handle: act.moderator_handle },
            kind: act.kind,
            account: act.account,
            post: act.post,
            note: act.note,
            said: act.said,
            emoji: act.emoji,
            created_at: made_at(act.id),
        }
    }
}

/// Which acts are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SoughtActs {
    /// About one account.
    #[param(value_type = Option<String>)]
    account: Option<AccountId>,
}

/// What administrators did about what people wrote, the last first; for administrators. It is kept.
#[utoipa::path(get, path = "/v1/moderation/acts", operation_id = "list_moderation_acts", tag = "moderation", params(SoughtActs), responses(
    (status = 200, body = Paged<ModerationAct>),
    (status = 403, body = ProblemDocument),
))]
pub(crate) async fn list(
    State(Social(social)): State<Social>,
    _: Admin,
    Query(SoughtActs { account }): Query<SoughtActs>,
    page: Page,
) -> Result<Paged<ModerationAct>> {
    let acts = acts::list(&social.pool, account, &page).await?;
    Ok(page.cut(acts, |act| act.id).map(ModerationAct::from))
}
