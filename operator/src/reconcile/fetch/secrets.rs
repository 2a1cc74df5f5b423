//! Secrets, read by name.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::try_join_all;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use kube::api::Api;

use super::Error;
use crate::children::Children;
use crate::crd::{DatabaseMode, ObjectStoreMode, SocialPlatform};
use crate::reconcile::validate::values;
use crate::rotation::Rotation;
use crate::secrets::generated;

/// How often one Secret is asked for.
const TRIES: u32 = 4;
/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// The generated Secrets that exist. One that is not watched may still exist: just made, or brought back from a backup
/// without its labels.
pub(super) async fn generated_secrets(
    secrets: &Api<Secret>,
    resource: &SocialPlatform,
    children: &Children,
) -> Result<BTreeMap<String, Secret>, Error> {
    let watched = |name: &str| children.secrets.iter().find(|secret| secret.metadata.name.as_deref() == Some(name));
    let mut found = BTreeMap::new();

    // Which passwords and keys there are to look for. Who never asked for others has no such Secret.
    let name = format!("{}-rotation", resource.name_any());
    let pointer = match watched(&name) {
        Some(secret) => Some(Secret::clone(secret)),
        None if resource.rotation().is_some() => get(secrets, &name).await?,
        None => None,
    };
    // One that cannot be read is refused when the resource is validated.
    let rotation = pointer.as_ref().and_then(|secret| Rotation::read(&values(secret))).unwrap_or_default();
    found.extend(pointer.map(|secret| (name, secret)));

    let own_database = resource.spec.database.mode != DatabaseMode::External;
    let own_object_store = resource.spec.object_store.mode == ObjectStoreMode::Development;
    let mut unseen = Vec::new();
    for (name, _) in generated(&resource.name_any(), own_database, own_object_store, &rotation) {
        match watched(&name) {
            Some(secret) => _ = found.insert(name, Secret::clone(secret)),
            None => unseen.push(name),
        }
    }
    found.extend(named(secrets, unseen).await?);
    Ok(found)
}

/// Those of them that exist.
pub(super) async fn named(secrets: &Api<Secret>, names: impl IntoIterator<Item = String>) -> Result<BTreeMap<String, Secret>, Error> {
    let each = names.into_iter().map(async |name| Ok::<_, Error>(get(secrets, &name).await?.map(|secret| (name, secret))));
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

/// Asks again at once if there was no answer: a new platform takes a dozen of these, and one that fails would put off all.
async fn get(secrets: &Api<Secret>, name: &str) -> Result<Option<Secret>, Error> {
    let mut tries = 1;
    loop {
        match secrets.get_opt(name).await {
            Err(error) if tries < TRIES && !is_final(&error) => tries += 1,
            answer => return answer.map_err(|source| Error::Secret { name: name.to_owned(), source: Box::new(source) }),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Would asking again get the same answer?
fn is_final(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 401 || status.code == 403)
}
