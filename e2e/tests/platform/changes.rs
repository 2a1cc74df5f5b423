//! A platform whose owner changes their mind about everything that can be changed.

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::runtime::wait::{await_condition, conditions};
use serde_json::{Value, json};

use crate::leftovers;
use crate::objects::{self, Named};
use crate::platform::{Platform, minimal};
use crate::scene::{MANAGER, Scene, story};
use crate::wait::{DEADLINE, eventually};

#[tokio::test]
async fn a_platform_follows_each_change_of_its_resource_and_what_is_no_longer_wanted_goes() {
    story("changes", async |scene: &Scene| {
        let platform = scene.platform();
        platform.run(&with_everything(scene)).await;
        // Kinds that come later than the operator are used without a restart.
        kinds_of_others(scene).await;
        holds(scene, &["HorizontalPodAutoscaler demo-social", "Ingress demo", "PodDisruptionBudget demo-auth"]).await;
        holds(scene, &["PrometheusRule demo-alerts", "ServiceMonitor demo-metrics"]).await;
        is_measured(scene, &platform).await;

        let mut gateway = with_everything(scene);
        gateway["exposure"] = json!({
            "mode": "Gateway",
            "scheme": "HTTP",
            "tls": { "issuerRef": { "name": "nobody" } },
            "gateway": { "parentRefs": [{ "name": "nowhere" }] },
        });
        platform.apply(&gateway).await.expect("a resource with a Gateway is taken");
        // There is no such Gateway, so what lets requests in stays.
        holds(scene, &["Certificate demo", "HTTPRoute demo", "Ingress demo"]).await;

        let refused = platform.apply(&minimal(scene)).await.expect_err("nobody has said how many pods of social are left").to_string();
        assert!(refused.contains("say in replicas how many pods run"), "{refused}");
        let mut smallest = minimal(scene);
        smallest["components"] = json!({ "social": { "replicas": 1 } });
        platform.apply(&smallest).await.expect("the smallest resource is taken");
        for kind in ["Certificate", "HTTPRoute", "HorizontalPodAutoscaler", "PodDisruptionBudget", "PrometheusRule", "ServiceMonitor"] {
            holds_no(scene, kind).await;
        }
        platform.ready().await;
        scene.gateway().serves().await;
        leftovers::are_cleaned_up(scene).await;
        loses_a_password(scene, &platform).await;
        asks_for_a_database(scene).await;
    })
    .await;
}

/// The autoscaler gets what it decides by from the metrics API, and the platform says so.
async fn is_measured(scene: &Scene, platform: &Platform) {
    let autoscalers: Api<HorizontalPodAutoscaler> = Api::namespaced(scene.client.clone(), &scene.namespace);
    let percent = eventually("the autoscaler of social has measured its CPU", async || {
        let autoscaler = autoscalers.get("demo-social").await.map_err(|error| error.to_string())?;
        let status = autoscaler.status.unwrap_or_default();
        // What could not be measured has an entry as well, with nothing in it.
        let metrics = status.current_metrics.iter().flatten();
        let cpu = metrics.filter_map(|metric| metric.resource.as_ref()).find(|resource| resource.name == "cpu");
        cpu.and_then(|cpu| cpu.current.average_utilization).ok_or_else(|| format!("{:?}", status.conditions))
    })
    .await;
    println!("{}: social's pods use {percent} % of the CPU that they ask for", scene.namespace);
    platform.autoscaled().await;
}

/// Somebody deletes the password of the database. There is another then, and PostgreSQL takes it up: the next migration gets in.
async fn loses_a_password(scene: &Scene, platform: &Platform) {
    let before = platform.migrated_by().await;
    let secrets: Api<Secret> = Api::namespaced(scene.client.clone(), &scene.namespace);
    secrets.delete("demo-database", &DeleteParams::default()).await.expect("the Secret can be deleted");
    platform.migrated_anew(before.as_deref()).await;
}

/// Another platform, whose database CloudNativePG would run, if there were more of it than the name of its kind.
async fn asks_for_a_database(scene: &Scene) {
    let mut spec = minimal(scene);
    spec["lifecycle"] = json!({ "hibernated": true });
    spec["database"] = json!({ "mode": "CloudNativePG", "cloudNativePG": { "storage": { "size": "1Gi" } } });
    spec["exposure"] = json!({ "mode": "None" });
    let platform = Platform::named(scene, "another");
    platform.apply(&spec).await.expect("a resource with CloudNativePG is taken");
    holds(scene, &["Cluster another-postgres"]).await;
    platform.delete().await;
}

/// Every kind of object that a platform on a laptop's cluster may have.
fn with_everything(scene: &Scene) -> Value {
    let mut spec = minimal(scene);
    // What this bundle holds vouches for nobody here; it is one that every namespace has.
    spec["trust"] = json!({ "caBundleRef": { "name": "kube-root-ca.crt" } });
    spec["exposure"]["scheme"] = "HTTP".into();
    spec["observability"] = json!({ "dashboards": "Enabled", "alerts": "Enabled", "serviceMonitors": "Enabled" });
    spec["components"] = json!({
        "auth": { "replicas": 2 },
        "social": { "autoscaling": { "minReplicas": 1, "maxReplicas": 2 } },
    });
    spec
}

/// Group, kind and plural.
const KINDS_OF_OTHERS: [(&str, &str, &str); 4] = [
    ("cert-manager.io", "Certificate", "certificates"),
    ("monitoring.coreos.com", "PrometheusRule", "prometheusrules"),
    ("monitoring.coreos.com", "ServiceMonitor", "servicemonitors"),
    ("postgresql.cnpg.io", "Cluster", "clusters"),
];

/// The kinds of others, where they are not installed: their names, and any content.
async fn kinds_of_others(scene: &Scene) {
    let api: Api<CustomResourceDefinition> = Api::all(scene.client.clone());
    for (group, kind, plural) in KINDS_OF_OTHERS {
        let name = format!("{plural}.{group}");
        if api.get_opt(&name).await.expect("CRDs can be read").is_some() {
            continue;
        }
        let schema = json!({ "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } });
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": { "name": name },
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": { "kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List") },
                "versions": [{ "name": "v1", "served": true, "storage": true, "schema": schema }],
            },
        });
        api.patch(&name, &PatchParams::apply(MANAGER), &Patch::Apply(&definition)).await.expect("a CRD can be made");
        let served = tokio::time::timeout(DEADLINE, await_condition(api.clone(), &name, conditions::is_crd_established())).await;
        served.expect("the CRD is accepted").expect("CRDs can be watched");
    }
}

async fn names(scene: &Scene) -> Vec<Named> {
    objects::all(scene).await.into_keys().collect()
}

/// Waits until all of these are there.
async fn holds(scene: &Scene, wanted: &[&str]) {
    eventually(&format!("the namespace holds {}", wanted.join(", ")), async || {
        let names = names(scene).await;
        match wanted.iter().find(|wanted| !names.iter().any(|named| named.to_string() == ***wanted)) {
            None => Ok(()),
            Some(missing) => Err(format!("there is no {missing}")),
        }
    })
    .await;
}

/// Waits until nothing of a kind is there.
async fn holds_no(scene: &Scene, kind: &str) {
    eventually(&format!("the namespace holds no {kind}"), async || match names(scene).await.into_iter().find(|named| named.kind == kind) {
        None => Ok(()),
        Some(named) => Err(format!("there is {named}")),
    })
    .await;
}
