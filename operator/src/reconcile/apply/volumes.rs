//! Volumes. One that is there stays as it is where the API server refuses what it should be, such as a size that its StorageClass does
//! not let it grow to: nothing else waits for that, least of all what keeps another volume from being deleted.

use std::sync::Arc;

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::ResourceExt;

use super::writer::{Error, Writer, find};

/// A volume that stays as it is.
#[derive(Debug)]
pub struct RefusedVolume {
    /// What the API server said.
    pub error: Error,
    /// As it is.
    pub live: Arc<PersistentVolumeClaim>,
}

/// Applies each on its own; the volumes as they are then, and those that were refused.
pub(super) async fn apply(
    writer: &mut Writer<'_>,
    desired: Vec<PersistentVolumeClaim>,
    live: &[Arc<PersistentVolumeClaim>],
) -> Result<(Vec<PersistentVolumeClaim>, Vec<RefusedVolume>), Error> {
    let mut applied = Vec::with_capacity(desired.len());
    let mut refused = Vec::new();
    for claim in desired {
        let live = find(live, &claim.name_any());
        match (writer.apply_one(claim, live.clone()).await, live) {
            (Ok(claim), _) => applied.push(claim),
            (Err(error), Some(live)) if error.is_refusal() => {
                applied.push(PersistentVolumeClaim::clone(&live));
                refused.push(RefusedVolume { error, live });
            }
            (Err(error), _) => return Err(error),
        }
    }
    Ok((applied, refused))
}
