//! What administrators see of a report.

use audience::Visibility;
use contracts::photo::PhotoVisibility;
use contracts::{AccountId, PostId};
use identity::{AsOf, PhotoGrant, ServiceSigner};
use jiff::Timestamp;
use serde::Serialize;
use serving::{Problem, Result};
use utoipa::ToSchema;

use super::bodies::{Photo, Profile, made_at};
use crate::State;
use crate::store::moderation::{self, Decision, Report};
use crate::store::photos::{self, Shower, Shown};
use crate::store::profiles;
use crate::store::reports::Reason;

/// Somebody, by what social knows of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Known {
    pub(super) id: AccountId,
    /// Missing while they have neither written anything nor read their home timeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) handle: Option<String>,
}

/// A report, as administrators see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeenReport {
    id: String,
    reason: Reason,
    /// What the reporter says of it.
    note: String,
    reporter: Known,
    /// Whom it is about.
    account: Known,
    /// Which post or comment of theirs, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    post: Option<PostId>,
    /// What the post or the profile said when it was reported.
    said: String,
    /// How many reports of the same are open, or were closed together; with this one.
    reports_count: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Missing while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<Resolved>,
}

/// What was decided.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Resolved {
    decision: Decision,
    note: String,
    /// Who decided.
    moderator: AccountId,
    #[schema(value_type = String, format = DateTime)]
    resolved_at: Timestamp,
}

impl From<Report> for SeenReport {
    fn from(report: Report) -> Self {
        let resolution = match (report.decision, report.moderator, report.closed_at) {
            (Some(decision), Some(moderator), Some(at)) => {
                Some(Resolved { decision, note: report.why.unwrap_or_default(), moderator, resolved_at: at.to_jiff() })
            }
            _ => None,
        };
        Self {
            id: report.id.to_string(),
            reason: report.reason,
            note: report.note,
            reporter: Known { id: report.reporter, handle: report.reporter_handle },
            account: Known { id: report.account, handle: report.handle },
            post: report.post,
            said: report.said,
            reports_count: report.of_case,
            created_at: made_at(report.id),
            resolution,
        }
    }
}

/// A reported post as it is now, whomever it is for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeenPost {
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    content_warning: String,
    visibility: Visibility,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Timestamp>,
    photos: Vec<Photo>,
}

/// A report with what it is about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Case {
    report: SeenReport,
    /// What it showed when it was reported, but for what is deleted since.
    photos: Vec<Photo>,
    /// The post as it is now; missing when it is gone, and for a report of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    post_now: Option<SeenPost>,
    /// The profile as it is now, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile_now: Option<Profile>,
    /// The other reports of the same, open and closed: the newest fifty.
    others: Vec<SeenReport>,
}

/// A report and all that belongs to it.
pub(super) async fn look(social: &State, admin: AccountId, id: i64) -> Result<Case> {
    let report = moderation::by_ids(&social.pool, &[id]).await?.pop().ok_or_else(Problem::not_found)?;
    let others = moderation::others(&social.pool, &report).await?;
    let others = moderation::by_ids(&social.pool, &others).await?;
    let profile = profiles::of_anybody(&social.pool, report.account).await?;
    let mut connection = social.pool.acquire().await?;
    let as_of = photos::as_of_now(&mut connection).await?;
    let seen = |photos: Vec<Shown>| {
        let photos = photos.into_iter().filter_map(|photo| evidence(&social.signer, admin, id, as_of, photo));
        photos.collect::<Vec<Photo>>()
    };
    let shower = Shower { post: report.post, author: report.account, root_author: None };
    let photos = photos::by_ids(&mut connection, shower, &report.photos).await?;
    let post_now = match report.post {
        Some(post) => match moderation::target(&mut connection, post).await? {
            Some(now) => Some(SeenPost {
                text: now.text,
                content_warning: now.content_warning,
                visibility: now.visibility,
                edited_at: now.edited_at.map(|at| at.to_jiff()),
                photos: seen(photos::of_posts(&mut connection, &[post.0]).await?),
            }),
            None => None,
        },
        None => None,
    };
    Ok(Case {
        report: report.into(),
        photos: seen(photos),
        post_now,
        profile_now: profile.map(Profile::from),
        others: others.into_iter().map(SeenReport::from).collect(),
    })
}

/// A photo of what was reported. A private one is granted to the administrator for this report, if it is the author's own:
/// nobody else's is shown by the post. For whose audience it is does not matter.
fn evidence(signer: &ServiceSigner, admin: AccountId, report: i64, as_of: AsOf, photo: Shown) -> Option<Photo> {
    let grant = match photo.visibility {
        PhotoVisibility::Public => None,
        PhotoVisibility::Private if photo.author != photo.owner => return None,
        PhotoVisibility::Private => {
            let source = format!("report:{report}");
            let (owner, audience_of, as_of) = (photo.owner, None, Some(as_of));
            Some(signer.grant(PhotoGrant { photo: photo.id, source, owner, audience_of, viewer: admin, as_of, iat: 0 }))
        }
    };
    Some(Photo::new(photo, grant.as_deref()))
}
