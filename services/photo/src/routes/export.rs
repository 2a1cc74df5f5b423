//! What auth asks, when somebody takes a copy of all that is theirs: first their photos, then their albums, then which photos of
//! others they show.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use contracts::export::{ExportFile, ExportPage, ExportRequest};
use contracts::{AccountId, PhotoId, Service};
use http::header::CONTENT_LENGTH;
use identity::Caller;
use serde_json::json;
use serving::{Json, Path, Problem, Result};

use crate::owner::Owner;
use crate::rendition::Rendition;
use crate::routes::bodies::{AlbumBody, PhotoBody};
use crate::routes::bytes::fetch;
use crate::store::exports::{self, OriginalRow};
use crate::store::{albums, photos};
use crate::{Photo, State as Inner, cleaning};

/// Where the bytes of an original are asked for.
pub(crate) const ORIGINAL: &str = "/internal/export/photos/{id}";
/// Photos of one page: what is said of each may take ten kilobytes.
const PHOTOS: i64 = 50;
/// Albums of one page: each may name a thousand photos.
const ALBUMS: i64 = 20;
/// Uses of one page.
const USES: i64 = 200;

/// What the next page is of, and after which.
enum Place {
    Photos(i64),
    Albums(i64),
    Uses(i64),
}

impl Place {
    fn read(after: Option<&str>) -> Result<Self> {
        let wrong = || Problem::invalid("after", "as the page before it was answered with");
        let Some(after) = after else { return Ok(Self::Photos(0)) };
        let (part, id) = after.split_once('.').ok_or_else(wrong)?;
        let id: i64 = id.parse().map_err(|_| wrong())?;
        match part {
            "photos" => Ok(Self::Photos(id)),
            "albums" => Ok(Self::Albums(id)),
            "uses" => Ok(Self::Uses(id)),
            _ => Err(wrong()),
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Photos(id) => format!("photos.{id}"),
            Self::Albums(id) => format!("albums.{id}"),
            Self::Uses(id) => format!("uses.{id}"),
        }
    }
}

/// A page of all that photo keeps of somebody.
pub(crate) async fn page(
    State(Photo(photo)): State<Photo>,
    Caller(caller): Caller,
    Json(ExportRequest { account, after }): Json<ExportRequest>,
) -> Result<Json<ExportPage>> {
    admit(caller)?;
    let (files, next) = match Place::read(after.as_deref())? {
        Place::Photos(after) => of_photos(&photo, account, after).await?,
        Place::Albums(after) => of_albums(&photo, account, after).await?,
        Place::Uses(after) => of_uses(&photo, account, after).await?,
    };
    Ok(Json(ExportPage { files, after: next.map(|place| place.write()) }))
}

/// The bytes of an original.
pub(crate) async fn original(State(Photo(photo)): State<Photo>, Caller(caller): Caller, Path(id): Path<PhotoId>) -> Result<Response> {
    admit(caller)?;
    let found = exports::originals(&photo.pool, &[id.0]).await?.pop().ok_or_else(Problem::not_found)?;
    let body = fetch(&photo, &cleaning::object(&found.object_key, Rendition::Original), None).await?;
    Ok(([(CONTENT_LENGTH, found.original_size)], body).into_response())
}

fn admit(caller: Service) -> Result<()> {
    match caller {
        Service::Auth => Ok(()),
        _ => Err(Problem::forbidden("Only auth asks for all that is somebody's.")),
    }
}

/// Files, and where to go on.
type Read = (Vec<ExportFile>, Option<Place>);

/// What is said of each photo, and its original.
async fn of_photos(photo: &Inner, account: AccountId, after: i64) -> Result<Read> {
    let rows = photos::of_owner(&photo.pool, Owner::Account(account), after, PHOTOS).await?;
    let next = next(rows.len(), PHOTOS, rows.last().map(|row| row.id.0), Place::Photos, Some(Place::Albums(0)));
    let ids: Vec<i64> = rows.iter().map(|row| row.id.0).collect();
    let originals = exports::originals(&photo.pool, &ids).await?;
    let mut originals: HashMap<PhotoId, OriginalRow> = originals.into_iter().map(|row| (row.id, row)).collect();
    let mut files = Vec::new();
    for row in rows {
        let id = row.id;
        let contents = serde_json::to_value(PhotoBody::from(row)).map_err(Problem::internal)?;
        files.push(ExportFile::Json { name: format!("photos/{id}.json"), contents });
        // One that was deleted between the two questions has none any more.
        if let Some(OriginalRow { original_type, original_size, .. }) = originals.remove(&id) {
            let extension = original_type.strip_prefix("image/").unwrap_or("bin");
            let size = u64::try_from(original_size).map_err(Problem::internal)?;
            let (name, path) = (format!("photos/{id}.{extension}"), ORIGINAL.replace("{id}", &id.to_string()));
            files.push(ExportFile::Bytes { name, path, size });
        }
    }
    Ok((files, next))
}

/// Each album, with the ids of its photos.
async fn of_albums(photo: &Inner, account: AccountId, after: i64) -> Result<Read> {
    let rows = albums::of_owner(&photo.pool, Owner::Account(account), after, ALBUMS).await?;
    let next = next(rows.len(), ALBUMS, rows.last().map(|row| row.id.0), Place::Albums, Some(Place::Uses(0)));
    let mut files = Vec::new();
    for row in rows {
        let id = row.id;
        let photos = exports::in_album(&photo.pool, id).await?;
        let contents = json!({"album": AlbumBody::from(row), "photos": photos});
        files.push(ExportFile::Json { name: format!("albums/{id}.json"), contents });
    }
    Ok((files, next))
}

/// Which photos of others the account shows, and where.
async fn of_uses(photo: &Inner, account: AccountId, after: i64) -> Result<Read> {
    let rows = exports::uses(&photo.pool, account, after, USES).await?;
    let (first, last) = (rows.first().map(|row| row.id), rows.last().map(|row| row.id.0));
    let next = next(rows.len(), USES, last, Place::Uses, None);
    let Some(first) = first else { return Ok((Vec::new(), next)) };
    let uses = rows.into_iter().map(|row| {
        json!({"id": row.id, "photo": row.photo, "source": row.source, "url": row.url, "note": row.note, "created_at": row.created_at})
    });
    Ok((vec![ExportFile::Json { name: format!("uses/{first}.json"), contents: uses.collect() }], next))
}

/// After a full page there may be more of the same; else comes what comes `then`.
fn next(rows: usize, most: i64, last: Option<i64>, same: fn(i64) -> Place, then: Option<Place>) -> Option<Place> {
    match last {
        Some(last) if i64::try_from(rows) == Ok(most) => Some(same(last)),
        _ => then,
    }
}
