//! Finding photos, and the tags to find them by.

use std::slice;

use axum::extract::State;
use identity::{MaybeViewer, Viewer};
use imaging::Hue;
use serde::{Deserialize, Serialize};
use serving::{Json, Page, Paged, Problem, ProblemDocument, Query, Result};
use utoipa::{IntoParams, ToSchema};

use crate::license::License;
use crate::meant::{self, Meant};
use crate::owner::Owner;
use crate::routes::bodies::PhotoBody;
use crate::store::search::{Found, Rare, Sought};
use crate::store::{photos, search, terms};
use crate::{Photo, State as Inner, bounds, text};

/// Tags suggested at once.
const SUGGESTIONS: i64 = 20;

/// Which photos are looked for; each condition that is there must hold.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Words of the title, the tags or the alternative text, or how they begin. A word that no photo has finds those that have
    /// one like it.
    q: Option<String>,
    /// A tag.
    tag: Option<String>,
    /// Whose: `account:<id>`, or `me`, which finds private ones too.
    owner: Option<String>,
    /// By its identifier.
    #[param(inline)]
    license: Option<License>,
    /// Wider than high, higher than wide, or neither.
    #[param(inline)]
    orientation: Option<Orientation>,
    /// What it is mostly of: red, orange, yellow, green, teal, blue, purple, pink, brown, black, gray or white.
    color: Option<String>,
    /// What comes first; the newest unless said.
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    /// With `owner=me` and nothing else: those that you have left to others who show them, the newest first. They are found in no
    /// other way.
    #[serde(default)]
    left: bool,
}

/// Wider than high, higher than wide, or neither.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Orientation {
    /// Wider than high.
    Landscape,
    /// Higher than wide.
    Portrait,
    /// Neither.
    Square,
}

/// What comes first.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sort {
    /// What was uploaded last.
    #[default]
    Newest,
    /// What most people show.
    MostUsed,
}

impl Filter {
    /// Who asks for what they have left to others, if that is asked for.
    fn left_by(&self, viewer: Option<&Viewer>) -> Result<Option<Owner>> {
        let Self { q, tag, owner, license, orientation, color, sort, left } = self;
        if !left {
            return Ok(None);
        }
        let myself = viewer.map(|viewer| Owner::Account(viewer.account));
        let owner = Owner::asked(owner.as_deref(), myself)?.filter(|owner| Some(*owner) == myself);
        let alone = q.is_none() && tag.is_none() && license.is_none() && orientation.is_none() && color.is_none();
        match owner {
            Some(owner) if alone && matches!(sort, Sort::Newest) => Ok(Some(owner)),
            _ => Err(Problem::bad_request("left=true goes with owner=me, and with nothing else.")),
        }
    }

    async fn sought(self, photo: &Inner, viewer: Option<&Viewer>) -> Result<Sought> {
        let myself = viewer.map(|viewer| Owner::Account(viewer.account));
        let owner = Owner::asked(self.owner.as_deref(), myself)?;
        let tag = self.tag.map(|tag| text::tag(&tag)).transpose()?;
        let words = match self.q {
            None => None,
            Some(q) => {
                let words = text::asked(&q).ok_or_else(|| Problem::bad_request("q needs a letter or a digit."))?;
                Some(meant::meant(&photo.pool, &words).await?)
            }
        };
        // One person's photos are few, and of the private ones nothing is counted.
        let rare = if owner.is_some() { None } else { rare(photo, words.as_ref(), tag.as_ref()).await? };
        Ok(Sought {
            owner,
            myself: myself.filter(|_| owner == myself),
            tag,
            words: words.map(|words| words.query),
            rare,
            license: self.license,
            orientation: self.orientation.map(|orientation| match orientation {
                Orientation::Landscape => "landscape",
                Orientation::Portrait => "portrait",
                Orientation::Square => "square",
            }),
            hue: self.color.as_deref().map(hue).transpose()?,
        })
    }
}

/// What few public photos have of what is asked for.
async fn rare(photo: &Inner, words: Option<&Meant>, tag: Option<&String>) -> Result<Option<Rare>> {
    if let Some(rarest) = words.and_then(|words| words.rarest.clone()) {
        return Ok(Some(Rare::Words(rarest)));
    }
    let Some(tag) = tag else { return Ok(None) };
    let counts = terms::counts(&photo.pool, "tag", slice::from_ref(tag)).await?;
    Ok(counts.values().all(|photos| *photos <= bounds::RARE).then_some(Rare::Tag))
}

fn hue(name: &str) -> Result<&'static str> {
    let known = Hue::ALL.map(Hue::name);
    let found = known.into_iter().find(|known| *known == name.to_lowercase());
    found.ok_or_else(|| Problem::bad_request(format!("color is one of {}.", known.join(", "))))
}

/// Finds photos: public ones, and one's own when asking for those. Of a search for what is neither frequent nor rare, a page may be short
/// or empty and have a next one.
#[utoipa::path(
    get,
    path = "/v1/photos",
    operation_id = "list_photos",
    tag = "photos",
    params(
        Filter,
        ("limit" = Option<i64>, Query, description = "How many, 1 to 80; 20 unless said"),
        ("before" = Option<String>, Query, description = "A cursor taken from a `Link` header"),
        ("after" = Option<String>, Query, description = "A cursor taken from a `Link` header"),
    ),
    responses((status = 200, description = "A page of photos", body = Paged<PhotoBody>), (status = 400, body = ProblemDocument)),
)]
pub(crate) async fn list(
    State(Photo(photo)): State<Photo>,
    MaybeViewer(viewer): MaybeViewer,
    Query(filter): Query<Filter>,
    page: Page,
) -> Result<Paged<PhotoBody>> {
    let found = match filter.left_by(viewer.as_ref())? {
        Some(owner) => Found { rows: photos::left_by(&photo.pool, owner, &page).await?, last: None },
        None => {
            let most_used = matches!(filter.sort, Sort::MostUsed);
            let sought = filter.sought(&photo, viewer.as_ref()).await?;
            search::photos(&photo.pool, &sought, most_used, &page).await?
        }
    };
    Ok(page.cut_short(found.rows, |row| row.id.0, found.last).map(PhotoBody::from))
}

/// How a tag begins.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Beginning {
    /// The first characters; without them, the tags of most photos are suggested.
    #[serde(default)]
    prefix: String,
}

/// A tag that public photos have.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tag {
    tag: String,
    /// How many public photos have it.
    photos: i64,
}

/// Tags, those of most photos first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tags {
    items: Vec<Tag>,
}

/// Suggests tags that public photos have: at most 20, those of most photos first.
#[utoipa::path(
    get,
    path = "/v1/photos/tags",
    operation_id = "suggest_tags",
    tag = "photos",
    params(Beginning),
    responses((status = 200, body = Tags)),
)]
pub(crate) async fn tags(State(Photo(photo)): State<Photo>, Query(Beginning { prefix }): Query<Beginning>) -> Result<Json<Tags>> {
    let prefix = prefix.trim().trim_start_matches('#').to_lowercase();
    // No tag has it; and PostgreSQL would refuse it.
    if prefix.contains('\0') {
        return Ok(Json(Tags { items: Vec::new() }));
    }
    let found = terms::tags(&photo.pool, &prefix, SUGGESTIONS).await?;
    Ok(Json(Tags { items: found.into_iter().map(|terms::TagCount { tag, photos }| Tag { tag, photos }).collect() }))
}
