//! An operator that leaves alone what is as it should be.

use std::time::Duration;

use crate::audit::Audit;
use crate::platform::{minimal, shown};
use crate::prometheus::Prometheus;
use crate::scene::{Scene, story};
use crate::wait::settled;
use crate::{environment, memory, objects, operator, panels};

/// Longer than the operator needs for anything that it does of itself after a platform is Ready.
const QUIET: Duration = Duration::from_secs(5);

/// How often the operator looks again, and with `PROVE=1`.
const SAMPLE: u32 = 10;
const ALL: u32 = 100;

#[tokio::test]
async fn reconciling_what_has_not_changed_writes_nothing_and_shows_in_the_operators_dashboard() {
    story("steady", async |scene: &Scene| {
        let platform = scene.platform();
        platform.run(&shown(minimal(scene))).await;
        memory::print(scene, "at rest").await;
        let before = settled("the platform after it is Ready", QUIET, async || objects::versions(scene).await).await;
        let user = operator::user(&scene.client).await;
        let audit = environment::audit_log().map(Audit::from_now);
        if audit.is_none() {
            println!("{}: there is no audit log, so writes that change nothing are not counted", scene.namespace);
        }
        let check = async |when: &str| {
            let after = settled(when, QUIET, async || objects::versions(scene).await).await;
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

        // What it says of itself is what its dashboard and its alerts ask for. There is no certificate here.
        let prometheus = Prometheus::reading(&scene.client, operator::metrics(&scene.client).await).await;
        panels::show_something(scene, &prometheus, "operator", &["Certificates"]).await;
        prometheus.knows_what_rules_ask_of_the_operator(&["socialplatform_operator_certificate_expiry_seconds"]).await;
    })
    .await;
}
