//! Every write of an object, in one place.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use kube::core::Status;
use kube::{Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::reconcile::{Cluster, said};
use crate::resources::metadata::{APPLIED, MANAGER, SCALER};
use crate::{drift, drift_metrics};

/// Any kind that the operator writes.
pub(super) trait Object:
    Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + Serialize + DeserializeOwned
{
}

impl<K> Object for K where K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + Serialize + DeserializeOwned {}

/// A write that failed.
#[derive(Debug, thiserror::Error)]
#[error("failed to {verb} {kind} {name}: {}", said(.source))]
pub struct Error {
    verb: &'static str,
    kind: String,
    name: String,
    source: Box<kube::Error>,
    /// How many writes went through before it.
    after: usize,
}

impl Error {
    /// Did other writes go through before this one failed? Then the next try has less to do.
    pub fn has_progressed(&self) -> bool {
        self.after > 0
    }

    fn is_conflict(&self) -> bool {
        matches!(&*self.source, kube::Error::Api(status) if status.is_conflict())
    }

    fn is_there_already(&self) -> bool {
        matches!(&*self.source, kube::Error::Api(status) if status.is_already_exists())
    }

    /// Will the same write fail again until someone changes something? Otherwise it is worth a condition only
    /// when it does not go by itself. Of webhooks that
    /// deny, those that name no status are answered with 400.
    pub fn is_refusal(&self) -> bool {
        let is_no = |code: u16| [400, 403, 405, 413, 422].contains(&code);
        self.verb == FOREIGN || matches!(&*self.source, kube::Error::Api(status) if is_no(status.code))
    }
}

/// What is done in vain to an object that bears the name of one of ours.
const FOREIGN: &str = "take over, as somebody else has made it (delete it, or rename it, and it is made),";

/// Have we written to an object, by its managers?
fn is_written_by_us(metadata: &ObjectMeta) -> bool {
    let is_ours = |manager: Option<&str>| manager.is_some_and(|manager| [MANAGER, SCALER].contains(&manager));
    metadata.managed_fields.iter().flatten().any(|entry| is_ours(entry.manager.as_deref()))
}

/// An object that is to go: its name, and its uid, so that it is no other.
pub(super) struct Orphan<K> {
    name: String,
    uid: Option<String>,
    kind: PhantomData<K>,
}

impl<K: Object> Orphan<K> {
    pub(super) fn of(object: &K) -> Self {
        Self { name: object.name_any(), uid: object.meta().uid.clone(), kind: PhantomData }
    }
}

/// Writes objects of one platform, and counts.
pub(super) struct Writer<'a> {
    client: &'a Client,
    namespace: String,
    /// The platform's uid, by which it owns objects.
    platform: Option<String>,
    /// Writes that went through.
    pub(super) writes: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(client: &'a Client, cluster: &Cluster) -> Self {
        Self { client, namespace: cluster.namespace(), platform: cluster.resource.uid(), writes: 0 }
    }

    fn api<K: Object>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// What was to be done next failed.
    fn failed<K: Object>(&self, verb: &'static str, name: &str, source: kube::Error) -> Error {
        let kind = K::kind(&()).into_owned();
        Error { verb, kind, name: name.to_owned(), source: Box::new(source), after: self.writes }
    }

    /// Makes objects that must not exist: one that does exist is never replaced, even if the watch has not yet seen it.
    pub(super) async fn create<K: Object>(&mut self, objects: &[K]) -> Result<(), Error> {
        for object in objects {
            self.post(object).await?;
        }
        Ok(())
    }

    async fn post<K: Object>(&mut self, object: &K) -> Result<(), Error> {
        let name = object.name_any();
        let params = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        let created = self.api::<K>().create(&params, object).await;
        created.map(|_| self.writes += 1).map_err(|source| self.failed::<K>("create", &name, source))
    }

    /// Makes an object that an earlier try may have made already.
    pub(super) async fn create_once<K: Object>(&mut self, object: &K) -> Result<(), Error> {
        match self.create(std::slice::from_ref(object)).await {
            Err(error) if error.is_there_already() => Ok(()),
            other => other,
        }
    }

    /// Starts a Job, unless there is one of its name, which stays as it was made: what runs cannot be changed.
    pub(super) async fn start(&mut self, mut job: Job) -> Result<(), Error> {
        let hash = drift::hash(&job);
        job.annotations_mut().insert(APPLIED.to_owned(), hash);
        tracing::info!(object = job.name_any(), "starting a Job");
        match self.post(&job).await {
            Err(error) if error.is_there_already() => Ok(()),
            other => other,
        }
    }

    /// Applies what differs from `live`; the objects as they are then.
    pub(super) async fn apply<K: Object>(&mut self, desired: Vec<K>, live: &[Arc<K>]) -> Result<Vec<K>, Error> {
        let mut applied = Vec::with_capacity(desired.len());
        for object in desired {
            let live = find(live, &object.name_any());
            applied.push(self.apply_one(object, live).await?);
        }
        Ok(applied)
    }

    /// Applies one object if it differs from `live`. Forced: a field that is ours is ours, whoever changed it. But what was never
    /// ours is somebody else's, though it bears the name: that is refused.
    pub(super) async fn apply_one<K: Object>(&mut self, mut desired: K, live: Option<Arc<K>>) -> Result<K, Error> {
        if let Some(live) = &live {
            self.disown(&desired, live).await?;
            if !differs(&desired, &**live) {
                return Ok(K::clone(live));
            }
        }
        let hash = drift::hash(&desired);
        let is_correction = live.as_ref().is_some_and(|live| drift_metrics::is_correction(applied(&**live), &hash));
        desired.annotations_mut().insert(APPLIED.to_owned(), hash);
        tracing::info!(kind = %K::kind(&()), object = desired.name_any(), "applying an object");
        let written = match live.is_some() {
            true => self.patch(&desired, PatchParams::apply(MANAGER).force()).await?,
            false => self.claim(&desired).await?,
        };
        drift_metrics::corrected(&K::kind(&()), u64::from(is_correction));
        Ok(written)
    }

    async fn patch<K: Object>(&mut self, desired: &K, params: PatchParams) -> Result<K, Error> {
        let name = desired.name_any();
        let applied = self.api::<K>().patch(&name, &params, &Patch::Apply(desired)).await;
        applied.inspect(|_| self.writes += 1).map_err(|source| self.failed::<K>("apply", &name, source))
    }

    /// Applies an object that nobody has seen. If there is one of its name, it is ours if we have written to it before: its labels
    /// may be gone. A Secret is ours too if it says nothing else: a person may have brought back a key.
    async fn claim<K: Object>(&mut self, desired: &K) -> Result<K, Error> {
        let is_secret = K::kind(&()) == Secret::kind(&());
        match self.there::<K>(&desired.name_any()).await? {
            // What comes between is told as a conflict, and looked at again.
            None => self.patch(desired, PatchParams::apply(MANAGER)).await,
            Some(there) if is_written_by_us(&there) => self.patch(desired, PatchParams::apply(MANAGER).force()).await,
            Some(there) if is_secret => match self.patch(desired, PatchParams::apply(MANAGER)).await {
                Err(error) if error.is_conflict() => Err(self.foreign::<K>(&there)),
                other => other,
            },
            Some(there) => Err(self.foreign::<K>(&there)),
        }
    }

    /// What there is of that name; as a list, which the operator may ask for of every kind.
    async fn there<K: Object>(&self, name: &str) -> Result<Option<ObjectMeta>, Error> {
        let found = self.api::<K>().list_metadata(&ListParams::default().fields(&format!("metadata.name={name}"))).await;
        let found = found.map_err(|source| self.failed::<K>("look for", name, source))?;
        Ok(found.items.into_iter().next().map(|there| there.metadata))
    }

    fn foreign<K: Object>(&self, there: &ObjectMeta) -> Error {
        let managers: BTreeSet<&str> = there.managed_fields.iter().flatten().filter_map(|entry| entry.manager.as_deref()).collect();
        let managers = Vec::from_iter(managers).join(", ");
        let refused = Status::failure(&format!("it was written by {managers}"), "Conflict").with_code(409);
        self.failed::<K>(FOREIGN, there.name.as_deref().unwrap_or_default(), kube::Error::Api(refused.boxed()))
    }

    /// Takes from `live` the owner that it should have no more, since the deletion policy has changed. What a create has set, no
    /// apply takes away again: without it, a Secret whose operator dies before it is applied would outlive its platform.
    async fn disown<K: Object>(&mut self, desired: &K, live: &K) -> Result<(), Error> {
        let is_ours = |owner: &OwnerReference| Some(&owner.uid) == self.platform.as_ref();
        if desired.owner_references().iter().any(is_ours) || !live.owner_references().iter().any(is_ours) {
            return Ok(());
        }
        let others: Vec<_> = live.owner_references().iter().filter(|owner| !is_ours(owner)).collect();
        let name = live.name_any();
        // Refused if somebody has written meanwhile: their owners are not ours to take.
        let patch = serde_json::json!({ "metadata": { "ownerReferences": others, "resourceVersion": live.resource_version() } });
        let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        tracing::info!(kind = %K::kind(&()), object = name, "taking the owner from an object that is to stay");
        let disowned = self.api::<K>().patch(&name, &params, &Patch::Merge(patch)).await;
        disowned.map(|_| self.writes += 1).map_err(|source| self.failed::<K>("disown", &name, source))
    }

    /// Sets the number of pods of `live`, as the field manager that keeps it until an autoscaler changes it. Refused by the
    /// API server if the object is another, or no longer of the `resourceVersion` that `live` has, if it has one: by then the
    /// autoscaler may have decided something else.
    pub(super) async fn scale(&mut self, live: &Deployment, replicas: i32) -> Result<Deployment, Error> {
        let name = live.name_any();
        let patch = serde_json::json!({
            "apiVersion": Deployment::api_version(&()),
            "kind": Deployment::kind(&()),
            "metadata": ObjectMeta {
                name: Some(name.clone()),
                uid: live.uid(),
                resource_version: live.resource_version(),
                ..ObjectMeta::default()
            },
            "spec": { "replicas": replicas },
        });
        let params = PatchParams::apply(SCALER).force();
        tracing::info!(object = name, replicas, "handing the number of pods over to an autoscaler");
        let scaled = self.api::<Deployment>().patch(&name, &params, &Patch::Apply(patch)).await;
        scaled.inspect(|_| self.writes += 1).map_err(|source| self.failed::<Deployment>("scale", &name, source))
    }

    /// Deletes objects. One that is gone, or is another by now, is none of ours.
    pub(super) async fn delete<K: Object>(&mut self, orphans: &[Orphan<K>]) -> Result<(), Error> {
        for Orphan { name, uid, kind: PhantomData } in orphans {
            let preconditions = Preconditions { uid: uid.clone(), resource_version: None };
            let params = DeleteParams::background().preconditions(preconditions);
            tracing::info!(kind = %K::kind(&()), object = name, "deleting an object that is no longer wanted");
            match self.api::<K>().delete(name, &params).await {
                Ok(_) => self.writes += 1,
                Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => {}
                Err(source) => return Err(self.failed::<K>("delete", name, source)),
            }
        }
        Ok(())
    }
}

