//! A backup that cannot be read says so in its status, for as long as it cannot.
//!
//! Whatever else its status says is of a version that knew it better. So a single condition is applied, by a field manager of its
//! own, and taken back by the same one.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::Resource;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};

use super::Error;
use crate::backups::{READABLE, StoredBackup};
use crate::crd::SocialPlatformBackup;
use crate::reconcile::{Cluster, Context};
use crate::resources::metadata::READER;

/// Brings the condition to the platform's backups that cannot be read, and takes it from those that can. Says whether it wrote any.
pub(super) async fn tell(context: &Context, cluster: &Cluster) -> Result<bool, Error> {
    let platform = cluster.resource.metadata.name.as_deref();
    let mut wrote = false;
    for backup in cluster.unreadable_backups.iter().filter(|backup| backup.platform.as_deref() == platform) {
        let message = backup.message();
        if backup.told.as_ref() == Some(&message) {
            continue;
        }
        let condition = Condition {
            type_: READABLE.to_owned(),
            status: "False".to_owned(),
            reason: "Unreadable".to_owned(),
            message,
            observed_generation: backup.metadata.generation,
            last_transition_time: Time(cluster.now),
        };
        wrote |= write(context, cluster, backup.metadata.name.as_deref(), json!({ "conditions": [condition] })).await?;
    }
    for backup in cluster.backups.iter().chain(&cluster.earlier_backups).filter(|backup| is_told(backup)) {
        wrote |= write(context, cluster, backup.metadata.name.as_deref(), json!({})).await?;
    }
    Ok(wrote)
}

fn is_told(backup: &SocialPlatformBackup) -> bool {
    backup.status.as_ref().is_some_and(|status| status.conditions.iter().any(|condition| condition.type_ == READABLE))
}

/// Says whether it could be written.
async fn write(context: &Context, cluster: &Cluster, name: Option<&str>, status: Value) -> Result<bool, Error> {
    let name = name.unwrap_or_default();
    let api: Api<StoredBackup> = Api::namespaced(context.client.clone(), &cluster.namespace());
    let patch = json!({
        "apiVersion": SocialPlatformBackup::api_version(&()),
        "kind": SocialPlatformBackup::kind(&()),
        "metadata": { "name": name },
        "status": status,
    });
    match api.patch_status(name, &PatchParams::apply(READER).force(), &Patch::Apply(patch)).await {
        Ok(_) => Ok(true),
        // Somebody has deleted it meanwhile; or the rest of it is against the definition of today, and the API server refuses every
        // change of it, which is no reason to hold up the platform.
        Err(kube::Error::Api(status)) if status.is_not_found() || status.is_invalid() => Ok(false),
        Err(source) => Err(Error { kind: "SocialPlatformBackup", name: name.to_owned(), source: Box::new(source) }),
    }
}
