//! A bundle for the Operator Lifecycle Manager, made of what the charts make: the same definitions, the same Deployment, the
//! same rights.

mod descriptors;

use serde::Deserialize;
use serde_json::{Value, json};

use descriptors::owned;

/// The name of the package.
pub const PACKAGE: &str = "social-platform-operator";
/// The only channel so far.
const CHANNEL: &str = "alpha";
/// The oldest Kubernetes that has what the operator asks for; one before it does not know the definitions' `selectableFields`.
const KUBERNETES: &str = "1.30.0";
/// On the pods of an operator that the Lifecycle Manager installs: the namespaces to look after; empty is all.
const TARGET_NAMESPACES: &str = "metadata.annotations['olm.targetNamespaces']";

const SUMMARY: &str = "Runs social platforms: accounts, posts, photos and relations, behind one host name.";
const DESCRIPTION: &str = "\
A `SocialPlatform` becomes Deployments, Services, network policies and the way in, with the migrations of a release run before
its pods are replaced. The operator uses the PostgreSQL, the S3 store, the Gateway or Ingress controller, cert-manager and
Prometheus that the cluster has, and installs none of them; what is missing is told in a condition. For trying it out it runs a
PostgreSQL and an S3 store of its own.

Each pod passes the Pod Security level `restricted`. Upgrades of the operator replace no pod of a platform.";

/// The files of a bundle, each by its path, of the charts' objects and of examples for the definitions among them.
pub fn bundle(manifest: &str) -> Result<Vec<(String, Value)>, String> {
    let mut parts = Parts::default();
    for document in serde_yaml_ng::Deserializer::from_str(manifest) {
        let value = Value::deserialize(document).map_err(|error| format!("it is no YAML: {error}"))?;
        if !value.is_null() {
            parts.take(value);
        }
    }
    let deployment = parts.deployment.take().ok_or("there is no Deployment of the operator: give the objects of both charts")?;
    if let Some(stranger) = parts.examples.iter().find(|object| !parts.defines(object)) {
        return Err(format!("{} is of a kind that a bundle has no place for", title(stranger)));
    }
    let mut files = vec![
        (format!("manifests/{PACKAGE}.clusterserviceversion.yaml"), service_version(&parts, &deployment)?),
        ("metadata/annotations.yaml".to_owned(), annotations()),
    ];
    for definition in &parts.definitions {
        files.push((format!("manifests/{}.yaml", text(&definition["metadata"]["name"])), definition.clone()));
    }
    for object in &parts.others {
        let kind = text(&object["kind"]).to_lowercase();
        files.push((format!("manifests/{}.{kind}.yaml", text(&object["metadata"]["name"])), object.clone()));
    }
    Ok(files)
}

/// The charts' objects, by what becomes of them.
#[derive(Default)]
struct Parts {
    deployment: Option<Value>,
    definitions: Vec<Value>,
    roles: Vec<Value>,
    others: Vec<Value>,
    examples: Vec<Value>,
}

impl Parts {
    fn take(&mut self, mut object: Value) {
        forget_helm(&mut object);
        match text(&object["kind"]) {
            // The Lifecycle Manager makes these itself.
            "Namespace" | "ServiceAccount" | "RoleBinding" => {}
            "CustomResourceDefinition" => self.definitions.push(object),
            "Role" => self.roles.push(object),
            "Deployment" => self.deployment = Some(object),
            "ConfigMap" | "NetworkPolicy" | "PodDisruptionBudget" => self.others.push(object),
            _ => self.examples.push(object),
        }
    }

    fn defines(&self, object: &Value) -> bool {
        self.definitions.iter().any(|definition| {
            let group = text(&definition["spec"]["group"]);
            definition["spec"]["names"]["kind"] == object["kind"] && text(&object["apiVersion"]).split('/').next() == Some(group)
        })
    }

    /// Every rule of every Role: all of them are of the operator's one account.
    fn rules(&self) -> Vec<Value> {
        self.roles.iter().flat_map(|role| list(&role["rules"])).cloned().collect()
    }
}

/// Takes away what is helm's, and the namespace: the bundle is installed into another.
fn forget_helm(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    metadata.remove("namespace");
    for field in ["labels", "annotations"] {
        let Some(entries) = metadata.get_mut(field).and_then(Value::as_object_mut) else { continue };
        entries.retain(|name, value| !name.starts_with("helm.sh/") && *value != "Helm");
        if entries.is_empty() {
            metadata.remove(field);
        }
    }
}

fn service_version(parts: &Parts, deployment: &Value) -> Result<Value, String> {
    let metadata = &deployment["metadata"];
    let version = text(&metadata["labels"]["app.kubernetes.io/version"]);
    let pod = &deployment["spec"]["template"]["spec"];
    let image = text(&pod["containers"][0]["image"]);
    let examples = serde_json::to_string_pretty(&parts.examples).map_err(|error| error.to_string())?;
    let install_modes = ["OwnNamespace", "SingleNamespace", "MultiNamespace", "AllNamespaces"];
    let install_modes = install_modes.map(|mode| json!({ "type": mode, "supported": true }));
    Ok(json!({
        "apiVersion": "operators.coreos.com/v1alpha1",
        "kind": "ClusterServiceVersion",
        "metadata": {
            "name": format!("{PACKAGE}.v{version}"),
            "annotations": {
                "alm-examples": examples,
                "capabilities": "Auto Pilot",
                "categories": "Application Runtime",
                "containerImage": image,
                "description": SUMMARY,
                "operatorframework.io/suggested-namespace": "social-platform",
            },
        },
        "spec": {
            "displayName": "Social platform",
            "description": DESCRIPTION,
            "version": version,
            "maturity": CHANNEL,
            "minKubeVersion": KUBERNETES,
            "keywords": ["social", "photos", "timeline"],
            "provider": { "name": "Social platform" },
            "installModes": install_modes,
            "install": {
                "strategy": "deployment",
                "spec": {
                    "permissions": [{ "serviceAccountName": pod["serviceAccountName"], "rules": parts.rules() }],
                    "deployments": [{ "name": metadata["name"], "label": metadata["labels"], "spec": installed(&deployment["spec"]) }],
                },
            },
            "customresourcedefinitions": { "owned": parts.definitions.iter().map(owned).collect::<Vec<_>>() },
            "relatedImages": [{ "name": "operator", "image": image }],
        },
    }))
}

/// The Deployment as the chart has it, but that the Lifecycle Manager says which namespaces it looks after.
fn installed(spec: &Value) -> Value {
    let mut spec = spec.clone();
    let variables = spec.pointer_mut("/template/spec/containers/0/env").and_then(Value::as_array_mut);
    for variable in variables.into_iter().flatten().filter(|variable| variable["name"] == "WATCH_NAMESPACE") {
        *variable = json!({ "name": "WATCH_NAMESPACE", "valueFrom": { "fieldRef": { "fieldPath": TARGET_NAMESPACES } } });
    }
    spec
}

/// What the tools of the Lifecycle Manager read of the image that holds a bundle.
fn annotations() -> Value {
    let prefix = "operators.operatorframework.io.bundle";
    let values = [
        ("mediatype.v1", "registry+v1"),
        ("manifests.v1", "manifests/"),
        ("metadata.v1", "metadata/"),
        ("package.v1", PACKAGE),
        ("channels.v1", CHANNEL),
        ("channel.default.v1", CHANNEL),
    ];
    let values: serde_json::Map<_, _> = values.map(|(name, value)| (format!("{prefix}.{name}"), Value::from(value))).into_iter().collect();
    json!({ "annotations": values })
}

fn title(object: &Value) -> String {
    format!("{} {}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
