//! Everything that a namespace holds, whoever made it and however it is labeled.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use kube::Api;
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::discovery::{Discovery, Scope, verbs};

use crate::scene::Scene;

/// What one object is called. Ordered by kind, so that lists read well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// `Deployment`.
    pub kind: String,
    /// `demo-auth`.
    pub name: String,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// Measurements and remarks about objects, not objects that anybody has made.
const REMARKS: [&str; 3] = ["Event", "Lease", "PodMetrics"];

/// What Kubernetes makes of the operator's objects, under names of its own.
pub const MADE_OF_OURS: [&str; 4] = ["EndpointSlice", "Endpoints", "Pod", "ReplicaSet"];

/// Every object of the scene's namespace, of every kind that the cluster can list.
pub async fn all(scene: &Scene) -> BTreeMap<Named, DynamicObject> {
    let discovery = Discovery::new(scene.client.clone()).run_aggregated().await.expect("the API server lists its kinds");
    let mut objects = BTreeMap::new();
    for group in discovery.groups() {
        for (kind, capabilities) in group.recommended_resources() {
            let listed = capabilities.scope == Scope::Namespaced && capabilities.supports_operation(verbs::LIST);
            if listed && !REMARKS.contains(&kind.kind.as_str()) {
                objects.extend(list(scene, &kind).await);
            }
        }
    }
    objects
}

async fn list(scene: &Scene, kind: &ApiResource) -> Vec<(Named, DynamicObject)> {
    let api: Api<DynamicObject> = Api::namespaced_with(scene.client.clone(), &scene.namespace, kind);
    let listed = api.list(&ListParams::default()).await;
    let listed = listed.unwrap_or_else(|error| panic!("every {} can be listed: {error}", kind.kind));
    let named = |object: DynamicObject| {
        let name = object.metadata.name.clone().unwrap_or_default();
        (Named { kind: kind.kind.clone(), name }, object)
    };
    listed.into_iter().map(named).collect()
}

/// What everybody wants of each object but the platform itself: in equal sets nobody has changed anything. What is seen of them is not
/// in it, such as a probe that was answered late, nor what Kubernetes makes of it.
pub async fn wishes(scene: &Scene) -> BTreeSet<(Named, String)> {
    let is_wish = |named: &Named| named.kind != "SocialPlatform" && !MADE_OF_OURS.contains(&named.kind.as_str());
    let children = all(scene).await.into_iter().filter(|(named, _)| is_wish(named));
    children.map(|(named, object)| (named, wish(object))).collect()
}

fn wish(mut object: DynamicObject) -> String {
    object.metadata.resource_version = None;
    object.metadata.managed_fields = None;
    if let Some(fields) = object.data.as_object_mut() {
        fields.remove("status");
    }
    serde_json::to_string(&object).expect("an object has a form in JSON")
}
