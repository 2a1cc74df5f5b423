//! What somebody is told.

use std::collections::{BTreeSet, HashMap};

use axum::extract::State;
use axum::http::StatusCode;
use contracts::{AccountId, PostId};
use identity::{ServiceSigner, Viewer};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serving::{Json, Page, Paged, Problem, ProblemDocument, Result};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::bodies::{Author, Post, made_at, thumb};
use super::load;
use crate::Social;
use crate::store::moderation::Decision;
use crate::store::notifications::{self, Actor, Kind, Told};

/// Something that others did and that concerns you. Reactions to one post, and follows, are one notification while it is
/// unread: when another comes, it moves to the top under a new `id` and keeps its `group`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Notification {
    /// Its place in the list, for `PUT /v1/notifications/read`.
    id: String,
    /// The same as long as it is one notification.
    group: String,
    kind: Kind,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    read: bool,
    /// How many people stand behind it, up to 1,000; without those whom you block or mute.
    people_count: i64,
    /// The last three of them.
    people: Vec<Person>,
    /// What mentions or answers you, or what was reacted to.
    #[serde(skip_serializing_if = "Option::is_none")]
    post: Option<Post>,
    /// What an administrator decided. Nobody stands behind it by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Decided>,
}

/// What an administrator decided about what you reported or wrote.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decided {
    decision: Decision,
    /// Your report.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<String>,
    /// Why your post was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<String>,
}

/// Somebody behind a notification.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Person {
    id: AccountId,
    /// Missing while they have neither written anything nor read their home timeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Author>,
    /// Their last reaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<String>,
    /// The address of its picture, if it is a custom emoji.
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji_picture: Option<String>,
}

impl From<Actor> for Person {
    fn from(Actor { notification: _, account, handle, display_name, picture_key, emoji, emoji_key }: Actor) -> Self {
        let profile = handle.map(|handle| Author::new(account, handle, display_name.unwrap_or_default(), picture_key.as_deref()));
        Self { id: account, profile, emoji, emoji_picture: emoji_key.as_deref().map(thumb) }
    }
}

/// Your notifications, the newest first. The thousand newest are kept.
#[utoipa::path(get, path = "/v1/notifications", operation_id = "list_notifications", tag = "notifications", responses((status = 200, body = Paged<Notification>)))]
pub(crate) async fn list(State(Social(social)): State<Social>, viewer: Viewer, page: Page) -> Result<Paged<Notification>> {
    let told = notifications::list(&social.pool, viewer.account, &page).await?;
    let mut told = page.cut(told, |told| told.id);
    let mut connection = social.pool.acquire().await?;
    let items = whole(&mut connection, &social.signer, viewer.account, std::mem::take(&mut told.items)).await?;
    Ok(told.replace(items.into_iter().map(|(_, notification)| notification).collect()))
}

/// Some notifications as their reader may see them, each with its number.
pub(super) async fn numbered(
    connection: &mut PgConnection,
    signer: &ServiceSigner,
    reader: AccountId,
    numbers: &[i64],
) -> Result<Vec<(i64, Notification)>> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let told = notifications::by_numbers(connection, reader, numbers).await?;
    whole(connection, signer, reader, told).await
}

/// Loads what belongs to some notifications, in as many statements however many they are.
async fn whole(
    connection: &mut PgConnection,
    signer: &ServiceSigner,
    reader: AccountId,
    told: Vec<Told>,
) -> Result<Vec<(i64, Notification)>> {
    let numbers: Vec<i64> = told.iter().map(|told| told.number).collect();
    let mut people: HashMap<i64, Vec<Person>> = HashMap::new();
    for actor in notifications::actors(connection, reader, &numbers).await? {
        people.entry(actor.notification).or_default().push(actor.into());
    }
    let ids: BTreeSet<i64> = told.iter().filter_map(|told| told.post).map(|post| post.0).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let posts: HashMap<PostId, Post> =
        load::posts(connection, signer, Some(reader), &ids).await?.into_iter().map(|post| (post.id, post)).collect();
    let whole = told.into_iter().map(|told| {
        let report = told.report.map(|report| report.to_string());
        let decision = told.decision.map(|decision| Decided { decision, report, reason: told.reason, said: told.said });
        let notification = Notification {
            id: told.id.to_string(),
            group: told.number.to_string(),
            kind: told.kind,
            created_at: made_at(told.id),
            read: told.read,
            // An administrator's act has the platform behind it, and that is nobody.
            people_count: if decision.is_some() { 0 } else { told.people },
            people: people.remove(&told.number).unwrap_or_default(),
            post: told.post.and_then(|post| posts.get(&post).cloned()),
            decision,
        };
        (told.number, notification)
    });
    Ok(whole.collect())
}

/// How far you have read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadUpTo {
    /// The `id` of the newest notification that you have seen.
    up_to: String,
}

/// Mark notifications as read, up to one and with it. What is read stays read.
#[utoipa::path(put, path = "/v1/notifications/read", operation_id = "read_notifications", tag = "notifications", request_body = ReadUpTo, responses((status = 204), (status = 422, body = ProblemDocument)))]
pub(crate) async fn read(State(Social(social)): State<Social>, viewer: Viewer, Json(body): Json<ReadUpTo>) -> Result<StatusCode> {
    let up_to = body.up_to.parse::<i64>().ok().filter(|up_to| *up_to >= 0);
    let up_to = up_to.ok_or_else(|| Problem::invalid("up_to", "the `id` of a notification"))?;
    notifications::read(&social.pool, viewer.account, up_to).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How much is unread.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Unread {
    /// Up to 100.
    count: i64,
}

/// How many of your notifications are unread.
#[utoipa::path(get, path = "/v1/notifications/unread", operation_id = "count_unread", tag = "notifications", responses((status = 200, body = Unread)))]
pub(crate) async fn unread(State(Social(social)): State<Social>, viewer: Viewer) -> Result<Json<Unread>> {
    Ok(Json(Unread { count: notifications::unread(&social.pool, viewer.account).await? }))
}

/// What you want to be told.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotificationSettings {
    /// Kinds that are neither kept nor shown; all but `post_removed`.
    muted: Vec<Kind>,
}

/// What you have switched off.
#[utoipa::path(get, path = "/v1/notifications/settings", operation_id = "show_notification_settings", tag = "notifications", responses((status = 200, body = NotificationSettings)))]
pub(crate) async fn settings(State(Social(social)): State<Social>, viewer: Viewer) -> Result<Json<NotificationSettings>> {
    Ok(Json(NotificationSettings { muted: notifications::muted(&social.pool, viewer.account).await? }))
}

/// Say which kinds to switch off; all others are on.
#[utoipa::path(put, path = "/v1/notifications/settings", operation_id = "set_notification_settings", tag = "notifications", request_body = NotificationSettings, responses((status = 200, body = NotificationSettings), (status = 422, body = ProblemDocument)))]
pub(crate) async fn set(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Json(body): Json<NotificationSettings>,
) -> Result<Json<NotificationSettings>> {
    if body.muted.contains(&Kind::PostRemoved) {
        return Err(Problem::invalid("muted", "that a post of yours was removed, and why, is always told"));
    }
    let mut tx = social.pool.begin().await?;
    notifications::mute(&mut tx, viewer.account, &body.muted).await?;
    tx.commit().await?;
    settings(State(Social(social)), viewer).await
}
