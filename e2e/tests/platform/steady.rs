//! An operator that leaves alone what is as it should be.

use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};

use crate::audit::Audit;
use crate::platform::{minimal, shown};
use crate::prometheus::Prometheus;
use crate::scene::{Scene, story};
use crate::traces::METRICS;
use crate::wait::settled;
use crate::{environment, memory, objects, operator, panels};

/// Longer than the operator needs for anything that it does of itself after a platform is Ready.
const QUIET: Duration = Duration::from_secs(5);

/// How often the operator looks again, and with `PROVE=1`.
const SAMPLE: u32 = 10;
const ALL: u32 = 100;

/// A certificate that somebody writes themselves, good until 2100. Nobody comes in by it: the operator only tells when it expires.
const CERTIFICATE: &str = include_str!("../../../operator/tests/certificates/valid.pem");
const OWN: &str = "own-certificate";

#[tokio::test]
async fn reconciling_what_has_not_changed_writes_nothing_and_shows_in_the_operators_dashboard() {
    story("steady", async |scene: &Scene| {
        let platform = scene.platform();
        platform.run(&with_own_certificate(scene).await).await;
        memory::print(scene, "at rest").await;
        let before = settled("the platform after it is Ready", QUIET, async || objects::wishes(scene).await).await;
        let user = operator::user(&scene.client).await;
        let audit = environment::audit_log().map(Audit::from_now);
        if audit.is_none() {
            println!("{}: NOT SHOWN: that nothing is written that changes nothing; there is no audit log", scene.namespace);
        }
        let check = async |when: &str| {
            let after = settled(when, QUIET, async || objects::wishes(scene).await).await;
            let changed: Vec<String> = before.symmetric_difference(&after).map(|(named, _)| named.to_string()).collect();
            assert!(changed.is_empty(), "{when}: {} is not as it was", changed.join(", "));
            let writes = audit.as_ref().map(|audit| audit.writes(&user, &scene.namespace)).unwrap_or_default();
            assert!(writes.is_empty(), "{when}: {} writes: {}", writes.len(), writes.join(", "));
        };

        let reconciles = if environment::proves() { ALL } else { SAMPLE };
        for nudge in 1..=reconciles {
            let count = operator::reconciles(&scene.client).await;
            platform.nudge(&nudge.to_string()).await;
            operator::reconciles_beyond(&scene.client, count).await;
        }
        check(&format!("after {reconciles} reconciles")).await;

        // One that remembers nothing has only the cluster to compare with.
        operator::restart(&scene.client).await;
        platform.ready().await;
        check("after a restart of the operator").await;

        // What it sends is what its dashboard and its alerts ask for, and what it shows by itself.
        let prometheus = Prometheus::reading(&scene.client, vec![METRICS.to_owned()]).await;
        // A rate, and so a share or a quantile, is of what happens while Prometheus reads.
        let nudging = async {
            for nudge in 1_u32.. {
                let count = operator::reconciles(&scene.client).await;
                platform.nudge(&format!("seen {nudge}")).await;
                operator::reconciles_beyond(&scene.client, count).await;
            }
        };
        tokio::select! {
            () = panels::show_something(scene, &prometheus, "operator") => {}
            () = nudging => {}
        }
        prometheus.knows_what_rules_ask_of_the_operator().await;
        operator::sends_what_it_shows(&scene.client).await;
    })
    .await;
}

/// A platform with dashboards whose certificate is in a Secret, which is there.
async fn with_own_certificate(scene: &Scene) -> Value {
    let api: Api<Secret> = Api::namespaced(scene.client.clone(), &scene.namespace);
    let secret = json!({ "metadata": { "name": OWN }, "stringData": { "tls.crt": CERTIFICATE, "tls.key": "none" } });
    let secret = serde_json::from_value(secret).expect("a Secret");
    api.create(&PostParams::default(), &secret).await.expect("the API server takes the Secret");
    let mut spec = shown(minimal(scene));
    spec["exposure"]["tls"] = json!({ "secretName": OWN });
    spec
}
