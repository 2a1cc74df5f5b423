//! The API server, and what is on it.
//!
//! Resources are what the operator's own program prints, with another name and image: so this need not change when they do.

use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::arguments::Arguments;
use crate::{Failure, Result};

/// Where everything happens.
pub const NAMESPACE: &str = "bench";
/// On every object that the operator writes.
const OURS: &str = "app.kubernetes.io/managed-by";
/// How long the API server may take to serve a new kind.
const SERVED: Duration = Duration::from_secs(60);
/// Requests at once.
const WIDTH: usize = 16;

/// What an operator may write in a namespace: group, version and kind, and its plural.
const KINDS: [(&str, &str, &str, &str); 12] = [
    ("", "v1", "ServiceAccount", "serviceaccounts"),
    ("", "v1", "Secret", "secrets"),
    ("", "v1", "ConfigMap", "configmaps"),
    ("", "v1", "Service", "services"),
    ("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    ("apps", "v1", "Deployment", "deployments"),
    ("batch", "v1", "Job", "jobs"),
    ("batch", "v1", "CronJob", "cronjobs"),
    ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
    ("networking.k8s.io", "v1", "Ingress", "ingresses"),
    ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    ("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
];

/// A cluster with the definitions, the namespace and the Secrets.
pub struct Cluster {
    pub client: Client,
    /// The kind of the platforms.
    pub platforms: ApiResource,
    /// A platform, but for its name.
    sample: Value,
}

/// The name of the n-th platform.
pub fn name(n: usize) -> String {
    format!("p{n:04}")
}

impl Cluster {
    /// Brings the definitions and what platforms refer to.
    pub async fn prepare(arguments: &Arguments) -> Result<Self> {
        if std::env::var_os("KUBECONFIG").is_none() {
            return Err("KUBECONFIG is not set: scripts/bench starts an API server, and says where it is".into());
        }
        let client = Client::try_default().await?;
        let definitions = printed(arguments, &["crd"]).await?;
        let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
        let mut platforms = None;
        for definition in &definitions {
            apply(&crds, definition).await?;
            let spec = &definition["spec"];
            if spec["names"]["kind"] == "SocialPlatform" {
                let kind = GroupVersionKind::gvk(text(&spec["group"])?, text(&spec["versions"][0]["name"])?, "SocialPlatform");
                platforms = Some(ApiResource::from_gvk_with_plural(&kind, text(&spec["names"]["plural"])?));
            }
        }
        let platforms = platforms.ok_or("`operator crd` prints no SocialPlatform")?;

        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
        apply(&Api::<Namespace>::all(client.clone()), &namespace).await?;
        let sample = sample(arguments).await?;
        let cluster = Self { client, platforms, sample };
        cluster.until_served().await?;
        cluster.create_secrets().await?;
        Ok(cluster)
    }

    /// The platforms.
    pub fn api(&self) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), NAMESPACE, &self.platforms)
    }

    /// Creates so many platforms.
    pub async fn create_platforms(&self, count: usize) -> Result<()> {
        let creating = (0..count).map(|n| async move {
            let mut platform = self.sample.clone();
            platform["metadata"] = json!({ "name": name(n), "namespace": NAMESPACE });
            platform["spec"]["domain"] = json!(format!("{}.example.org", name(n)));
            let platform: DynamicObject = serde_json::from_value(platform)?;
            self.api().create(&PostParams::default(), &platform).await?;
            Ok::<_, Failure>(())
        });
        stream::iter(creating).buffer_unordered(WIDTH).try_collect().await
    }

    /// Sets how many replicas a service of a platform has: a change of one field. Answers the spec's new generation.
    pub async fn scale(&self, name: &str, replicas: u32) -> Result<i64> {
        let change = Patch::Merge(json!({ "spec": { "components": { "relation": { "replicas": replicas } } } }));
        let changed = self.api().patch(name, &PatchParams::default(), &change).await?;
        changed.metadata.generation.ok_or_else(|| "the API server counts no generations".into())
    }

    /// How many objects the operator has made.
    pub async fn children(&self) -> Result<usize> {
        let mut count = 0;
        for (group, version, kind, plural) in KINDS {
            let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural);
            let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), NAMESPACE, &resource);
            count += api.list_metadata(&ListParams::default().labels(OURS)).await?.items.len();
        }
        Ok(count)
    }

    async fn until_served(&self) -> Result<()> {
        let deadline = Instant::now() + SERVED;
        while let Err(error) = self.api().list(&ListParams::default().limit(1)).await {
            if Instant::now() > deadline {
                return Err(format!("the API server does not serve SocialPlatforms: {error}").into());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// Those that the sample names: of a database and of a bucket that nobody calls.
    async fn create_secrets(&self) -> Result<()> {
        let spec = &self.sample["spec"];
        let database = json!({ "host": "pg", "port": "5432", "dbname": "app", "user": "app", "password": "word" });
        let store = json!({ "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key" });
        let database = (text(&spec["database"]["external"]["secretRef"]["name"])?, database);
        let store = (text(&spec["objectStore"]["external"]["credentialsSecretRef"]["name"])?, store);
        let secrets: Api<Secret> = Api::namespaced(self.client.clone(), NAMESPACE);
        for (name, values) in [database, store] {
            let metadata = json!({ "name": name, "namespace": NAMESPACE });
            apply(&secrets, &json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": values })).await?;
        }
        Ok(())
    }
}

/// The minimal platform, on storage of others: what it brings itself would have to start before its services are made.
async fn sample(arguments: &Arguments) -> Result<Value> {
    let (mut sample, full) = (example(arguments, "minimal").await?, example(arguments, "full").await?);
    for field in ["database", "objectStore"] {
        sample["spec"][field] = full["spec"][field].clone();
    }
    sample["spec"]["image"] = json!("localhost/social-platform:bench");
    Ok(sample)
}

async fn example(arguments: &Arguments, name: &str) -> Result<Value> {
    let mut documents = printed(arguments, &["example", name]).await?;
    documents.pop().ok_or_else(|| format!("`operator example {name}` prints nothing").into())
}

/// The documents of YAML that the operator's program prints.
async fn printed(arguments: &Arguments, what: &[&str]) -> Result<Vec<Value>> {
    let output = Command::new(&arguments.operator).args(what).kill_on_drop(true).output().await?;
    if !output.status.success() {
        return Err(format!("operator {}: {}", what.join(" "), String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let documents: std::result::Result<Vec<Value>, _> = serde_yaml_ng::Deserializer::from_str(&text).map(Value::deserialize).collect();
    Ok(documents?.into_iter().filter(|document| !document.is_null()).collect())
}

async fn apply<K>(api: &Api<K>, object: &Value) -> Result<()>
where
    K: Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    api.patch(text(&object["metadata"]["name"])?, &PatchParams::apply("bench").force(), &Patch::Apply(object)).await?;
    Ok(())
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().ok_or_else(|| format!("expected a text where {value} is").into())
}
