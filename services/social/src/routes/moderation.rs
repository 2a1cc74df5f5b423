//! Reports, for administrators: what is open, what was said, and what is done about it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contracts::{AccountId, PostId};
use identity::Admin;
use serde::Deserialize;
use serving::{Json, Page, Paged, Path, Problem, ProblemDocument, Query, Result};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::cases::{Case, SeenReport, look};
use super::{Pending, deleted};
use crate::deletions::{self, Deletion};
use crate::store::acts::{self, Kind, NewAct};
use crate::store::moderation::{self, Decision, Subject};
use crate::store::{profiles, threads};
use crate::text::ReportNote;
use crate::{Social, State as Inner};

/// Which reports are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Open ones unless said.
    #[serde(default)]
    #[param(inline)]
    state: ReportState,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReportState {
    /// Nobody has decided.
    #[default]
    Open,
    /// An administrator has.
    Resolved,
}

/// Reports, the newest first; for administrators. Those about one thing stand there as one, the newest of them.
#[utoipa::path(get, path = "/v1/moderation/reports", operation_id = "list_reports", tag = "moderation", params(Which), responses(
    (status = 200, body = Paged<SeenReport>),
    (status = 403, body = ProblemDocument),
))]
pub(crate) async fn list(
    State(Social(social)): State<Social>,
    _: Admin,
    Query(Which { state }): Query<Which>,
    page: Page,
) -> Result<Paged<SeenReport>> {
    let ids = moderation::heads(&social.pool, matches!(state, ReportState::Open), &page).await?;
    let ids = page.cut(ids, |id| *id);
    let reports = moderation::by_ids(&social.pool, &ids.items).await?;
    Ok(ids.replace(reports.into_iter().map(SeenReport::from).collect()))
}

/// One report with what it is about, as it was and as it is, and the other reports of the same; for administrators.
#[utoipa::path(get, path = "/v1/moderation/reports/{id}", operation_id = "show_report", tag = "moderation", params(("id" = String, Path)), responses(
    (status = 200, body = Case),
    (status = 403, body = ProblemDocument),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn show(State(Social(social)): State<Social>, Admin(admin): Admin, Path(id): Path<i64>) -> Result<Json<Case>> {
    look(&social, admin.account, id).await.map(Json)
}

/// What is decided about a report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resolution {
    decision: Decision,
    /// Why: at most 1,000 characters, and at least one unless it is dismissed. Whose post is removed reads it.
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<ReportNote>,
}

