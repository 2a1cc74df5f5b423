//! Platforms of every shape come to rest: once they are as they should be, and nothing changes, nothing is written.

use futures::{StreamExt, stream};
use kube::api::DeleteParams;
use operator::crd::SocialPlatform;
use operator::example::{cloud_native_pg, full};
use serde_json::{Value, json};

use crate::harness::{Harness, development, external, secret};
use crate::steady::nothing_is_written;
use crate::{certificate, cloud_native_pg, optional_kinds};

/// How many are looked at at once: each takes some seconds, most of which are waited for.
const AT_ONCE: usize = 3;
const READY: Condition = ("Ready", "True", "AllComponentsAvailable");

/// Type, status and reason.
type Condition = (&'static str, &'static str, &'static str);

/// A kind of platform.
struct Shape {
    /// What its namespace begins with.
    name: &'static str,
    resource: SocialPlatform,
    /// What is said of it once it is ready, and the condition that it has then.
    then: Option<(Value, Condition)>,
}

impl Shape {
    /// Development, with these fields of `spec` instead of its own. The mail server is there for its Secret, whose reads are counted.
    fn of(name: &'static str, spec: Value) -> Self {
        let mut resource = serde_json::to_value(development()).unwrap();
        resource["spec"]["mail"] = json!(full().spec.mail);
        for (field, value) in spec.as_object().unwrap() {
            resource["spec"][field] = value.clone();
        }
        Self { name, resource: serde_json::from_value(resource).unwrap(), then: None }
    }

    fn then(self, spec: Value, becomes: Condition) -> Self {
        Self { then: Some((spec, becomes)), ..self }
    }

    fn all() -> Vec<Self> {
        let ingress = |tls: Value| json!({ "exposure": { "mode": "Ingress", "ingress": {}, "tls": tls } });
        let social = json!({ "autoscaling": { "minReplicas": 2, "maxReplicas": 4 } });
        let asleep = json!({ "lifecycle": { "hibernated": true } });
        let paused = json!({ "lifecycle": { "paused": true } });
        vec![
            Self { name: "external", resource: external(), then: None },
            Self::of("own-tls", ingress(json!({ "secretName": "own" }))),
            Self::of("issued-tls", ingress(json!({ "issuerRef": { "name": "letsencrypt", "kind": "ClusterIssuer" } }))),
            Self::of("gateway", json!({ "exposure": { "mode": "Gateway", "gateway": { "parentRefs": [{ "name": "public" }] } } })),
            Self::of("cloud-native-pg", json!({ "database": cloud_native_pg().spec.database })),
            Self::of(
                "monitors",
                json!({ "observability": { "serviceMonitors": "Enabled", "alerts": "Enabled", "dashboards": "Enabled" } }),
            ),
            Self::of("placed", placed()),
            Self::of("autoscaled", json!({ "components": { "social": social } })),
            Self::of("asleep", json!({ "components": { "social": social } })).then(asleep.clone(), ("Ready", "True", "Hibernated")),
            Self::of("asleep-cnpg", json!({ "database": cloud_native_pg().spec.database })).then(asleep, ("Ready", "True", "Hibernated")),
            Self::of("paused", json!({})).then(paused, ("Paused", "True", "Requested")),
        ]
    }

    /// Makes one, sees that it comes to rest, and deletes it.
    async fn comes_to_rest(self) {
        let harness = Harness::prepare(self.name).await;
        let operator = harness.operate(harness.observed());
        harness.create(&secret("own", &[("tls.crt", certificate::VALID), ("tls.key", "a key")])).await;
        tokio::select! {
            () = self.rests(&harness) => {}
            () = others(&harness) => {}
        }
        harness.api::<SocialPlatform>().delete("demo", &DeleteParams::default()).await.unwrap();
        operator.kill().await;
    }

    async fn rests(&self, harness: &Harness) {
        harness.create(&self.resource).await;
        let (type_, status, reason) = READY;
        harness.wait_for(type_, status, reason).await;
        if let Some((spec, (type_, status, reason))) = &self.then {
            harness.edit::<SocialPlatform>("demo", json!({ "spec": spec })).await;
            harness.wait_for(type_, status, reason).await;
        }
        nothing_is_written(harness, self.name, "demo-smtp").await;
    }
}

/// On some nodes, spread over their zones or not at all, and with overrides.
fn placed() -> Value {
    let tolerations = json!([{ "key": "spot", "operator": "Exists" }]);
    let variable = json!({ "name": "PASSWORD_HASHES_AT_ONCE", "value": "4" });
    let overrides = json!({
        "metadata": { "annotations": { "team": "social" } },
        "spec": { "tolerations": tolerations, "containers": [{ "name": "auth", "env": [variable] }] },
    });
    let zones = json!([{ "topologyKey": "topology.kubernetes.io/zone", "maxSkew": 2, "whenUnsatisfiable": "DoNotSchedule" }]);
    let dedicated = json!([{ "key": "dedicated", "operator": "Exists", "effect": "NoSchedule" }]);
    json!({
        "scheduling": { "nodeSelector": { "disk": "fast" }, "tolerations": dedicated },
        "components": {
            "auth": { "topologySpread": [], "podOverrides": overrides },
            "photo": { "replicas": 2, "topologySpread": zones },
        },
    })
}

/// What other projects' controllers say, as long as somebody waits for it.
async fn others(harness: &Harness) {
    tokio::join!(
        certificate::play(harness.api()),
        cloud_native_pg::play(harness.api(), harness.api()),
        optional_kinds::play(harness.api()),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_of_any_shape_is_not_written_while_nothing_changes() {
    stream::iter(Shape::all()).for_each_concurrent(AT_ONCE, Shape::comes_to_rest).await;
}
