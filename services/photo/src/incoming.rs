//! Where the bytes of an upload lie until it is whole: under `incoming/` in the bucket, never served, and gone soon.
//!
//! What goes straight to the store is one object. What comes through the service in pieces is an object a piece: that needs
//! nothing of the store but put and get, and a pod that dies loses no piece that was acknowledged.

use bytes::Bytes;
use serving::{Problem, Result};

use crate::State;
use crate::objects::ObjectError;
use crate::store::uploads::{self, Piece, UploadRow};

/// Where they lie.
pub(crate) const PREFIX: &str = "incoming/";
/// Bytes of one piece at the most: what a broken line may cost.
pub(crate) const PIECE: usize = 256 * 1024;
/// Pieces of an upload that may be smaller, because a line broke or a client sends little at a time.
const SMALLER: i64 = 100;

/// Most pieces of an upload of so many bytes: each is an object and a row.
pub(crate) fn most_pieces(length: i64) -> i64 {
    length / PIECE as i64 + SMALLER
}

/// A key for the objects of a new upload.
pub(crate) fn new_object_key() -> String {
    format!("{PREFIX}{:032x}", rand::random::<u128>())
}

/// The object of one piece. Random: two who send the same piece at once must not write over each other's.
fn object_name(object_key: &str, begins: i64) -> String {
    format!("{object_key}.{begins:010}.{:08x}", rand::random::<u32>())
}

/// The key of the upload that an object belongs to.
pub(crate) fn object_key(object_name: &str) -> &str {
    object_name.split('.').next().unwrap_or_default()
}

/// Keeps a piece that begins where the upload has come to. `false` if it has come elsewhere meanwhile.
pub(crate) async fn keep(photo: &State, upload: &UploadRow, begins: i64, bytes: Bytes) -> Result<bool> {
    let length = i64::try_from(bytes.len()).map_err(Problem::internal)?;
    let piece = Piece { length, object_name: object_name(&upload.object_key, begins) };
    photo.objects.put(&piece.object_name, bytes).await?;
    let mut tx = photo.pool.begin().await?;
    let kept = uploads::append(&mut tx, upload.id, begins, &piece).await?;
    tx.commit().await?;
    if !kept {
        // Should this fail, the sweep finds it.
        let _ = photo.objects.delete(&piece.object_name).await;
    }
    Ok(kept)
}

/// All the bytes of an upload.
pub(crate) async fn read(photo: &State, upload: &UploadRow) -> Result<Bytes> {
    let pieces = match upload.direct {
        true => vec![Piece { length: upload.length, object_name: upload.object_key.clone() }],
        false if upload.received < upload.length => return Err(incomplete()),
        false => uploads::pieces(&photo.pool, upload.id).await?,
    };
    let mut file = Vec::with_capacity(usize::try_from(upload.length).map_err(Problem::internal)?);
    for Piece { length, object_name } in pieces {
        let length = usize::try_from(length).map_err(Problem::internal)?;
        match photo.objects.read(&object_name, length, &mut file).await {
            Ok(true) => {}
            Ok(false) | Err(ObjectError::Missing(_)) => return Err(incomplete()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(file.into())
}

fn incomplete() -> Problem {
    Problem::conflict("upload-incomplete", "Not all of the announced bytes are there. Send the rest first.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_tells_its_upload() {
        let key = new_object_key();
        assert_eq!(object_key(&object_name(&key, 262_144)), key);
        assert_eq!(object_key(&key), key);
        assert_ne!(object_name(&key, 0), object_name(&key, 0));
    }
}
