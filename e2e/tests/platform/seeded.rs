//! The platform full of people.

use std::time::Duration;

use tokio::process::Command;

use crate::platform::{observed, shown};
use crate::prometheus::Prometheus;
use crate::scene::{Scene, story};
use crate::traces::{METRICS, SINK};
use crate::{environment, memory, panels, variety};

/// Each has something to show in every panel. The operator's own is looked at in `steady`.
const DASHBOARDS: [&str; 8] = ["auth", "mail", "overview", "photos", "postgresql", "service", "social", "telemetry"];

/// Between two rounds of what people do.
const PAUSE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_seeded_platform_shows_each_person_what_they_may_see_and_is_seen_in_its_dashboards() {
    let Some(seeder) = environment::seeder() else {
        println!("E2E_SEED is not 1, so no platform is seeded");
        return;
    };
    story("seeded", async |scene: &Scene| {
        let mut spec = shown(observed(scene, SINK));
        spec["mail"] = variety::mail();
        scene.platform().run(&spec).await;
        scene.gateway().serves().await;
        variety::do_the_rest(scene, "first").await;

        let mut seed = Command::new(&seeder);
        seed.arg("seed").args(["--url", &environment::gateway(), "--host", &scene.domain()]);
        if let Some(data) = environment::data() {
            seed.arg("--graph").arg(data.join("reed98.edges")).arg("--photos").arg(data.join("photos"));
        }
        if let Some(people) = environment::people() {
            seed.args(["--people", &people]);
        }
        let status = seed.kill_on_drop(true).status().await.unwrap_or_else(|error| panic!("E2E_SEEDER {seeder}: {error}"));
        assert!(status.success(), "the platform is seeded and its checks hold");
        memory::print(scene, "after seeding").await;

        let prometheus = Prometheus::reading(&scene.client, vec![METRICS.to_owned()]).await;
        // A rate, and so a share or a quantile, is of what happens while Prometheus reads.
        let shown = async {
            for dashboard in DASHBOARDS {
                panels::show_something(scene, &prometheus, dashboard).await;
            }
        };
        let happening = async {
            for round in 2_u32.. {
                variety::do_the_rest(scene, &format!("round{round}")).await;
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::select! {
            () = shown => {}
            () = happening => {}
        }
    })
    .await;
}