/// The object of that name.
pub(super) fn find<K: Resource>(objects: &[Arc<K>], name: &str) -> Option<Arc<K>> {
    objects.iter().find(|object| object.meta().name.as_deref() == Some(name)).cloned()
}

/// Has `live` to be written, to be as `desired`?
pub(super) fn differs<K: Object>(desired: &K, live: &K) -> bool {
    drift::has_drifted(&json(desired), &drift::hash(desired), &json(live), applied(live))
}

/// The hash of what was applied last.
fn applied(live: &impl Resource) -> Option<&str> {
    live.annotations().get(APPLIED).map(String::as_str)
}

/// Does an object go with the resource of this uid?
pub(super) fn is_owned(object: &impl Resource, uid: Option<&str>) -> bool {
    object.owner_references().iter().any(|owner| Some(owner.uid.as_str()) == uid)
}

/// What of `live` is owned by `uid`, is not wanted, and is not going yet.
pub(super) fn orphans<K: Object>(uid: Option<&str>, live: &[Arc<K>], wanted: &[K]) -> Vec<Orphan<K>> {
    live.iter()
        .filter(|live| is_owned(&***live, uid))
        .filter(|live| live.meta().deletion_timestamp.is_none())
        .filter(|live| !wanted.iter().any(|wanted| wanted.name_any() == live.name_any()))
        .map(|live| Orphan::of(&**live))
        .collect()
}

pub(super) fn json(object: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(object).expect("objects of Kubernetes are JSON")
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

    use super::*;

    fn config_map(name: &str, owner: Option<&str>) -> ConfigMap {
        let owners = owner.map(|uid| vec![OwnerReference { uid: uid.to_owned(), ..OwnerReference::default() }]);
        let metadata = ObjectMeta { name: Some(name.to_owned()), owner_references: owners, ..ObjectMeta::default() };
        ConfigMap { metadata, ..ConfigMap::default() }
    }

    #[test]
    fn only_what_the_platform_owns_and_no_longer_wants_is_deleted() {
        let live = [
            Arc::new(config_map("wanted", Some("7"))),
            Arc::new(config_map("left-over", Some("7"))),
            Arc::new(config_map("retained", None)),
            Arc::new(config_map("of-another", Some("8"))),
        ];
        let gone = orphans(Some("7"), &live, &[config_map("wanted", None)]);
        assert_eq!(gone.iter().map(|orphan| orphan.name.as_str()).collect::<Vec<_>>(), ["left-over"]);
    }
}
