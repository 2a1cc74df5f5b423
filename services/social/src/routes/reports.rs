//! Telling whoever keeps the house that something is wrong.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use contracts::{AccountId, PostId};
use identity::Viewer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serving::{Attempt, Create, Idempotency, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use super::bodies::made_at;
use crate::store::profiles;
use crate::store::reports::{self, Reason};
use crate::text::ReportNote;
use crate::{Social, State as Inner};

/// Open reports of one person.
const MOST_OPEN: i64 = 100;

/// What is wrong.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReport {
    reason: Reason,
    /// At most 1,000 characters.
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<ReportNote>,
}

/// A report of yours.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Report {
    id: String,
    reason: Reason,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// What a report is about.
enum About {
    Post(PostId),
    Person(AccountId),
}

/// Report a post or a comment. What it says now is kept with the report; its author is not told.
#[utoipa::path(post, path = "/v1/posts/{id}/reports", operation_id = "report_post", tag = "reports", params(("id" = PostId, Path)), request_body = NewReport, responses(
    (status = 201, body = Report),
    (status = 404, body = ProblemDocument),
    (status = 409, body = ProblemDocument, description = "Your last report of it, or 100 of yours, are still open"),
    (status = 422, body = ProblemDocument),
))]
pub(crate) async fn post(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Path(id): Path<PostId>,
    Create { body, idempotency }: Create<NewReport>,
) -> Result<Response> {
    report(&social, &viewer, About::Post(id), &body, idempotency).await
}

/// Report a person, be it one whom you block. They are not told.
#[utoipa::path(post, path = "/v1/profiles/{id}/reports", operation_id = "report_profile", tag = "reports", params(("id" = AccountId, Path)), request_body = NewReport, responses(
    (status = 201, body = Report),
    (status = 404, body = ProblemDocument),
    (status = 409, body = ProblemDocument, description = "Your last report of them, or 100 of yours, are still open"),
    (status = 422, body = ProblemDocument),
))]
pub(crate) async fn profile(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Path(id): Path<AccountId>,
    Create { body, idempotency }: Create<NewReport>,
) -> Result<Response> {
    report(&social, &viewer, About::Person(id), &body, idempotency).await
}

async fn report(social: &Inner, viewer: &Viewer, about: About, body: &NewReport, idempotency: Idempotency) -> Result<Response> {
    let note = body.note.as_ref().map_or("", ReportNote::as_str);
    if body.reason == Reason::Other && note.is_empty() {
        return Err(Problem::invalid("note", "say what is wrong"));
    }
    let mut attempt = match idempotency.begin(&social.pool, viewer.account).await? {
        Attempt::Replayed(response) => return Ok(response),
        Attempt::Fresh(attempt) => attempt,
    };
    let (subject, post) = match about {
        About::Post(id) => (reports::post(&mut attempt, viewer.account, id).await?, Some(id)),
        About::Person(id) => (reports::person(&mut attempt, viewer.account, id).await?, None),
    };
    let subject = subject.ok_or_else(Problem::not_found)?;
    if subject.account == viewer.account {
        return Err(Problem::unprocessable("This is your own: change it, or delete it."));
    }
    profiles::ensure(&mut attempt, viewer).await?;
    if reports::count_open(&mut attempt, viewer.account).await? >= MOST_OPEN {
        return Err(Problem::conflict(
            "too-many-reports",
            format!("{MOST_OPEN} reports of yours are still open. Wait until somebody has looked at them."),
        ));
    }
    let id = reports::insert(&mut attempt, viewer.account, &subject, post, body.reason, note).await?;
    attempt.finish(StatusCode::CREATED, &Report { id: id.to_string(), reason: body.reason, created_at: made_at(id) }).await
}
