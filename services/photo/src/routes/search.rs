//! Finding photos, and the tags to find them by.

use axum::extract::State;
use identity::{MaybeViewer, Viewer};
use imaging::Hue;
use serde::{Deserialize, Serialize};
use serving::{Json, Page, Paged, Problem, ProblemDocument, Query, Result};
use utoipa::{IntoParams, ToSchema};

use crate::license::License;
use crate::owner::Owner;
use crate::routes::bodies::PhotoBody;
use crate::store::search::Sought;
use crate::store::{photos, search, terms};
use crate::{Photo, State as Inner, text};

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
        let words = match self.q {
            None => None,
            Some(q) => {
                let words = text::asked(&q).ok_or_else(|| Problem::bad_request("q needs a letter or a digit."))?;
                let mut resembling = terms::resembling(&photo.pool, &words).await?;
                let short = text::short(&words);
                if !short.is_empty() {
                    resembling.extend(text::mistyped(terms::alike(&photo.pool, &short).await?));
                }
                Some(text::query(&words, &resembling))
            }
        };
        Ok(Sought {
            owner,
            myself: myself.filter(|_| owner == myself),
            tag: self.tag.map(|tag| text::tag(&tag)).transpose()?,
            words,
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

fn hue(name: &str) -> Result<&'static str> {
    let known = Hue::ALL.map(Hue::name);
    let found = known.into_iter().find(|known| *known == name.to_lowercase());
    found.ok_or_else(|| Problem::bad_request(format!("color is one of {}.", known.join(", "))))
}

/// Finds photos: public ones, and one's own when asking for those.
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
        Some(owner) => photos::left_by(&photo.pool, owner, &page).await?,
        None => {
            let sort = filter.sort;
            let sought = filter.sought(&photo, viewer.as_ref()).await?;
            match sort {
                Sort::Newest => search::newest(&photo.pool, &sought, &page).await?,
                Sort::MostUsed => search::most_used(&photo.pool, &sought, &page).await?,
            }
        }
    };
    Ok(page.cut(found, |row| row.id.0).map(PhotoBody::from))
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
