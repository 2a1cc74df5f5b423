//! When the way in to the services is as the resource says it.

use k8s_openapi::api::apps::v1::Deployment;

use super::Progress;
use crate::components::PUBLIC_URL;
use crate::platform::Platform;

/// Is the way in to `services`, as they are, to be written? Nobody is led to a platform before its first migration. While a later one
/// waits or fails, people come to the release before, and what somebody deletes of their way is made again. It is the only way that
/// the resource knows, so another class or Gateway does not wait; but another URL, such as one that begins with https, does: those
/// services write the one of before into what they sign and send.
pub fn is_open(platform: &Platform, progress: &Progress, services: &[Deployment]) -> bool {
    let know_their_url = || services.iter().all(|service| public_url(service) == Some(platform.url.as_str()));
    progress.is_through() || (platform.is_migrated && know_their_url())
}

fn public_url(service: &Deployment) -> Option<&str> {
    let pod = service.spec.as_ref()?.template.spec.as_ref()?;
    let mut variables = pod.containers.iter().flat_map(|container| container.env.iter().flatten());
    variables.find(|variable| variable.name == PUBLIC_URL)?.value.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::minimal;
    use crate::fixtures::{FixedGenerator, cluster};
    use crate::reconcile::build::build;
    use crate::reconcile::validate::validate;

    #[test]
    fn a_release_that_waits_keeps_the_way_to_the_one_before_and_leads_nobody_to_another_url() {
        let mut platform = Platform { is_migrated: true, ..validate(&cluster(minimal())).unwrap() };
        let services = build(&platform, &FixedGenerator).deployments;
        assert!(is_open(&platform, &Progress::AwaitingApproval, &services));
        assert!(is_open(&platform, &Progress::AwaitingApproval, &services[1..]), "one of them is gone");
        platform.url = "https://social.localhost".to_owned();
        assert!(!is_open(&platform, &Progress::AwaitingApproval, &services));
        assert!(is_open(&platform, &Progress::Migrated, &services));
    }

    #[test]
    fn nobody_is_led_to_a_platform_that_is_not_migrated_yet() {
        let platform = validate(&cluster(minimal())).unwrap();
        assert!(!is_open(&platform, &Progress::Migrating, &[]));
        assert!(is_open(&platform, &Progress::Migrated, &[]));
    }
}
