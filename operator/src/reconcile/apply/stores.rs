//! The stores of the platform's own before the gate: what the migration needs is there, and a release that may never come takes
//! nothing from the one that serves.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::Deployment;
use kube::ResourceExt;

use super::writer::find;
use crate::migration::VERSION_LABEL;
use crate::platform::Platform;
use crate::resources::deployment::{image, is_available, is_rolling_out, version};

/// `desired` as it is before the migration: one that runs the platform's own image keeps the image that it has, as the services do.
/// Its pod is replaced by ending it, and who uploads would notice. Everything else is applied at once, such as where its pod may run
/// and the keys that it reads: the migration reads the same ones, and would be refused.
///
/// One that does not answer, nor is about to, keeps nothing once the release is approved: the migration waits for it, and the next image
/// may be what mends it. Before, it waits for somebody like all that runs.
pub(super) fn before_migration(platform: &Platform, mut desired: Deployment, live: &[Arc<Deployment>]) -> Deployment {
    let Some(live) = find(live, &desired.name_any()) else { return desired };
    let is_of_release = image(&desired) == Some(platform.image.as_str());
    let answers = is_available(&live) || is_rolling_out(&live);
    let is_in_use = platform.is_migrated && (answers || !platform.allowance.approved);
    if !is_of_release || !is_in_use {
        return desired;
    }
    if let Some(version) = version(&live) {
        desired.labels_mut().insert(VERSION_LABEL.to_owned(), version.to_owned());
    }
    let pod = desired.spec.as_mut().and_then(|spec| spec.template.spec.as_mut());
    if let (Some(container), Some(image)) = (pod.and_then(|pod| pod.containers.first_mut()), image(&live)) {
        container.image = Some(image.to_owned());
    }
    desired
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::minimal;
    use crate::fixtures::{FixedGenerator, cluster, serving};
    use crate::reconcile::build::build;
    use crate::reconcile::validate::validate;

    /// A platform that was migrated before.
    fn migrated() -> Platform {
        Platform { is_migrated: true, ..validate(&cluster(minimal())).unwrap() }
    }

    fn stores(platform: &Platform) -> Vec<Deployment> {
        build(platform, &FixedGenerator).stores
    }

    /// The stores as they are in the cluster, with so many pods that serve.
    fn live(platform: &Platform, pods: i32) -> Vec<Arc<Deployment>> {
        stores(platform).into_iter().map(|store| Arc::new(Deployment { status: Some(serving(pods)), ..store })).collect()
    }

    /// The same platform, with another release.
    fn next(platform: &Platform) -> Platform {
        Platform { version: "2.0.0".to_owned(), image: "example.org/social-platform:2.0.0".to_owned(), ..platform.clone() }
    }

    /// What is applied before the migration to the next release: PostgreSQL, and the S3 store.
    fn applied(platform: &Platform, live: &[Arc<Deployment>]) -> Vec<Deployment> {
        stores(platform).into_iter().map(|store| before_migration(platform, store, live)).collect()
    }

    #[test]
    fn what_serves_is_as_it_was_before_the_next_release_is_migrated_to() {
        let platform = migrated();
        assert_eq!(applied(&next(&platform), &live(&platform, 1)), stores(&platform));
    }

    #[test]
    fn a_store_that_sleeps_wakes_as_it_was() {
        let platform = migrated();
        let asleep = Platform { hibernated: true, ..platform.clone() };
        assert_eq!(applied(&next(&platform), &live(&asleep, 0)), stores(&platform));
        assert_eq!(applied(&next(&asleep), &live(&platform, 1)), stores(&asleep));
    }

    #[test]
    fn what_is_missing_or_never_served_is_made_as_it_should_be() {
        let platform = migrated();
        assert_eq!(applied(&next(&platform), &[]), stores(&next(&platform)));
        let new = Platform { is_migrated: false, ..platform.clone() };
        assert_eq!(applied(&next(&new), &live(&new, 1)), stores(&next(&new)));
    }

    #[test]
    fn a_store_that_does_not_answer_becomes_the_next_one_as_soon_as_that_is_approved() {
        let platform = migrated();
        let mut next = next(&platform);
        assert_eq!(applied(&next, &live(&platform, 0)), stores(&next));
        next.allowance.approved = false;
        assert_eq!(applied(&next, &live(&platform, 0)), stores(&platform));
    }

    #[test]
    fn where_it_runs_waits_for_nobody() {
        let platform = migrated();
        let mut moved = next(&platform);
        moved.scheduling.node_selector = Some([("disk".to_owned(), "fast".to_owned())].into());
        let kept = Platform { scheduling: moved.scheduling.clone(), ..platform.clone() };
        assert_eq!(applied(&moved, &live(&platform, 1)), stores(&kept));
    }
}
