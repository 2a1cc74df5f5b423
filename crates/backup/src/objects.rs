//! The objects of photos: which there are, copies of them, and whether the copies are right.

use bytes::Bytes;
use futures::stream::{StreamExt, TryStreamExt, iter};
use sqlx::{FromRow, PgConnection};

use crate::manifest::{Objects, Piece};
use crate::{BackupError, Store};

/// Where the copies lie within a backup.
const FOLDER: &str = "objects/";
/// Objects at work at once: each is in memory.
const AT_ONCE: usize = 4;
/// Photos in one list.
const PAGE: i64 = 2_500;

/// A photo of the platform, in all its pictures.
#[derive(FromRow)]
struct Blob {
    object_key: String,
    original_size: i64,
    large_size: i64,
    small_size: i64,
    thumb_size: i64,
    /// As JPEG, where photo keeps that beside WebP.
    large_jpeg_size: Option<i64>,
    small_jpeg_size: Option<i64>,
    thumb_jpeg_size: Option<i64>,
    /// Photo has looked for its objects, and did not find them.
    missing: bool,
}

/// An object that should be in the platform's store.
struct Wanted {
    key: String,
    bytes: i64,
    missing: bool,
}

impl Blob {
    /// As photo names them.
    fn objects(&self) -> Vec<Wanted> {
        let sizes = [
            ("original", Some(self.original_size)),
            ("large", Some(self.large_size)),
            ("small", Some(self.small_size)),
            ("thumb", Some(self.thumb_size)),
            ("large-jpeg", self.large_jpeg_size),
            ("small-jpeg", self.small_jpeg_size),
            ("thumb-jpeg", self.thumb_jpeg_size),
        ];
        let there = sizes.into_iter().filter_map(|(rendition, bytes)| Some((rendition, bytes?)));
        there.map(|(rendition, bytes)| Wanted { key: format!("{}.{rendition}", self.object_key), bytes, missing: self.missing }).collect()
    }
}

/// The photos after the key `after`, in the order of their keys. Tombstones are not among them. A database that is yet to be migrated
/// has no columns for JPEG, and is backed up all the same.
async fn page(connection: &mut PgConnection, after: &str) -> Result<Vec<Blob>, BackupError> {
    sqlx::query_as(
        "select object_key, original_size, large_size, small_size, thumb_size,
             (to_jsonb(blobs) ->> 'large_jpeg_size')::bigint as large_jpeg_size,
             (to_jsonb(blobs) ->> 'small_jpeg_size')::bigint as small_jpeg_size,
             (to_jsonb(blobs) ->> 'thumb_jpeg_size')::bigint as thumb_jpeg_size,
             missing_since is not null as missing
         from photo.blobs where refs > 0 and object_key > $1 order by object_key limit $2",
    )
    .bind(after)
    .bind(PAGE)
    .fetch_all(connection)
    .await
    .map_err(BackupError::database("list the photos"))
}

/// Copies the objects that the restored dump behind `connection` names, and writes the lists of them into `folder`.
pub(crate) async fn copy(connection: &mut PgConnection, from: &Store, to: &Store, folder: &str) -> Result<Objects, BackupError> {
    let mut objects = Objects::default();
    let mut after = String::new();
    loop {
        let blobs = page(connection, &after).await?;
        let Some(last) = blobs.last() else { return Ok(objects) };
        after = last.object_key.clone();
        let wanted = blobs.iter().flat_map(Blob::objects);
        let copies = iter(wanted).map(|wanted| copy_one(wanted, from, to, folder)).buffered(AT_ONCE);
        let copied: Vec<Option<Piece>> = copies.try_collect().await?;

        let mut list = Vec::new();
        for piece in &copied {
            let Some(piece) = piece else {
                objects.missing += 1;
                continue;
            };
            objects.count += 1;
            objects.bytes += piece.bytes;
            serde_json::to_writer(&mut list, piece).expect("strings and numbers are JSON");
            list.push(b'\n');
        }
        let piece = Piece::of(format!("objects.{:05}.jsonl", objects.lists.len()), &list);
        to.put(&format!("{folder}/{}", piece.key), list.into()).await?;
        objects.lists.push(piece);
        tracing::info!(objects = objects.count, bytes = objects.bytes, "copied objects");
    }
}

/// Copies an object, unless its copy is there. None if the platform has lost it, and knows.
async fn copy_one(wanted: Wanted, from: &Store, to: &Store, folder: &str) -> Result<Option<Piece>, BackupError> {
    let Wanted { key, bytes: expected, missing } = wanted;
    let bytes = match from.get(&key).await? {
        Some(bytes) if u64::try_from(expected) == Ok(bytes.len() as u64) => bytes,
        _ if missing => return Ok(None),
        Some(_) => return Err(BackupError::Differs { what: format!("the length of {key} in the platform's store") }),
        None => return Err(BackupError::ObjectMissing { key }),
    };
    let copy = copy_key(folder, &key);
    let piece = Piece::of(key, &bytes);
    // What is there is read again at the end.
    if to.size(&copy).await? != Some(piece.bytes) {
        to.put(&copy, bytes).await?;
    }
    Ok(Some(piece))
}

/// Reads all lists and all copies again, and compares their hashes.
pub(crate) async fn verify(store: &Store, folder: &str, objects: &Objects) -> Result<(), BackupError> {
    let mut count = 0;
    for list in &objects.lists {
        let pieces = read_list(store, folder, list).await?;
        count += pieces.len() as u64;
        iter(pieces)
            .map(|piece| async move { read_copy(store, folder, &piece).await.map(drop) })
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
    }
    match count == objects.count {
        true => Ok(()),
        false => Err(BackupError::Differs { what: "the number of objects".to_owned() }),
    }
}

/// Copies the objects of a backup into a platform's store; those that are there already are left alone.
pub(crate) async fn bring_back(from: &Store, folder: &str, objects: &Objects, to: &Store) -> Result<(), BackupError> {
    for list in &objects.lists {
        let pieces = read_list(from, folder, list).await?;
        iter(pieces)
            .map(|piece| async move { bring_back_one(from, folder, &piece, to).await })
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        tracing::info!(list = list.key, "brought objects back");
    }
    Ok(())
}

async fn bring_back_one(from: &Store, folder: &str, piece: &Piece, to: &Store) -> Result<(), BackupError> {
    if to.size(&piece.key).await? == Some(piece.bytes) && to.get(&piece.key).await?.is_some_and(|bytes| piece.is(&bytes)) {
        return Ok(());
    }
    let bytes = read_copy(from, folder, piece).await?;
    Ok(to.put(&piece.key, bytes).await?)
}

async fn read_list(store: &Store, folder: &str, list: &Piece) -> Result<Vec<Piece>, BackupError> {
    let key = format!("{folder}/{}", list.key);
    let differs = || BackupError::Differs { what: key.clone() };
    let bytes = store.get(&key).await?.filter(|bytes| list.is(bytes)).ok_or_else(differs)?;
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).map_err(|_| differs())).collect()
}

async fn read_copy(store: &Store, folder: &str, piece: &Piece) -> Result<Bytes, BackupError> {
    let key = copy_key(folder, &piece.key);
    match store.get(&key).await? {
        Some(bytes) if piece.is(&bytes) => Ok(bytes),
        _ => Err(BackupError::Differs { what: key }),
    }
}

fn copy_key(folder: &str, key: &str) -> String {
    format!("{folder}/{FOLDER}{key}")
}
