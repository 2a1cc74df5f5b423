//! The resource under test, as a user applies it.

use std::time::Instant;

use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::runtime::wait::{await_condition, conditions};
use serde_json::{Value, json};

use crate::environment;
use crate::scene::{MANAGER, Scene};
use crate::wait::DEADLINE;

/// The resource's name in every story.
pub const NAME: &str = "demo";

/// One `SocialPlatform`.
pub struct Platform {
    api: Api<DynamicObject>,
    namespace: String,
    name: &'static str,
}

impl Platform {
    /// The platform `demo` of a scene, there or not.
    pub fn new(scene: &Scene) -> Platform {
        Platform::named(scene, NAME)
    }

    /// Another platform of a scene, there or not.
    pub fn named(scene: &Scene, name: &'static str) -> Platform {
        let kind = GroupVersionKind::gvk("socialplatform.dev", "v1alpha1", "SocialPlatform");
        let api = Api::namespaced_with(scene.client.clone(), &scene.namespace, &ApiResource::from_gvk(&kind));
        Platform { api, namespace: scene.namespace.clone(), name }
    }

    /// Applies a resource with this spec, as `kubectl apply --server-side` does.
    pub async fn apply(&self, spec: &Value) -> kube::Result<DynamicObject> {
        let resource = json!({
            "apiVersion": "socialplatform.dev/v1alpha1",
            "kind": "SocialPlatform",
            "metadata": { "name": self.name, "namespace": self.namespace },
            "spec": spec,
        });
        self.api.patch(self.name, &PatchParams::apply(MANAGER), &Patch::Apply(&resource)).await
    }

    /// Applies a good spec, waits for it, and says how long it took.
    pub async fn run(&self, spec: &Value) {
        let start = Instant::now();
        self.apply(spec).await.expect("the API server takes the resource");
        self.ready().await;
        println!("{}: {:.1} s from apply to Ready", self.namespace, start.elapsed().as_secs_f64());
    }

    /// Waits for `Ready` of the newest generation.
    pub async fn ready(&self) {
        self.until("Ready", |platform| is_true(platform, "Ready")).await;
    }

    /// Waits until the passwords and keys that the newest generation asks for are in use, and then until those before are accepted no
    /// more. Each may take as long as anything.
    pub async fn rotated(&self) {
        let reason = |platform: &DynamicObject| newest(platform, "SecretsRotated").map(|condition| condition["reason"].clone());
        let is_switched = |platform: &DynamicObject| reason(platform).is_some_and(|it| it == "OldSecretsAccepted" || it == "Rotated");
        self.until("using other passwords and keys", is_switched).await;
        self.until("SecretsRotated", |platform| is_true(platform, "SecretsRotated")).await;
    }

    /// Waits until the load decides how many pods run.
    pub async fn autoscaled(&self) {
        self.until("Autoscaling", |platform| is_true(platform, "Autoscaling")).await;
    }

    /// The Job that has migrated the database.
    pub async fn migrated_by(&self) -> Option<String> {
        migrated_by(&self.api.get(self.name).await.expect("the platform is there")).map(str::to_owned)
    }

    /// Waits until another Job than this one has migrated the database, and everything serves.
    pub async fn migrated_anew(&self, before: Option<&str>) {
        let is_anew = |platform: &DynamicObject| migrated_by(platform) != before && is_true(platform, "Ready");
        self.until("migrated by another Job", is_anew).await;
    }

    /// Waits until the newest generation is `Stalled`, and answers why.
    pub async fn stalled(&self) -> String {
        let platform = self.until("Stalled", |platform| is_true(platform, "Stalled")).await;
        let why = condition(&platform, "Stalled").and_then(|condition| condition["message"].as_str());
        why.expect("a condition has a message").to_owned()
    }

    /// Waits until a condition of the newest generation is false for this reason, and answers why.
    pub async fn fails(&self, kind: &str, reason: &str) -> String {
        let is_false = |condition: &&Value| condition["status"] == "False" && condition["reason"] == reason;
        let found = |platform: &DynamicObject| newest(platform, kind).filter(is_false).cloned();
        let platform = self.until(reason, |platform| found(platform).is_some()).await;
        let why = found(&platform).and_then(|condition| condition["message"].as_str().map(str::to_owned));
        why.expect("a condition has a message")
    }