/// Decide about a report and close it, with all that say the same of the same; who made them is told. `removed` removes the
/// post, as `PUT /v1/moderation/removals/{post}` does. Of two administrators at once one decides. For administrators.
#[utoipa::path(put, path = "/v1/moderation/reports/{id}/resolution", operation_id = "resolve_report", tag = "moderation", params(("id" = String, Path)), request_body = Resolution, responses(
    (status = 204),
    (status = 202, body = Pending, description = "The post is removed, and some services have yet to hear of it"),
    (status = 403, body = ProblemDocument),
    (status = 404, body = ProblemDocument),
    (status = 409, body = ProblemDocument, description = "It was decided otherwise, or the post is gone"),
    (status = 422, body = ProblemDocument),
))]
pub(crate) async fn resolve(
    State(Social(social)): State<Social>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Json(Resolution { decision, note }): Json<Resolution>,
) -> Result<Response> {
    let note = note.as_ref().map_or("", ReportNote::as_str);
    if decision != Decision::Dismissed && note.is_empty() {
        return Err(Problem::invalid("note", "say why"));
    }
    let mut tx = social.pool.begin().await?;
    let Subject { account, post, said } = moderation::subject(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    if let Some(post) = post {
        threads::lock_to_delete(&mut tx, post).await?;
    }
    moderation::lock(&mut tx, account, post).await?;
    if let Some(closed) = moderation::closed(&mut tx, id).await? {
        let same = closed.moderator == Some(admin.account) && closed.decision == Some(decision) && closed.note.as_deref() == Some(note);
        return match same {
            true => Ok(StatusCode::NO_CONTENT.into_response()),
            false => Err(Problem::conflict("already-resolved", "This report is closed. Look at what was decided.")),
        };
    }
    profiles::ensure(&mut tx, &admin).await?;
    let deletion = match (decision, post) {
        (Decision::Removed, Some(post)) => {
            let gone = || Problem::conflict("post-gone", "The post is gone already. Resolve this as `handled` or `dismissed`.");
            Some(remove(&mut tx, admin.account, post, note).await?.ok_or_else(gone)?)
        }
        (Decision::Removed, None) => {
            let elsewhere = "only a post can be removed: suspend the account with PUT /v1/accounts/{id}/suspension, then say `handled`";
            return Err(Problem::invalid("decision", elsewhere));
        }
        (Decision::Dismissed | Decision::Handled, _) => {
            let act = NewAct { account: Some(account), post, note, ..NewAct::of(admin.account, decision.into()) };
            let act = acts::insert(&mut tx, &act).await?;
            moderation::close(&mut tx, account, post, Some(&said), act).await?;
            None
        }
    };
    tx.commit().await?;
    Ok(decided(&social, deletion).await)
}

/// Why a post is removed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Removal {
    /// 1 to 1,000 characters. Its author reads them.
    #[schema(value_type = String, min_length = 1, max_length = 1000)]
    note: ReportNote,
}

/// Remove a post with all its comments, or a comment. Its author is told why, and every report of it is closed. Doing it again
/// changes nothing. For administrators.
#[utoipa::path(put, path = "/v1/moderation/removals/{post}", operation_id = "remove_post", tag = "moderation", params(("post" = PostId, Path)), request_body = Removal, responses(
    (status = 204),
    (status = 202, body = Pending, description = "It is removed, and some services have yet to hear of it"),
    (status = 403, body = ProblemDocument),
    (status = 404, body = ProblemDocument),
    (status = 422, body = ProblemDocument),
))]
pub(crate) async fn remove_post(
    State(Social(social)): State<Social>,
    Admin(admin): Admin,
    Path(post): Path<PostId>,
    Json(Removal { note }): Json<Removal>,
) -> Result<Response> {
    if note.as_str().is_empty() {
        return Err(Problem::invalid("note", "say why; its author will read it"));
    }
    let mut tx = social.pool.begin().await?;
    threads::lock_to_delete(&mut tx, post).await?;
    profiles::ensure(&mut tx, &admin).await?;
    let deletion = remove(&mut tx, admin.account, post, note.as_str()).await?;
    if deletion.is_none() && !acts::is_removed(&mut tx, post).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    Ok(decided(&social, deletion).await)
}

/// Deletes a post as its author would, notes who did it and why, tells the author and closes its reports. The thread must be
/// locked. Nothing if there is no such post.
async fn remove(tx: &mut PgConnection, moderator: AccountId, post: PostId, note: &str) -> Result<Option<Deletion>> {
    let Some(target) = moderation::target(tx, post).await? else { return Ok(None) };
    moderation::lock(tx, target.author, Some(post)).await?;
    let (account, said) = (Some(target.author), Some(target.said.as_str()));
    let act = NewAct { account, post: Some(post), note, said, ..NewAct::of(moderator, Kind::Removed) };
    let act = acts::insert(tx, &act).await?;
    let deletion = deletions::delete(tx, target.author, post).await?;
    moderation::tell_author(tx, target.author, act).await?;
    moderation::close(tx, target.author, Some(post), None, act).await?;
    Ok(deletion)
}

/// The answer when something was decided and, if so, deleted.
async fn decided(social: &Inner, deletion: Option<Deletion>) -> Response {
    match deletion {
        Some(deletion) => deleted(social, &deletion).await,
        None => StatusCode::NO_CONTENT.into_response(),
    }
}
