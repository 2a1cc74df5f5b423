//! What auth asks, when somebody takes a copy of all that is theirs: one file a page.

use axum::extract::State;
use contracts::export::{ExportFile, ExportPage, ExportRequest, Place};
use contracts::{AccountId, Service};
use identity::Caller;
use serde_json::Value;
use serving::{Json, Problem, Result};
use sqlx::PgPool;

use crate::Social;
use crate::store::exports::{self, Row};

/// What there is, in the order of the archive.
#[derive(Clone, Copy)]
enum Part {
    Posts,
    Comments,
    Revisions,
    Reactions,
    Bookmarks,
    Tags,
    Lists,
    Reports,
    Removals,
}

impl Part {
    const ALL: [Self; 9] = [
        Self::Posts,
        Self::Comments,
        Self::Revisions,
        Self::Reactions,
        Self::Bookmarks,
        Self::Tags,
        Self::Lists,
        Self::Reports,
        Self::Removals,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::Comments => "comments",
            Self::Revisions => "revisions",
            Self::Reactions => "reactions",
            Self::Bookmarks => "bookmarks",
            Self::Tags => "followed_tags",
            Self::Lists => "lists",
            Self::Reports => "reports",
            Self::Removals => "removed_posts",
        }
    }

    /// Rows of one file: a post may have 5,000 characters, and fifty revisions.
    const fn most(self) -> i64 {
        match self {
            Self::Posts | Self::Comments | Self::Removals => 50,
            Self::Revisions => 2,
            Self::Lists => 50,
            Self::Reports => 100,
            Self::Reactions | Self::Bookmarks | Self::Tags => 500,
        }
    }

    async fn rows(self, pool: &PgPool, account: AccountId, after: i64) -> Result<Vec<Row>> {
        let most = self.most();
        match self {
            Self::Posts => exports::posts(pool, account, after, most).await,
            Self::Comments => exports::comments(pool, account, after, most).await,
            Self::Revisions => exports::revisions(pool, account, after, most).await,
            Self::Reactions => exports::reactions(pool, account, after, most).await,
            Self::Bookmarks => exports::bookmarks(pool, account, after, most).await,
            Self::Tags => exports::tags(pool, account, after, most).await,
            Self::Lists => exports::lists(pool, account, after, most).await,
            Self::Reports => exports::reports(pool, account, after, most).await,
            Self::Removals => exports::removals(pool, account, after, most).await,
        }
    }
}

/// A page of all that social keeps of somebody.
pub(crate) async fn page(
    State(Social(social)): State<Social>,
    Caller(caller): Caller,
    Json(ExportRequest { account, after }): Json<ExportRequest>,
) -> Result<Json<ExportPage>> {
    if caller != Service::Auth {
        return Err(Problem::forbidden("Only auth asks for all that is somebody's."));
    }
    let mut place = match after {
        Some(after) => after.parse::<Place>().map_err(|wrong| Problem::invalid("after", wrong.to_string()))?,
        None => {
            let profile = exports::profile(&social.pool, account).await?;
            let profile = profile.map(|contents| ExportFile::Json { name: "profile.json".to_owned(), contents });
            let after = Some(Place::begin(0).to_string());
            return Ok(Json(ExportPage { files: profile.into_iter().collect(), after }));
        }
    };
    while let Some(part) = Part::ALL.get(place.part) {
        let rows = part.rows(&social.pool, account, place.after).await?;
        let full = i64::try_from(rows.len()) == Ok(part.most());
        let name = format!("{}/{:04}.json", part.name(), place.files + 1);
        place = match rows.last() {
            Some(last) if full => Place { after: last.place, files: place.files + 1, ..place },
            _ => Place::begin(place.part + 1),
        };
        if !rows.is_empty() {
            let contents: Value = rows.into_iter().map(|row| row.row).collect();
            let after = (place.part < Part::ALL.len()).then(|| place.to_string());
            return Ok(Json(ExportPage { files: vec![ExportFile::Json { name, contents }], after }));
        }
    }
    Ok(Json(ExportPage { files: Vec::new(), after: None }))
}