    /// Adds an annotation that means nothing, so that the operator looks again.
    pub async fn nudge(&self, value: &str) {
        let nudge = json!({ "metadata": { "annotations": { "socialplatform.dev/nudge": value } } });
        self.api.patch(self.name, &PatchParams::default(), &Patch::Merge(&nudge)).await.expect("the resource can be annotated");
    }

    /// An owner reference to the resource, as its objects have it.
    pub async fn owner(&self) -> Value {
        let uid = self.api.get(self.name).await.expect("the platform is there").metadata.uid;
        json!({ "apiVersion": "socialplatform.dev/v1alpha1", "kind": "SocialPlatform", "name": self.name, "uid": uid, "controller": true })
    }

    /// Deletes the resource and waits until it is gone.
    pub async fn delete(&self) {
        let uid = self.api.get(self.name).await.expect("the platform is there").metadata.uid.expect("what exists has a uid");
        self.api.delete(self.name, &DeleteParams::default()).await.expect("the platform can be deleted");
        let gone = await_condition(self.api.clone(), self.name, conditions::is_deleted(&uid));
        tokio::time::timeout(DEADLINE, gone).await.expect("the platform is deleted in time").expect("platforms can be watched");
    }

    /// The conditions, one a line; for a reader.
    pub async fn conditions(&self) -> String {
        match self.api.get_opt(self.name).await {
            Ok(Some(platform)) => lines(&platform),
            Ok(None) => "there is no platform".into(),
            Err(error) => error.to_string(),
        }
    }

    async fn until(&self, what: &str, test: impl Fn(&DynamicObject) -> bool) -> DynamicObject {
        let holds = |platform: Option<&DynamicObject>| platform.is_some_and(&test);
        let waiting = tokio::time::timeout(DEADLINE, await_condition(self.api.clone(), self.name, holds)).await;
        match waiting {
            Ok(platform) => platform.expect("platforms can be watched").expect("the test asks for one"),
            Err(_) => panic!("after {} s the platform is not {what}:\n{}", DEADLINE.as_secs(), self.conditions().await),
        }
    }
}

/// The smallest resource that runs on a laptop's cluster.
pub fn minimal(scene: &Scene) -> Value {
    json!({
        "version": environment::VERSION,
        "domain": scene.domain(),
        "database": { "mode": "Development", "development": { "image": "localhost/postgres:dev", "storage": "1Gi" } },
        "objectStore": { "mode": "Development", "development": { "storage": "1Gi" } },
        "exposure": { "mode": "Ingress", "ingress": { "className": "traefik" } },
    })
}

/// The same, with its telemetry sent to `endpoint`.
pub fn observed(scene: &Scene, endpoint: &str) -> Value {
    let mut spec = minimal(scene);
    spec["observability"] = json!({ "otlpEndpoint": endpoint });
    spec
}

/// The same, with dashboards.
pub fn shown(mut spec: Value) -> Value {
    spec["observability"]["dashboards"] = json!("Enabled");
    spec
}

fn migrated_by(platform: &DynamicObject) -> Option<&str> {
    platform.data.pointer("/status/migration/job")?.as_str()
}

fn condition<'a>(platform: &'a DynamicObject, kind: &str) -> Option<&'a Value> {
    let conditions = platform.data.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| condition["type"] == kind)
}

/// A condition, if it is of the newest generation.
fn newest<'a>(platform: &'a DynamicObject, kind: &str) -> Option<&'a Value> {
    condition(platform, kind).filter(|condition| condition["observedGeneration"].as_i64() == platform.metadata.generation)
}

/// Whether a condition is true, and of the newest generation: what `kubectl wait --for=condition=…` asks.
fn is_true(platform: &DynamicObject, kind: &str) -> bool {
    newest(platform, kind).is_some_and(|condition| condition["status"] == "True")
}

fn lines(platform: &DynamicObject) -> String {
    let conditions = platform.data.pointer("/status/conditions").and_then(Value::as_array);
    let line = |condition: &Value| {
        let said = |field: &str| condition[field].as_str().unwrap_or_default().to_owned();
        format!("  {}={} {}: {}", said("type"), said("status"), said("reason"), said("message"))
    };
    match conditions {
        Some(conditions) => conditions.iter().map(line).collect::<Vec<_>>().join("\n"),
        None => "  no condition yet".into(),
    }
}
