//! Taking lists of people along, and bringing them back.

use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::AccountId;
use identity::Viewer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serving::{Json, Path, Problem, ProblemDocument, Query, Result};
use utoipa::{IntoParams, ToSchema};

use super::{blocks, follows, heard, mutes};
use crate::csv::{self, Line};
use crate::store::lists::List;
use crate::store::mutes::End;
use crate::store::{exports, people};
use crate::{Relation, State as Inner};

/// Lines of one request: each is a change like any other, in a transaction of its own.
const AT_ONCE: usize = 1_000;
/// When none is begun any more, well before the request would be given up.
const ENOUGH: Duration = Duration::from_secs(10);

/// A list that can be taken along.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Portable {
    /// Whom you follow.
    Following,
    /// Whom you block.
    Blocks,
    /// Whom you mute.
    Mutes,
}

/// What has come of an import.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Imported {
    /// Lines that hold now, those that held before included.
    done: usize,
    /// Lines whose people have to approve you first.
    requested: usize,
    /// Lines of which nothing has come.
    refused: Vec<RefusedLine>,
    /// Some service has yet to hear of it.
    pending: bool,
    /// The last line that was looked at, if there are more: send the list again, with this as `after`.
    after: Option<usize>,
}

/// Where to go on with a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GoOn {
    /// After which line, as the answer to those before says it.
    after: Option<usize>,
}

/// A line of which nothing has come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedLine {
    /// Which, counted from 1.
    line: usize,
    /// Why.
    detail: &'static str,
}

/// One of your lists as CSV, in the columns of Mastodon and `Account id`, and of mutes `Until`.
#[utoipa::path(get, path = "/v1/relations/csv/{list}", tag = "csv", params(("list" = Portable, Path)), responses(
    (status = 200, body = String, content_type = "text/csv"),
))]
pub(crate) async fn export(State(Relation(relation)): State<Relation>, viewer: Viewer, Path(list): Path<Portable>) -> Result<Response> {
    let (of, file) = match list {
        Portable::Following => (List::Following, "attachment; filename=\"following.csv\""),
        Portable::Blocks => (List::Blocks, "attachment; filename=\"blocks.csv\""),
        Portable::Mutes => (List::Mutes, "attachment; filename=\"mutes.csv\""),
    };
    let people = exports::all(&relation.pool, of, viewer.account).await?;
    let text = csv::write(&people, matches!(list, Portable::Mutes));
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, file)], text).into_response())
}

/// Follow, block or mute everybody on a list: CSV of ours or of Mastodon, up to 7,500 lines and 512 KiB. It adds to what is
/// there; importing the same again changes nothing. Up to 1,000 lines are done at once: where some are left, the answer says
/// `after` which line to go on. Accounts of other servers are refused: there are none here.
#[utoipa::path(post, path = "/v1/relations/csv/{list}", tag = "csv", params(("list" = Portable, Path), GoOn),
    request_body(content = String, content_type = "text/csv"), responses(
    (status = 200, body = Imported),
    (status = 202, body = Imported, description = "Some service has yet to hear of it"),
    (status = 422, body = ProblemDocument, description = "Not text, or too many lines"),
))]
pub(crate) async fn import(
    State(Relation(relation)): State<Relation>,
    viewer: Viewer,
    Path(list): Path<Portable>,
    Query(GoOn { after }): Query<GoOn>,
    body: std::result::Result<Bytes, BytesRejection>,
) -> Result<Response> {
    let body = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large("The body is larger than this address takes."),
        _ => Problem::bad_request("The body ended before it was complete."),
    })?;
    let text = std::str::from_utf8(&body).map_err(|_| Problem::unprocessable("This is no text in UTF-8."))?;
    let began = Instant::now();
    let lines = csv::read(text)?;
    let left = &lines[lines.partition_point(|line| after.is_some_and(|after| line.number <= after))..];
    let mut imported = Imported { done: 0, requested: 0, refused: Vec::new(), pending: false, after: None };
    for line in left.iter().take(AT_ONCE) {
        let outcome = match account(&relation, line).await? {
            Ok(account) => one(&relation, &viewer, list, account, line).await?,
            Err(detail) => Err(detail),
        };
        match outcome {
            Ok(true) => imported.done += 1,
            Ok(false) => imported.requested += 1,
            Err(detail) => imported.refused.push(RefusedLine { line: line.number, detail }),
        }
        imported.after = Some(line.number);
        if began.elapsed() > ENOUGH {
            break;
        }
    }
    if imported.after == left.last().map(|line| line.number) {
        imported.after = None;
    }
    imported.pending = !heard(&relation, None).await;
    let status = if imported.pending { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(imported)).into_response())
}

/// Whom a line means, or why nobody.
async fn account(relation: &Inner, line: &Line) -> Result<std::result::Result<AccountId, &'static str>> {
    if let Some(id) = line.id {
        return Ok(Ok(id));
    }
    let handle = line.address.strip_prefix('@').unwrap_or(&line.address).to_ascii_lowercase();
    if handle.contains('@') {
        return Ok(Err("this is an account of another server"));
    }
    if handle.is_empty() || handle.contains('\0') {
        return Ok(Err("this line names nobody"));
    }
    Ok(people::by_handle(&relation.pool, &handle).await?.ok_or("nobody of this handle was here yet"))
}

/// Does what a line says; `false` if it has to be approved. Only what is wrong with this line is a reason to go on.
async fn one(
    relation: &Inner,
    viewer: &Viewer,
    list: Portable,
    account: AccountId,
    line: &Line,
) -> Result<std::result::Result<bool, &'static str>> {
    let done = match list {
        Portable::Following => follows::follow(relation, viewer, account).await,
        Portable::Blocks => blocks::block(relation, viewer, account).await.map(|_| true),
        Portable::Mutes => match end(line) {
            Ok(end) => mutes::mute(relation, viewer, account, line.notifications, end).await.map(|_| true),
            Err(detail) => return Ok(Err(detail)),
        },
    };
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(problem) => match problem.status() {
            StatusCode::UNPROCESSABLE_ENTITY if account == viewer.account => Ok(Err("this is you")),
            StatusCode::UNPROCESSABLE_ENTITY => Ok(Err("this mute is over")),
            StatusCode::CONFLICT => Ok(Err(match list {
                Portable::Following => "you block this account, or follow as many as one can",
                Portable::Blocks => "you block as many as one can",
                Portable::Mutes => "you mute as many as one can",
            })),
            StatusCode::NOT_FOUND => Ok(Err("this account is erased")),
            _ => Err(problem),
        },
    }
}

/// When the mute of a line ends. A list that says nothing of it, as one of Mastodon, changes no end.
fn end(line: &Line) -> std::result::Result<End, &'static str> {
    match line.until.as_deref() {
        None => Ok(End::AsBefore),
        Some("") => Ok(End::Never),
        Some(text) => match text.parse::<Timestamp>() {
            Ok(until) => Ok(End::At(until.as_second())),
            Err(_) => Err("the mute ends at no time that can be read"),
        },
    }
}
